//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/loadgo/load/engine"
)

const situationArgument = "situation-of-a-sandbox"

// situations are what hosts may find themselves in; listener is a socket for what a supervisor
// needs.
var situations = map[string]func(listener int) error{
	"no proc": func(int) error { return unix.Mount("none", "/proc", "tmpfs", 0, "") },
	"hidden processes": func(int) error {
		if err := unix.Mount("none", "/proc", "proc", 0, "hidepid=2"); err != nil {
			return err
		}
		return errors.Join(syscall.Setgroups(nil), syscall.Setgid(65534), syscall.Setuid(65534))
	},
	"no mounts of its own": func(int) error {
		_, err := enter(0, rule{unix.SYS_UNSHARE, verdict(deny(unix.EPERM))})
		return err
	},
	"supervised": func(listener int) error {
		ask := verdict(unix.SECCOMP_RET_USER_NOTIF)
		fd, err := enter(listening, rule{unix.SYS_SETPGID, ask}, rule{unix.SYS_EXECVEAT, ask}, rule{unix.SYS_UNSHARE, ask})
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendmsg(listener, []byte("x"), unix.UnixRights(fd), nil, 0)
	},
}

// told is what a process in a situation tells of a policy.
type told struct {
	Probed, Tried, Started engine.Isolation
	Failed, Result         string
}

// situated is a process in a situation: it tells what comes of each policy when it starts the
// program at path.
func situated(name, path string, policies string) {
	exe, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		panic(err)
	}
	if err := situations[name](3); err != nil {
		panic(err)
	}
	var list []Policy
	if err := json.Unmarshal([]byte(policies), &list); err != nil {
		panic(err)
	}
	for _, p := range list {
		out, in, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		of := told{Probed: Probe(p), Tried: Try(p)}
		process, err := Start(Command{Exe: exe, Args: []string{"probe", "fork", "execveat=" + path, "listener", "read=/etc/passwd"}, Files: []*os.File{nil, in, in}}, p)
		in.Close()
		if err != nil {
			of.Failed = err.Error()
		} else {
			text, _ := io.ReadAll(out)
			of.Result, of.Started = string(text), process.Isolation()
		}
		if err := json.NewEncoder(os.Stdout).Encode(of); err != nil {
			panic(err)
		}
	}
}

// inSituation returns what a process in a situation tells of policies.
func inSituation(t *testing.T, name string, policies ...Policy) []told {
	t.Helper()
	mayMount(t)
	path, err := builtProbe()
	require.NoError(t, err)
	list, err := json.Marshal(policies)
	require.NoError(t, err)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "listener")
	defer theirs.Close()
	cmd := exec.Command(os.Args[0], situationArgument, name, path, string(list))
	cmd.Stderr, cmd.ExtraFiles = os.Stderr, []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	theirs.Close()
	if name == "supervised" {
		go supervise(received(t, pair[0]))
	}
	var all []told
	for d := json.NewDecoder(out); ; {
		var of told
		if d.Decode(&of) != nil {
			break
		}
		all = append(all, of)
	}
	require.NoError(t, cmd.Wait())
	require.Len(t, all, len(policies))
	return all
}

// received returns the descriptor that comes by a socket.
func received(t *testing.T, socket int) int {
	t.Helper()
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
	require.NoError(t, err)
	messages, err := unix.ParseSocketControlMessage(control[:n])
	require.NoError(t, err)
	require.Len(t, messages, 1)
	fds, err := unix.ParseUnixRights(&messages[0])
	require.NoError(t, err)
	return fds[0]
}

const listening = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH

func control(fd int, request uintptr, argument []byte) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(&argument[0])))
	return errno
}

// supervise lets every call through that a filter asks about, until there are no processes left
// that have it.
func supervise(listener int) {
	defer unix.Close(listener)
	const receive, send, goOn = 0xc0502100, 0xc0182101, 1
	for {
		var call [80]byte
		if errno := control(listener, receive, call[:]); errno != 0 {
			if errno == unix.EINTR {
				continue
			}
			return
		}
		var reply [24]byte
		copy(reply[:8], call[:8])
		binary.NativeEndian.PutUint32(reply[20:], goOn)
		_ = control(listener, send, reply[:]) // who asked may be gone
	}
}

// TestWithoutProc: a host that has no /proc starts programs without files, and is told what it
// needs for others.
func TestWithoutProc(t *testing.T) {
	t.Parallel()
	all := inSituation(t, "no proc", Policy{}, Policy{ReadOnly: []string{t.TempDir()}}, Policy{Limits: Limits{Memory: 1 << 30}}, Policy{Programs: true}, Policy{Limits: Limits{Processes: 50}})
	require.Empty(t, all[0].Failed)
	assert.Equal(t, all[0].Started, all[0].Tried)
	assert.Equal(t, all[0].Started, all[0].Probed)
	assert.Contains(t, all[0].Result, "fork: "+refusedBy)
	for _, of := range all[3:] {
		require.Empty(t, of.Failed)
		assert.Equal(t, of.Started, of.Tried)
		wantUncounted(t, of.Started, "status: no such file or directory; mount /proc")
	}
	const cannot = "what is mounted cannot be listed: open /proc/self/mountinfo: no such file or directory; mount /proc"
	if detect().landlock > 0 {
		assert.Contains(t, all[1].Failed, cannot)
		assert.Equal(t, "none", all[1].Tried.Level)
		assert.Contains(t, all[1].Tried.Measures[0].Why, cannot)
	}
	require.Empty(t, all[2].Failed)
	assert.Equal(t, all[2].Started, all[2].Tried)
	assert.Equal(t, "memory", all[2].Started.Measures[5].Name)
	assert.False(t, all[2].Started.Measures[5].InForce)
	assert.Contains(t, all[2].Started.Measures[5].Why, "; mount /proc")
}

// TestMountsRefused: where the host has the capability but may not use it, its programs run, and
// what is said of them is so, before and after the start.
func TestMountsRefused(t *testing.T) {
	t.Parallel()
	all := inSituation(t, "no mounts of its own", Policy{}, Policy{ReadOnly: []string{t.TempDir()}}, Policy{ReadWrite: []string{t.TempDir()}})
	require.Empty(t, all[0].Failed)
	assert.Equal(t, all[0].Started, all[0].Tried)
	for _, of := range all[1:] {
		require.Empty(t, of.Failed)
		assert.Equal(t, of.Started, of.Tried)
		assert.Contains(t, of.Tried.Measures[0].Why, "separate mounts: operation not permitted")
		assert.Contains(t, of.Result, "read=/etc/passwd: open /etc/passwd: "+forbidden)
	}
}

// TestSupervised: the filter of a host that has a supervisor of its own changes nothing for its
// programs.
func TestSupervised(t *testing.T) {
	t.Parallel()
	for _, of := range inSituation(t, "supervised", Policy{}, Policy{ReadOnly: []string{t.TempDir()}}, Policy{Limits: Limits{Memory: 1 << 30}}) {
		require.Empty(t, of.Failed)
		assert.Equal(t, of.Started, of.Tried)
		assert.Equal(t, of.Started, of.Probed)
		for _, attempt := range []string{"fork: ", "listener: "} {
			assert.Contains(t, of.Result, attempt+refusedBy)
		}
	}
	// The kernel lets a process have one listener: the number of processes is counted.
	of := inSituation(t, "supervised", Policy{Programs: true, Limits: Limits{Processes: 50}})[0]
	require.Empty(t, of.Failed)
	assert.Equal(t, of.Started, of.Tried)
	assert.Contains(t, of.Started.Measures, engine.Measure{Name: "processes", How: "counted", Granted: true})
	assert.Contains(t, of.Probed.Measures, engine.Measure{Name: "processes", How: "supervised", Granted: true})
	assert.Contains(t, of.Result, "fork: "+permitted)
	assert.Contains(t, of.Result, "listener: "+refusedBy)
}

// TestHiddenProcesses: where /proc hides from the host what its programs start, their limits are
// not said to be in force.
func TestHiddenProcesses(t *testing.T) {
	t.Parallel()
	all := inSituation(t, "hidden processes", Policy{Limits: Limits{Processes: 50}}, Policy{Programs: true}, Policy{Programs: true, Limits: Limits{Memory: 1 << 30}})
	for _, of := range all {
		require.Empty(t, of.Failed)
		assert.Equal(t, of.Started, of.Probed)
	}
	assert.True(t, all[0].Started.Measures[3].InForce)
	const hides = "/proc hides processes; mount it without hidepid, or give the host CAP_SYS_PTRACE"
	wantUncounted(t, all[1].Started, hides)
	wantUncounted(t, all[2].Started, hides)
	assert.False(t, all[2].Started.Measures[5].InForce)
	assert.Contains(t, all[2].Started.Measures[5].Why, hides)
}

// wantUncounted checks that the number of processes is not said to be kept, and why.
func wantUncounted(t *testing.T, i engine.Isolation, why string) {
	t.Helper()
	m := i.Measures[3]
	assert.Equal(t, "processes", m.Name)
	assert.False(t, m.InForce || m.Granted)
	assert.Contains(t, m.Why, why)
	assert.Equal(t, "partial", i.Level)
}
