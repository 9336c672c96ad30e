package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestHostOutOfReach: nothing that /proc has of the host opens to a program, while it is started,
// while it runs, and while others are started.
func TestHostOutOfReach(t *testing.T) {
	t.Parallel()
	memory, err := unix.MemfdCreate("secret", unix.MFD_CLOEXEC)
	require.NoError(t, err)
	defer unix.Close(memory)
	shell := exec.Command("sh") // reads commands from a pipe of the host
	in, err := shell.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, shell.Start())
	defer shell.Wait()
	defer in.Close()
	for name, f := range degraded() {
		for _, p := range []Policy{{}, {ReadOnly: []string{t.TempDir()}}, {Programs: true, Network: true}} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				reach := fmt.Sprintf("reach=%d", os.Getpid())
				o := attemptIn(t, f, Command{}, p, reach, fmt.Sprintf("reach=%d", shell.Process.Pid))
				if f.seccomp == nil && (f.landlock > 0 || (confinement{policy: &p}).withoutFiles()) {
					assert.Equal(t, permitted, o.results[reach], o.text)
				}
			})
		}
	}
}

// TestNoThreadRestricted looks at the threads of the host while programs run.
func TestNoThreadRestricted(t *testing.T) {
	t.Parallel()
	for range 5 {
		process := startProbe(t, "sleep")
		defer process.Kill()
	}
	for _, tid := range entries(t, "/proc/self/task") {
		status, err := os.ReadFile("/proc/self/task/" + tid + "/status")
		if err == nil {
			assert.Contains(t, string(status), "NoNewPrivs:\t0")
			assert.Contains(t, string(status), "Seccomp:\t0")
		}
	}
}

// TestFilterStays: whatever a program asks, its filter answers as before, and it makes no process
// and runs no program.
func TestFilterStays(t *testing.T) {
	t.Parallel()
	self, err := builtProbe()
	require.NoError(t, err)
	attempts := []string{
		"listener", "filter", "strict", "prctl-filter", "prctl=36", "prctl=4", "prctl=35", "prctl=59", "prctl=1499557217", "setuid=1",
		"setsid", "setpgid=0", "execveat=" + self, "fork", "execve=" + self,
	}
	o := attempt(t, Policy{ReadOnly: []string{filepath.Dir(self)}}, attempts...)
	for _, argument := range attempts {
		o.want(t, argument, refusedBy)
	}
	o = attempt(t, Policy{Programs: true, ReadOnly: []string{filepath.Dir(self)}}, attempts...)
	for _, argument := range attempts[:len(attempts)-2] {
		o.want(t, argument, refusedBy)
	}
}

// TestSignalsStayIn: a program signals itself, and nobody else, even by signals that seem harmless.
func TestSignalsStayIn(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		own := []string{"preempt-itself", "find-itself"}
		pid := fmt.Sprint(os.Getpid())
		attempts := append(hostThreads("signal33=%d,%d", "preempt=%d,%d"), "sigqueue="+pid, "tkill="+pid, "kill="+pid, "kill=0", "kill=-1", "kill=-"+pid)
		for _, p := range []Policy{{}, {Programs: true}} {
			o := attemptIn(t, f, Command{}, p, append(attempts, own...)...)
			for _, argument := range own {
				o.want(t, argument, permitted)
			}
			if f.seccomp == nil {
				for _, argument := range attempts {
					o.want(t, argument, refusedBy)
				}
			}
		}
	})
}

// mount mounts procfs in a test that may mount.
func mount(t *testing.T, kind, at string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(at, 0o755))
	require.NoError(t, unix.Mount(kind, at, kind, 0, ""))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(at, unix.MNT_DETACH)) })
}

func mayMount(t *testing.T) {
	t.Helper()
	if err := canMount(); err != nil {
		t.Skip(err)
	}
}

// TestKernelMountsRefused: what holds, at any depth and by any name, files of the kernel is not
// granted.
func TestKernelMountsRefused(t *testing.T) {
	mayMount(t)
	for _, kind := range []string{"proc", "sysfs", "devtmpfs", "cgroup2"} {
		dir := t.TempDir()
		deep := filepath.Join(dir, "with space", "below", kind)
		mount(t, kind, deep)
		alias := t.TempDir()
		require.NoError(t, unix.Mount(dir, alias, "", unix.MS_BIND, "")) // the same directory, without the mount
		t.Cleanup(func() { assert.NoError(t, unix.Unmount(alias, unix.MNT_DETACH)) })
		for _, path := range []string{dir, filepath.Dir(deep), deep, alias} {
			for _, p := range []Policy{{ReadOnly: []string{path}}, {ReadWrite: []string{path}}} {
				_, err := Start(Command{Exe: probe(t), Args: []string{"probe"}}, p)
				assert.ErrorContains(t, err, fmt.Sprintf("sandbox: grant %s: %s is mounted at", path, kind))
				assert.ErrorContains(t, err, "whose files are the kernel's; grant the directories that are needed")
			}
		}
		beside := filepath.Join(dir, "beside")
		require.NoError(t, os.Mkdir(beside, 0o755))
		o := attempt(t, Policy{ReadOnly: []string{beside}}, "list="+beside)
		o.want(t, "list="+beside, permitted)
	}
}

// TestLaterMounts: what is mounted below a granted directory while a program runs is not there for
// it.
func TestLaterMounts(t *testing.T) {
	mayMount(t)
	dir := t.TempDir()
	release, hold, err := os.Pipe()
	require.NoError(t, err)
	defer hold.Close()
	out, in, err := os.Pipe()
	require.NoError(t, err)
	defer out.Close()
	below := filepath.Join(dir, "proc")
	process, err := Start(Command{
		Exe: probe(t), Files: []*os.File{nil, in, in, release},
		Args: []string{
			"probe", "await", "read=" + below + "/self/status", "read=" + below + "/sys/kernel/core_pattern",
			fmt.Sprintf("environment-of=%s/%d", below, os.Getpid()), "list=" + dir,
		},
	}, Policy{ReadWrite: []string{dir}})
	release.Close()
	in.Close()
	require.NoError(t, err)
	mount(t, "proc", below)
	_, err = hold.Write([]byte("x"))
	require.NoError(t, err)
	process.Wait()
	text := make([]byte, 4096)
	n, _ := out.Read(text)
	lines := strings.Split(strings.TrimSpace(string(text[:n])), "\n")
	require.Len(t, lines, 5, string(text[:n]))
	for _, line := range lines[1:4] {
		assert.True(t, strings.HasSuffix(line, "no such file or directory"), line)
	}
	assert.Equal(t, "list="+dir+": ok", lines[4])
	for _, m := range process.Isolation().Measures {
		if m.Name == "files" {
			assert.Empty(t, m.Why)
		}
	}
}

// TestProcessesUnread: a program learns nothing of the files and locks of other processes, also
// where the filter alone keeps it from files.
func TestProcessesUnread(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		host := fmt.Sprintf("/proc/%d/", os.Getpid())
		links := []string{"readlink=" + host + "cwd", "readlink=" + host + "exe", "readlink=" + host + "fd/0", "chdir=" + host + "cwd"}
		o := attemptIn(t, f, Command{}, Policy{}, append(links, fmt.Sprintf("robust-list=%d", os.Getpid()), "aio")...)
		if !o.lacks(t, "files") {
			o.wantAll(t, forbidden, links...)
		}
		if !o.lacks(t, "kernel") {
			o.wantAll(t, refusedBy, fmt.Sprintf("robust-list=%d", os.Getpid()), "aio")
		}
	})
}

// TestNoCore: a program that crashes starts no handler of core files, which the limit 0 would let
// run.
func TestNoCore(t *testing.T) {
	t.Parallel()
	var own unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_CORE, &own))
	want := min(1, own.Max)
	o := attempt(t, Policy{}, "limit=4")
	o.want(t, "limit=4", fmt.Sprintf("%d of %d", want, want))
}

// TestOtherClocks: a program reads no other process's use of the processor, and attaches no timers
// to it, which that process would have to look after.
func TestOtherClocks(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		calls := []string{"clock", "clock-resolution", "timer", "clock-sleep"}
		host := ^os.Getpid() << 3
		var refused, allowed []string
		for _, kind := range []int{0, 1, 2, 6} { // of the process: profiling, virtual, all; of the thread
			refused = append(refused, of(fmt.Sprint(host|kind), calls...)...)
		}
		refused = append(refused, of(fmt.Sprint(uint32(host|2)), calls[:3]...)...)
		for _, own := range []int{unix.CLOCK_MONOTONIC, unix.CLOCK_PROCESS_CPUTIME_ID, unix.CLOCK_THREAD_CPUTIME_ID, ^0<<3 | 2} {
			allowed = append(allowed, of(fmt.Sprint(own), calls[:3]...)...)
		}
		for _, p := range []Policy{{}, {Programs: true}} {
			o := attemptIn(t, f, Command{}, p, append(allowed, refused...)...)
			o.wantAll(t, permitted, allowed...)
			if !o.lacks(t, "kernel") {
				o.wantAll(t, refusedBy, refused...)
			}
		}
	})
}

// TestRulesets: a program adds no Landlock rules, which are memory of the kernel that nothing
// counts.
func TestRulesets(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		for _, p := range []Policy{{}, {Programs: true}, {Limits: Limits{Memory: 1 << 30}}} {
			o := attemptIn(t, f, Command{}, p, "rules=1")
			if !o.lacks(t, "kernel") {
				o.want(t, "rules=1", refusedBy)
			}
		}
	})
}
