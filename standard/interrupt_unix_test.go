//go:build unix

package standard_test

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInterrupt presses Ctrl-C in the middle of a download, and of a compile.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	t.Run("download", func(t *testing.T) {
		t.Parallel()
		s := newSystem(t)
		asked := make(chan struct{})
		s.proxy.Fault("/example.com/words/@v/v1.2.0.zip", loadtest.Once(func() { close(asked) }, loadtest.Times(1, loadtest.Silent())))
		interrupt(t, s, func(string) bool {
			<-asked
			return true
		})
	})
	t.Run("compile", func(t *testing.T) {
		t.Parallel()
		s := newSystem(t)
		// An installed module is compiled next, which takes two runs of the go command.
		interrupt(t, s, func(event string) bool { return event == "Installed" })
	})
}

// interrupt sends a host and all that it started SIGINT, as a terminal does, at the first event
// that is the moment.
func interrupt(t *testing.T, s *system, moment func(event string) bool) {
	t.Helper()
	cmd := command(t, s.store, s.proxy.Env(), "interrupt", "example.com/hello")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	temp := t.TempDir()
	cmd.Env = append(cmd.Env, "TMPDIR="+temp)
	out := lines(t, cmd)
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	var report *interruption
	for sent := false; out.Scan(); {
		var event string
		if json.Unmarshal(out.Bytes(), &event) != nil {
			require.NoError(t, json.Unmarshal(out.Bytes(), &report))
		} else if !sent && moment(event) {
			sent = true
			require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
		}
	}
	if report == nil {
		require.Fail(t, "the host told nothing of the interrupt", "%v", cmd.Wait())
	}
	require.Truef(t, report.Canceled, "the interrupted load: %s", report.Err)
	assert.Truef(t, strings.HasPrefix(report.Err, "load example.com/hello: "), "the interrupted load: %s", report.Err)
	assert.Zerof(t, len(report.Held), "after the interrupt: locks held %q", report.Held)
	assert.Zerof(t, len(report.Temp), "after the interrupt: locks held %q", report.Held)
	assert.Equal(t, "good day, dear you", report.Answer)
	left, err := os.ReadDir(temp)
	assert.NoError(t, err, "left in the temporary directory")
	assert.Zero(t, len(left), "left in the temporary directory")
	check(t, s.store)
}
