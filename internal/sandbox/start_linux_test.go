package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	permitted = "ok"
	refusedBy = "operation not permitted"  // seccomp
	forbidden = "permission denied"        // Landlock
	unknown   = "function not implemented" // a call that needs its fallback
)

func TestFiles(t *testing.T) {
	t.Parallel()
	everywhere(t, testFiles)
}

func testFiles(t *testing.T, f features) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("content"), 0o644))
	create := filepath.Join(dir, "new")
	own := fmt.Sprintf("read=/proc/%d/environ", os.Getpid())
	o := attemptIn(t, f, Command{}, Policy{}, "read=/etc/passwd", "list=/", "list=.", "write="+create, "mkdir="+create, "remove="+file, own, "read=/proc/self/environ",
		"truncate="+file, "chmod="+file, "chtimes="+file)
	if !o.lacks(t, "files") {
		for _, argument := range []string{"read=/etc/passwd", "list=/", "list=.", "write=" + create, "mkdir=" + create, "remove=" + file, own, "read=/proc/self/environ"} {
			o.want(t, argument, forbidden)
		}
	}
	if !o.lacks(t, "kernel") {
		o.want(t, "truncate="+file, refusedBy)
		o.want(t, "chmod="+file, refusedBy)
		o.want(t, "chtimes="+file, refusedBy)
	}
	if !o.lacks(t, "files") && !o.lacks(t, "kernel") {
		content, err := os.ReadFile(file)
		assert.NoError(t, err)
		assert.Equal(t, "content", string(content))
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	everywhere(t, testGrants)
}

func testGrants(t *testing.T, f features) {
	readable, writable, other := t.TempDir(), t.TempDir(), t.TempDir()
	for _, dir := range []string{readable, writable, other} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o644))
	}
	o := attemptIn(t, f, Command{}, Policy{ReadOnly: []string{readable}, ReadWrite: []string{writable}},
		"read="+readable+"/file", "list="+readable, "write="+readable+"/new", "remove="+readable+"/file",
		"read="+writable+"/file", "list="+writable, "write="+writable+"/new", "mkdir="+writable+"/dir", "remove="+writable+"/file",
		"read="+other+"/file", "write="+other+"/new", "read=/etc/passwd", "execve="+readable+"/file")
	if o.lacks(t, "files") {
		return
	}
	for _, argument := range []string{
		"read=" + readable + "/file", "list=" + readable,
		"read=" + writable + "/file", "list=" + writable, "write=" + writable + "/new", "mkdir=" + writable + "/dir", "remove=" + writable + "/file",
	} {
		o.want(t, argument, permitted)
	}
	for _, argument := range []string{"write=" + readable + "/new", "remove=" + readable + "/file", "read=" + other + "/file", "write=" + other + "/new", "read=/etc/passwd"} {
		o.want(t, argument, forbidden)
	}
}

func TestGrantsRefused(t *testing.T) {
	t.Parallel()
	if f := detect(); f.landlock == 0 {
		t.Skip(f.noLandlock)
	}
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink("/proc/self", link))
	const grant = "; grant the directories that are needed"
	const kernels = ", whose files are the kernel's" + grant
	for path, want := range map[string]string{
		"/":          ": everything lies below it" + grant,
		"/proc":      ": proc is mounted at /proc" + kernels,
		"/proc/sys":  ": proc is mounted at /proc" + kernels,
		link:         ": proc is mounted at /proc" + kernels,
		"relative":   ": it is not an absolute path",
		"/not/there": ": no such file or directory",
	} {
		_, err := Start(Command{Exe: probe(t), Args: []string{"probe"}}, Policy{ReadOnly: []string{path}})
		assert.EqualError(t, err, "sandbox: grant "+path+want)
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	everywhere(t, testNetwork)
}

func testNetwork(t *testing.T, f features) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	tcp := "tcp=" + listener.Addr().String()
	attempts := []string{
		tcp, "udp=127.0.0.1:9", "listen=127.0.0.1:0", "unix=" + filepath.Join(t.TempDir(), "socket"), "unix=@load-sandbox-test",
		"socket=16", "socket=17", "io_uring",
	}
	o := attemptIn(t, f, Command{}, Policy{}, attempts...)
	if !o.lacks(t, "network") {
		for _, argument := range attempts {
			o.want(t, argument, refusedBy)
		}
	}
	o = attemptIn(t, f, Command{}, Policy{Network: true}, attempts...)
	for _, argument := range attempts[:3] {
		o.want(t, argument, permitted)
	}
	if !o.lacks(t, "kernel") {
		for _, argument := range attempts[3:] {
			o.want(t, argument, refusedBy)
		}
	}
}

func TestPrograms(t *testing.T) {
	t.Parallel()
	everywhere(t, testPrograms)
}

func testPrograms(t *testing.T, f features) {
	self, err := builtProbe()
	require.NoError(t, err)
	limits := Limits{Processes: 200}
	o := attemptIn(t, f, Command{}, Policy{Limits: limits},
		"exec=/bin/true", "exec="+self, "memfd", "fork", "sibling", "newuser", "clone3", "setsid", "setpgid=0", "setpgid=1", "threads=20", "execve=/bin/true", "execve="+self)
	if !o.lacks(t, "processes") {
		for _, argument := range []string{"exec=/bin/true", "exec=" + self, "fork", "execve=/bin/true", "execve=" + self} {
			o.want(t, argument, refusedBy)
		}
	} else if !o.lacks(t, "files") {
		o.want(t, "execve=/bin/true", forbidden)
	}
	if !o.lacks(t, "kernel") {
		for _, argument := range []string{"memfd", "sibling", "newuser", "setsid", "setpgid=0", "setpgid=1"} {
			o.want(t, argument, refusedBy)
		}
		o.want(t, "clone3", unknown)
	}
	o.want(t, "threads=20", permitted)
}

func TestProgramsGranted(t *testing.T) {
	t.Parallel()
	everywhere(t, testProgramsGranted)
}

func testProgramsGranted(t *testing.T, f features) {
	self, err := builtProbe()
	require.NoError(t, err)
	dir := t.TempDir()
	other := filepath.Join(dir, "other")
	_, err = exec.Command("cp", self, other).CombinedOutput()
	require.NoError(t, err)
	o := attemptIn(t, f, Command{}, Policy{Programs: true, ReadOnly: []string{filepath.Dir(self)}},
		"fork", "exec="+self, "command="+self, "exec="+other, "setsid", "newuser", "sibling", "setpgid=0", "execve="+self)
	o.want(t, "fork", permitted)
	o.want(t, "exec="+self, permitted)
	o.want(t, "command="+self, permitted)
	o.want(t, "ok", permitted) // printed by what execve made of it
	if !o.lacks(t, "programs") {
		o.want(t, "exec="+other, forbidden)
	}
	if !o.lacks(t, "kernel") {
		for _, argument := range []string{"setsid", "newuser", "sibling", "setpgid=0"} {
			o.want(t, argument, refusedBy)
		}
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	everywhere(t, testSignals)
}

func testSignals(t *testing.T, f features) {
	host := os.Getpid()
	o := attemptIn(t, f, Command{}, Policy{}, hostThreads("tgkill=%d,%d", "preempt=%d,%d")...)
	if !o.lacks(t, "kernel") {
		for argument := range o.results {
			if strings.HasPrefix(argument, "tgkill=") {
				o.want(t, argument, refusedBy)
			}
		}
	}
	pid := strconv.Itoa(host)
	attempts := []string{"kill=" + pid, "pidfd=" + pid, "ptrace=" + pid, "setowner=" + pid, "prlimit=" + pid, "prlimit=0", "affinity=" + pid, "undeath"}
	o = attemptIn(t, f, Command{}, Policy{}, append(attempts, "keepself")...)
	if !o.lacks(t, "kernel") {
		for _, argument := range attempts {
			o.want(t, argument, refusedBy)
		}
	}
	o.want(t, "keepself", permitted)
	if !o.lacks(t, "signals") {
		o = attemptIn(t, f, Command{}, Policy{}, fmt.Sprintf("preempt=%d,%d", host, host))
		o.want(t, fmt.Sprintf("preempt=%d,%d", host, host), refusedBy)
	}
}

// hostThreads makes an attempt of every format for every thread of this process.
func hostThreads(formats ...string) (attempts []string) {
	entries, _ := os.ReadDir("/proc/self/task")
	for _, e := range entries {
		for _, format := range formats {
			tid, _ := strconv.Atoi(e.Name())
			attempts = append(attempts, fmt.Sprintf(format, os.Getpid(), tid))
		}
	}
	return attempts
}

func TestKernel(t *testing.T) {
	t.Parallel()
	everywhere(t, testKernel)
}

func testKernel(t *testing.T, f features) {
	attempts := []string{"unshare", "chroot", "mount"}
	o := attemptIn(t, f, Command{}, Policy{}, append(attempts, "privileges")...)
	if !o.lacks(t, "kernel") {
		for _, argument := range attempts {
			o.want(t, argument, refusedBy)
		}
	}
	if !o.lacks(t, "privileges") {
		o.want(t, "privileges", "no new privileges 1, capabilities 000000000")
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	everywhere(t, testEnvironment)
}

func testEnvironment(t *testing.T, f features) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	extra, err := os.Open(dir)
	require.NoError(t, err)
	defer extra.Close()
	o := attemptIn(t, f, Command{Dir: dir, Files: []*os.File{extra, nil}}, Policy{}, "environment", "directory", "descriptors")
	o.want(t, "directory", dir)
	got := o.results["descriptors"]
	assert.Equal(t, "0 1 2 3 4", got, "open descriptors")
	assert.Equal(t, State{}, o.state)
	assert.Zero(t, len(o.results["environment"]))
	o = attemptIn(t, f, Command{Env: []string{"A=b"}}, Policy{}, "environment")
	o.want(t, "environment", "A=b")
}

// TestReady: nothing starts before Ready has returned nil.
func TestReady(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		exe, err := os.Open("/proc/self/exe")
		require.NoError(t, err)
		defer exe.Close()
		refused := errors.New("not what it should be")
		p, err := start(f, Command{Exe: exe, Ready: func() error { return refused }}, &Policy{})
		assert.Nil(t, p, "a program that is not ready")
		assert.ErrorIs(t, err, refused, "a program that is not ready")
	})
}
