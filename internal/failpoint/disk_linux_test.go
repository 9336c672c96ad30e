package failpoint_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// insideEnv is set in a process that has mounts of its own.
const insideEnv = "FAILPOINT_TEST_INSIDE"

// inside reports whether this process may mount file systems. Where it may not, it runs the test
// again in one that may, which has a user and a mount namespace of its own.
func inside(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideEnv) != "" {
		require.NoError(t, syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
		return true
	}
	build(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var status *exec.ExitError
	switch {
	case errors.As(err, &status):
		t.Errorf("%v\n%s", err, out)
	case err != nil:
		t.Skip("a process cannot have mounts of its own here: ", err)
	}
	return false
}

// mount puts a small file system in the place of a directory, which is made where it is not there.
func mount(t *testing.T, dir string, kib int) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk,mode=700", kib)))
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// fill leaves so many KiB of a mounted file system free.
func fill(t *testing.T, dir string, kib int) (empty func()) {
	t.Helper()
	var stat syscall.Statfs_t
	require.NoError(t, syscall.Statfs(dir, &stat))
	name := filepath.Join(dir, "filler")
	require.NoError(t, os.WriteFile(name, make([]byte, max(0, int64(stat.Bavail)*stat.Bsize-int64(kib)<<10)), 0o600))
	return func() {
		require.NoError(t, os.Remove(name))
	}
}

// TestFullDisk runs commands with ever more room on the store's disk, until there is enough. Each
// time they say that the disk is full and what to do about it, leave nothing half done, and work
// once there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if !inside(t) {
		return
	}
	_, thorough := os.LookupEnv("LOAD_CRASH")
	load, env := build(t), environment(t)
	for _, name := range []string{"install", "source", "compile", "evict", "native"} {
		sc := scenarios[name]
		if sc.slow && !thorough {
			continue
		}
		t.Run(name, func(t *testing.T) {
			enough, plain := false, []string(nil)
			step := 12
			if sc.slow {
				step = 1000
			}
			for room := 0; !enough; room += step {
				m := newMachineAt(t, load, env, sc, func(m *machine) { mount(t, m.store, 16<<10) })
				if plain == nil {
					m.trace(t)
					plain = m.files(t)
					continue
				}
				empty := fill(t, m.store, room)
				out, err := m.run(t, m.last())
				enough = err == nil
				if enough {
					m.check(t, "with enough room", out, err)
				} else if said := err.Error(); !strings.Contains(said, "no space left on device") || !strings.Contains(said, "run `load gc`") || !strings.Contains(said, m.store) {
					t.Errorf("with %d KiB: %v", room, err)
				}
				empty()
				m.verify(t, fmt.Sprintf("with %d KiB", room))
				left, _ := os.ReadDir(filepath.Join(m.store, "tmp"))
				assert.Zerof(t, len(left), "with %d KiB: left in tmp", room)
				out, err = m.run(t, m.last())
				m.check(t, "with room again", out, err)
				m.verify(t, "after that")
				got := m.files(t)
				assert.Equalf(t, plain, got, "with room again the store has %v and lacks %v", diff(got, plain), diff(plain, got))
			}
		})
	}
}

// TestFullDiskOfLockFile: a lock file that cannot be written stays as it was.
func TestFullDiskOfLockFile(t *testing.T) {
	t.Parallel()
	if !inside(t) {
		return
	}
	sc := scenario{commands: [][]string{{"lock", "example.com/hello"}, {"lock", "example.com/words"}}, want: "example.com/words v1.0.0\n"}
	m := newMachineAt(t, build(t), environment(t), sc, func(m *machine) { mount(t, m.work, 64) })
	file := filepath.Join(m.work, "load.lock")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	empty := fill(t, m.work, 0)
	_, err = m.run(t, m.last())
	want := "load.lock: " + file + " cannot be written: no space left on device\n\tfree space on its disk; it is as it was\n"
	require.Errorf(t, err, "got  %v\nwant %s", err, want)
	assert.Truef(t, strings.HasSuffix(err.Error(), want), "got  %v\nwant %s", err, want)
	after, err := os.ReadFile(file)
	assert.NoError(t, err)
	assert.Equal(t, string(before), string(after))
	empty()
	out, err := m.run(t, m.last())
	m.check(t, "with room again", out, err)
	m.verify(t, "after that")
	left, err := os.ReadDir(m.work)
	assert.NoError(t, err, "left beside the lock file")
	assert.Len(t, left, 1, "left beside the lock file")
}

// TestDevices has the store, the temporary files, the home directory and the lock file on a disk
// each.
func TestDevices(t *testing.T) {
	t.Parallel()
	if !inside(t) {
		return
	}
	load, env := build(t), environment(t)
	for name, sc := range scenarios {
		if sc.slow && name != "native" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			m := newMachineAt(t, load, env, sc, func(m *machine) {
				for _, dir := range []string{m.store, m.work, m.home(), m.temp()} {
					mount(t, dir, 64<<10)
				}
			})
			out, err := m.run(t, m.last())
			m.check(t, "on four disks", out, err)
			m.verify(t, "after that")
		})
	}
}

// TestReadOnlyStore: what is in a store that nobody can write to runs, in every engine, also with a
// frozen lock file; what is not there is an error that tells why. LOAD_CRASH adds the engine that
// takes long to compile.
func TestReadOnlyStore(t *testing.T) {
	t.Parallel()
	if !inside(t) {
		return
	}
	const hello, rules, call = "example.com/hello", "$RULES//tax?ref=v1.0.0", `Hello("you")`
	m := newMachineAt(t, build(t), environment(t), scenario{commands: [][]string{
		{"lock", hello, rules}, {"eval", hello, call}, {"eval", rules, "price(100)"}, {"version"},
	}}, func(m *machine) { mount(t, m.store, 256<<10) })
	runs := []struct {
		want string
		args []string
	}{
		{"hello, you\n", []string{"eval", "-frozen", hello, call}},
		{"107\n", []string{"eval", "-frozen", rules, "price(100)"}},
	}
	if _, thorough := os.LookupEnv("LOAD_CRASH"); thorough {
		wasm := []string{"eval", "-engine", "gowasm", hello, call}
		_, err := m.run(t, wasm)
		require.NoError(t, err)
		runs = append(runs, runs[0])
		runs[2].args = wasm
	}
	require.NoError(t, syscall.Mount("", m.store, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	for _, r := range runs {
		out, err := m.run(t, r.args)
		assert.NoError(t, err)
		assert.Equal(t, r.want, out)
	}
	_, err := m.run(t, []string{"verify"})
	assert.NoError(t, err)
	for _, args := range [][]string{{"lock", "example.com/words"}, {"eval", "$RULES//other.star", "x"}, {"gc"}, {"rm", hello}} {
		_, err := m.run(t, args)
		assert.ErrorContainsf(t, err, "store: write "+m.store+"/", "%v", args)
		assert.Containsf(t, err.Error(), ": read-only file system\n\tset LOAD_DIR to a directory of your own\n", "%v", args)
	}
}
