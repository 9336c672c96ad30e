package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/loadgo/load/internal/prompt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// typist sits at a pseudo-terminal.
type typist struct {
	t    *testing.T
	ctrl *os.File
	mu   sync.Mutex
	seen string // since the last expect
	all  string

	patience time.Duration // with what is expected
}

// openTerminal returns a typist and the terminal.
func openTerminal(t *testing.T) (*typist, *os.File) {
	t.Helper()
	ctrl, tty, err := pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() { _ = ctrl.Close() })
	require.NoError(t, pty.Setsize(ctrl, &pty.Winsize{Rows: 40, Cols: 100}))
	p := &typist{t: t, ctrl: ctrl, patience: time.Minute}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := ctrl.Read(buf)
			p.mu.Lock()
			p.seen += string(buf[:n])
			p.all += string(buf[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p, tty
}

func (p *typist) write(text string) {
	p.t.Helper()
	_, err := p.ctrl.WriteString(text)
	require.NoError(p.t, err)
}

// expect waits until the terminal shows a text, and forgets what was shown up to it.
func (p *typist) expect(text string) {
	p.t.Helper()
	for deadline := time.Now().Add(p.patience); ; time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		before, after, found := strings.Cut(p.seen, text)
		if found {
			p.seen = after
		}
		p.mu.Unlock()
		if found {
			return
		}
		require.True(p.t, time.Now().Before(deadline), "no %q within %v, but %q", text, p.patience, before)
	}
}

// TestReplTerminal is a session at a terminal: results, completion, code of several lines, the
// history, lines that are given up, calls that are interrupted, documentation, and the end.
func TestReplTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "slow"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "slow", "slow.go"), []byte(`// Package slow takes its time.
package slow

import (
	"fmt"
	"strings"
	"time"
)

// Wait waits for ever.
func Wait() int { fmt.Println("waiting"); time.Sleep(1000 * time.Hour); return 1 }

// Upper is strings.ToUpper.
func Upper(s string) string { return strings.ToUpper(s) }

// Clock goes.
type Clock struct{ hours []int }

// NewClock returns a clock.
func NewClock() *Clock { return &Clock{} }

// Wind winds it up.
func (c *Clock) Wind() int { c.hours = append(c.hours, 1); return len(c.hours) }
`), 0o600))
	program, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(program, filepath.Join(dir, "load")))
	p, tty := openTerminal(t)
	cmd := exec.Command(filepath.Join(dir, "load"), "repl", "./slow")
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, tty, tty, tty
	store := filepath.Join(dir, "store")
	cmd.Env = append(os.Environ(), "LOAD_DIR="+store, "LOAD_OFFLINE=1", "TERM=xterm")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	require.NoError(t, tty.Close())

	p.expect(prompt.First)
	p.write("slow.Upper(\"a\" + \"b\")\r")
	p.expect("AB\r\n")
	p.expect(prompt.First)
	p.write("slow.Upp\t\"tab\")\r")
	p.expect("TAB\r\n")
	p.write("c := slow.NewClock()\r")
	p.write("c.Wi\t) + 10\r")
	p.expect("11\r\n")
	p.write("len([]int{1,\r")
	p.expect(prompt.More)
	p.write("2, 3, 4, 5, 6, 7})\r")
	p.expect("7\r\n")
	p.write("\x1b[A + 100\r") // the whole of it is brought back
	p.expect("107\r\n")
	p.write("slow.Nothing(\x03")
	p.expect("^C")
	p.expect(prompt.First)
	p.write("slow.Wait()\r")
	p.expect("waiting")
	p.write("\x03")
	p.expect("load: ")
	p.expect(prompt.First)
	p.write("slow.Upper(\"still here\")\r")
	p.expect("STILL HERE\r\n")
	p.write("?c.Wind\r")
	p.expect("Wind winds it up.")
	p.write("?slow.Upper\r")
	p.expect("Upper is strings.ToUpper.")
	p.write("slow.Uper(1)\r")
	p.expect("load: eval: 1:1: undefined: slow.Uper (did you mean slow.Upper?)")
	p.write("lo\t./sl\x03")
	p.expect(prompt.First)
	p.write("\x04")
	require.NoError(t, cmd.Wait())
	kept, err := os.ReadFile(filepath.Join(store, "history"))
	require.NoError(t, err)
	assert.Contains(t, string(kept), "slow.Upper(\"tab\")\n")
	info, err := os.Stat(filepath.Join(store, "history"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	// A command that a signal ends has the exit code that shells give for it.
	for signal, want := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		cmd := exec.Command(filepath.Join(dir, "load"), "eval", "./slow", "Wait()")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LOAD_DIR="+store, "LOAD_OFFLINE=1")
		stderr, err := cmd.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		line, err := bufio.NewReader(stderr).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "waiting\n", line)
		require.NoError(t, cmd.Process.Signal(signal))
		var exit *exec.ExitError
		require.ErrorAs(t, cmd.Wait(), &exit)
		assert.Equal(t, want, exit.ExitCode(), signal)
	}
}
