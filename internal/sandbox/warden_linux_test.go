//go:build amd64 || arm64

package sandbox

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// daemons are the attempts that each leave a process behind whose parent has ended.
var daemons = []string{"daemon=plainly", "daemon=session", "daemon=group", "daemon=deaf"}

// TestDaemonsEnd: whatever a program has started, and however that tried to leave it, ends with a
// host that is killed.
func TestDaemonsEnd(t *testing.T) {
	t.Parallel()
	for identity := range identities {
		t.Run(identity, func(t *testing.T) {
			t.Parallel()
			if identity != "its own" && os.Getuid() != 0 {
				t.Skip("only root can be others")
			}
			middle, program := startHost(t, identity, daemons...)
			family := awaitDaemons(t, program)
			killHost(t, middle)
			for _, pid := range family {
				eventually(t, func() string { return alive(pid) })
			}
		})
	}
}

// awaitDaemons returns the processes of a program that tries daemons, once all of them run.
func awaitDaemons(t *testing.T, program int) (family []int) {
	t.Helper()
	m := meter{group: program, programs: true}
	eventually(t, func() string {
		family, _ = m.members()
		running := 0
		for _, pid := range family {
			text, _ := os.ReadFile(processFile(pid, "cmdline"))
			if strings.Contains(string(text), "probe\x00sleep\x00") {
				running++
			}
		}
		if running != len(daemons) {
			return fmt.Sprintf("%d of %d daemons run", running, len(daemons))
		}
		return ""
	})
	return family
}

// TestWardenEnds: a warden ends with its program, however that ends, and stays in nobody's way.
func TestWardenEnds(t *testing.T) {
	t.Parallel()
	exe := probe(t)
	for name, end := range map[string]func(p *Process){
		"by itself":  func(*Process) {},
		"killed":     (*Process).Kill,
		"by another": func(p *Process) { _ = unix.Kill(p.Pid(), unix.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attempts := "sleep"
			if name == "by itself" {
				attempts = "exit=7"
			}
			process, err := Start(Command{Exe: exe, Args: []string{"probe", attempts}}, Policy{Programs: true})
			require.NoError(t, err)
			require.NotZero(t, process.warden)
			end(process)
			process.Wait()
			assert.ErrorIs(t, unix.Kill(int(process.warden), 0), unix.ESRCH)
		})
	}
	_, err := Start(Command{Exe: exe, Args: []string{"probe"}, Dir: "/not/there"}, Policy{Programs: true})
	require.ErrorIs(t, err, os.ErrNotExist)
	process, err := Start(Command{Exe: exe, Args: []string{"probe"}}, Policy{})
	require.NoError(t, err)
	assert.Zero(t, process.warden)
	process.Wait()
}

// TestWardenApart: a warden has no files and nothing of the host's, and its program can neither
// signal it nor wait for it.
func TestWardenApart(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		out, in, err := os.Pipe()
		require.NoError(t, err)
		defer out.Close()
		process, err := start(f, Command{
			Exe: probe(t), Args: []string{"probe", "kill-members", "wait", "sleep"}, Files: []*os.File{nil, in, in},
		}, &Policy{Programs: true})
		in.Close()
		require.NoError(t, err)
		defer process.Kill()
		lines := bufio.NewReader(out)
		killed, err := lines.ReadString('\n')
		require.NoError(t, err)
		if f.seccomp == nil {
			assert.Equal(t, "kill-members: operation not permitted\n", killed)
		}
		waited, err := lines.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "wait: no child processes\n", waited)
		warden := int(process.warden)
		assert.Empty(t, entries(t, processFile(warden, "fd")))
		name, err := os.ReadFile(processFile(warden, "cmdline"))
		require.NoError(t, err)
		assert.Equal(t, wardenName+"\x00", string(name))
		used, err := usedBy(warden)
		require.NoError(t, err)
		assert.Less(t, used.memory, int64(1<<20))
		for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT} {
			require.NoError(t, unix.Kill(warden, signal)) // as a terminal does
		}
		assert.NotEmpty(t, alive(warden))
		assert.NotEmpty(t, alive(process.Pid()))
	})
}

// TestWardenRefused: where a system has no warden to give, the program starts and its isolation
// says what that means.
func TestWardenRefused(t *testing.T) {
	t.Parallel()
	death := func(o outcome) (why string) {
		for _, m := range o.isolation.Measures {
			if m.Name == "death" {
				assert.Equal(t, why == "" && m.Why == "", m.InForce)
				why = m.Why
			}
		}
		return why
	}
	f := detect()
	assert.Empty(t, death(attemptIn(t, f, Command{}, Policy{Programs: true}, "ok")))
	without := f
	without.warden = noWarden(unix.EPERM)
	assert.Contains(t, death(attemptIn(t, without, Command{}, Policy{Programs: true}, "ok")), "outlive a host that is killed: operation not permitted")
	loose := degraded()["no seccomp"]
	assert.Contains(t, death(attemptIn(t, loose, Command{}, Policy{Programs: true}, "ok")), "they can leave their process group")
	assert.Contains(t, f.after(failure{unguarded: unix.ENOMEM}).warden.Error(), "cannot allocate memory")
}
