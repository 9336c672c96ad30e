//go:build amd64 || arm64

package sandbox

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/loadgo/load/engine"
)

const trialArgument = "trial-of-a-sandbox"

// refusals are systems, such as some containers, that refuse what they say they have.
var refusals = map[string]rule{
	"nothing":      {unix.SYS_KEXEC_LOAD, verdict(deny(unix.EPERM))},
	"landlock":     {unix.SYS_LANDLOCK_RESTRICT_SELF, verdict(deny(unix.EPERM))},
	"seccomp":      {unix.SYS_SECCOMP, oneOf(0, []uint32{unix.SECCOMP_SET_MODE_FILTER}, deny(unix.EPERM), allow)},
	"capabilities": {unix.SYS_CAPSET, verdict(deny(unix.EPERM))},
	"death signal": {unix.SYS_PRCTL, oneOf(0, []uint32{unix.PR_SET_PDEATHSIG}, deny(unix.EPERM), allow)},
	"limits":       {unix.SYS_PRLIMIT64, verdict(deny(unix.EPERM))},
	"start":        {unix.SYS_EXECVEAT, verdict(deny(unix.EACCES))},
}

// enter restricts this process by a filter, and returns its listener where the flags ask for one.
func enter(flags uintptr, rules ...rule) (listener int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f := assemble(auditArch, lastCall, rules)
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, err
	}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags|unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// trial is a process whose system refuses something: it prints what Try says, and whether a start
// of the program at path fails.
func trial(refusal, path string) {
	features := detect()
	if _, err := enter(0, refusals[refusal]); err != nil {
		panic(err)
	}
	exe, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	process, err := start(features, Command{Exe: exe, Args: []string{"probe"}}, &Policy{})
	if err == nil {
		process.Wait()
	}
	out := struct {
		Isolation engine.Isolation
		Fails     bool
	}{Try(Policy{}), err != nil}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		panic(err)
	}
}

// TestTry: what is said to be in force is what a start would have, and where it fails that is
// nothing.
func TestTry(t *testing.T) {
	t.Parallel()
	path, err := builtProbe()
	require.NoError(t, err)
	for refusal := range refusals {
		t.Run(refusal, func(t *testing.T) {
			t.Parallel()
			text, err := exec.Command(os.Args[0], trialArgument, refusal, path).Output()
			require.NoError(t, err)
			var out struct {
				Isolation engine.Isolation
				Fails     bool
			}
			require.NoError(t, json.Unmarshal(text, &out), "%s", text)
			assert.Equal(t, refusal != "nothing", out.Fails, "a start")
			if !out.Fails {
				assert.Equal(t, Probe(Policy{}), out.Isolation)
				return
			}
			assert.Equal(t, "none", out.Isolation.Level)
			for _, m := range out.Isolation.Measures {
				assert.False(t, m.InForce, m.Name)
				assert.Contains(t, m.Why, "a program cannot be started: ")
			}
			assert.NotEmpty(t, Missing(out.Isolation))
		})
	}
}

// TestTryGrants: a grant that a start refuses is told, too.
func TestTryGrants(t *testing.T) {
	t.Parallel()
	if f := detect(); f.landlock == 0 {
		t.Skip(f.noLandlock)
	}
	i := Try(Policy{ReadOnly: []string{"/not/there"}})
	assert.Equal(t, "none", i.Level)
	assert.Contains(t, i.Measures[0].Why, "/not/there")
	assert.Equal(t, Probe(Policy{ReadOnly: []string{t.TempDir()}}), Try(Policy{ReadOnly: []string{t.TempDir()}}))
	assert.Equal(t, "none", Unavailable(Policy{}, errors.New("so")).Level)
}
