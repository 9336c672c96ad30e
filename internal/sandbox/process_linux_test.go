package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/loadgo/load/internal/sandbox/crowdtest"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	const memory = 256 << 20
	o := attempt(t, Policy{Limits: Limits{Memory: memory}}, "memory=67108864", fmt.Sprint("shared=", memory*2), fmt.Sprint("stack=", memory*2), fmt.Sprint("memory=", memory*2))
	o.want(t, "memory=67108864", permitted)
	if !o.lacks(t, "kernel") {
		o.want(t, fmt.Sprint("shared=", memory*2), refusedBy)
		o.want(t, fmt.Sprint("stack=", memory*2), refusedBy)
	}
	// Out of memory is a fatal error of the runtime.
	assert.Equalf(t, 2, o.state.Code, "state is %v, output:\n%s", o.state, o.text)

	dir := t.TempDir()
	small, big := filepath.Join(dir, "small")+",1000", filepath.Join(dir, "big")+",100000"
	o = attempt(t, Policy{ReadWrite: []string{dir}, Limits: Limits{FileSize: 4096}}, "grow="+small, "grow="+big)
	o.want(t, "grow="+small, permitted)
	o.want(t, "grow="+big, "file too large")
	info, err := os.Stat(filepath.Join(dir, "big"))
	require.NoError(t, err)
	assert.LessOrEqualf(t, info.Size(), int64(4096), "the file has %d bytes", info.Size())

	// Room on the disk beyond the size of a file is none that a limit of sizes covers.
	room := func(mode int, size int) string { return fmt.Sprintf("allocate=%d,%s/room,%d", mode, dir, size) }
	const keepSize, punchHole, zeroRange, unshareRange = 1, 2, 16, 64
	refused := []string{room(keepSize, 100_000), room(zeroRange|keepSize, 100_000), room(unshareRange|keepSize, 100_000), room(keepSize, 100)}
	o = attempt(t, Policy{ReadWrite: []string{dir}, Limits: Limits{FileSize: 4096}}, append(refused, room(0, 4096), room(keepSize|punchHole, 100))...)
	if !o.lacks(t, "kernel") {
		o.wantAll(t, "operation not supported", refused...)
	}
	var disk syscall.Stat_t
	err = syscall.Stat(filepath.Join(dir, "room"), &disk)
	assert.NoErrorf(t, err, "the file has %d blocks", disk.Blocks)
	assert.LessOrEqualf(t, disk.Blocks*512, int64(64<<10), "the file has %d blocks", disk.Blocks)

	o = attempt(t, Policy{ReadOnly: []string{dir}, Limits: Limits{OpenFiles: 3}}, "list="+dir)
	o.want(t, "list="+dir, "too many open files")
}

// TestTooMany: a program that has more processes or threads than it may is ended with all of them,
// also where the user is root, whom the kernel's own limit does not bind.
func TestTooMany(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attempt string
		policy  Policy
		most    int
	}{
		"threads":             {"threads=2000+", Policy{Limits: Limits{Processes: 50}}, 50},
		"processes":           {"brood=200", Policy{Programs: true, Limits: Limits{Processes: 50}}, 50},
		"a fork bomb":         {"bomb", Policy{Programs: true, Limits: Limits{Processes: 50}}, 50},
		"with memory":         {"bomb", Policy{Programs: true, Limits: Limits{Processes: 50, Memory: 1 << 30}}, 50},
		"without a limit":     {fmt.Sprintf("brood=%d", MostProcesses+100), Policy{Programs: true}, MostProcesses},
		"within the limit":    {"threads=20", Policy{Limits: Limits{Processes: 50}}, 0},
		"as many without one": {"threads=200", Policy{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if c.most == MostProcesses {
				crowdtest.Alone(t)
			}
			process, err := Start(Command{Exe: probe(t), Args: []string{"probe", c.attempt}}, c.policy)
			require.NoError(t, err)
			state := process.Wait()
			crowd := process.Crowd()
			if c.most == 0 {
				assert.Nil(t, crowd)
				assert.Equal(t, State{}, state)
				return
			}
			if crowd == nil { // the system's own limit was first, which binds root, too, in a container
				assert.True(t, os.Getuid() != 0 || c.most == MostProcesses)
				return
			}
			assert.Greater(t, crowd.Threads, c.most)
			if process.supervised() {
				// Each of its tasks was allowed one more at most that it had not made yet.
				assert.LessOrEqual(t, crowd.Processes, 2*c.policy.Limits.most()+1)
			}
			eventually(t, func() string {
				if left, _ := (&meter{group: process.Pid()}).members(); len(left) > 0 {
					return fmt.Sprintf("%d of its processes are left", len(left))
				}
				return ""
			})
		})
	}
}

// TestOrphans: what a program has left ends with it, and where the host is the first process of a
// container, or takes the place of one, nothing of it stays in the table of processes.
func TestOrphans(t *testing.T) {
	require.NoError(t, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
	defer func() { assert.NoError(t, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)) }()
	process, err := Start(Command{Exe: probe(t), Args: []string{"probe", "brood=5"}}, Policy{Programs: true})
	require.NoError(t, err)
	m := meter{group: process.Pid()}
	eventually(t, func() string {
		if all, _ := m.members(); len(all) < 6 {
			return fmt.Sprintf("%d processes run", len(all))
		}
		return ""
	})
	process.Kill()
	process.Wait()
	eventually(t, func() string {
		if all, _ := m.members(); len(all) > 0 {
			return fmt.Sprintf("%d processes are left", len(all))
		}
		return ""
	})
}

// startProbe starts a probe whose output nobody reads.
func startProbe(t testing.TB, attempts ...string) *Process {
	t.Helper()
	process, err := Start(Command{Exe: probe(t), Args: append([]string{"probe"}, attempts...)}, Policy{})
	require.NoError(t, err)
	return process
}

func TestWait(t *testing.T) {
	t.Parallel()
	process := startProbe(t, "exit=7")
	assert.Equal(t, "exit status 7", process.Wait().String())
	process.Kill()
	process = startProbe(t, "sleep")
	group, err := syscall.Getpgid(process.Pid())
	require.NoErrorf(t, err, "the process is %d", process.Pid())
	assert.Equalf(t, process.Pid(), group, "the process is %d", process.Pid())
	process.Kill()
	process.Kill()
	assert.Equal(t, "signal: killed", process.Wait().String())
	assert.Errorf(t, syscall.Kill(process.Pid(), 0), "process %d is still there", process.Pid())
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("text"), 0o755))
	f, err := os.Open(text)
	require.NoError(t, err)
	defer f.Close()
	for _, p := range []Policy{{}, {Programs: true}} {
		_, err = Start(Command{Exe: f, Args: []string{"text"}}, p)
		assert.EqualError(t, err, "sandbox: start text: exec format error")
		_, err = Start(Command{Exe: probe(t), Args: []string{"probe"}, Dir: "/not/there"}, p)
		assert.ErrorIs(t, err, os.ErrNotExist)
		_, err = Start(Command{Exe: probe(t), Args: []string{"with\x00zero"}}, p)
		assert.ErrorIsf(t, err, syscall.EINVAL, "%v", syscall.EINVAL)
	}
}

// BenchmarkStart compares the start of a sandboxed program, to its end, with a bare fork and exec.
func BenchmarkStart(b *testing.B) {
	exe := probe(b)
	b.Run("sandbox", func(b *testing.B) {
		for b.Loop() {
			process, err := Start(Command{Exe: exe, Args: []string{"probe"}}, Policy{Limits: Limits{Memory: 1 << 30}})
			require.NoError(b, err)
			process.Wait()
		}
	})
	b.Run("bare", func(b *testing.B) {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		require.NoError(b, err)
		defer null.Close()
		fd := null.Fd()
		for b.Loop() {
			pid, err := syscall.ForkExec(exe.Name(), []string{"probe"}, &syscall.ProcAttr{Files: []uintptr{fd, fd, fd}})
			require.NoError(b, err)
			_, err = syscall.Wait4(pid, nil, 0, nil)
			require.NoError(b, err)
		}
	})
}

// TestNoThread: a running program takes no thread of the host, and where none runs nothing is left.
// It does not run in parallel with others, because it counts threads.
func TestNoThread(t *testing.T) {
	startProbe(t, "ok").Wait()
	before := len(entries(t, "/proc/self/task"))
	var all []*Process
	for range 100 {
		all = append(all, startProbe(t, "sleep"))
	}
	assert.Less(t, len(entries(t, "/proc/self/task")), before+50)
	assert.LessOrEqual(t, startersLeft(), cap(atOnce))
	for _, p := range all {
		p.Kill()
		p.Wait()
	}
	eventually(t, func() string {
		if n := startersLeft(); n > 0 {
			return fmt.Sprintf("%d starters are left", n)
		}
		return ""
	})
}

// startersLeft is how many starters there are, while nothing is started.
func startersLeft() int {
	startersMu.Lock()
	defer startersMu.Unlock()
	return len(idleStarters)
}
