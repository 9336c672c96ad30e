//go:build unix

package failpoint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStalledHolder: who waits for a process that holds a lock and does not go on is told so, gives
// up when asked to, and learns which process and which file it is.
func TestStalledHolder(t *testing.T) {
	t.Parallel()
	m := newMachine(t, build(t), environment(t), scenarios["install"])
	trace := filepath.Join(t.TempDir(), "trace")
	holder := m.command(t, m.last(), "LOAD_FAILPOINT=goproxy.verified=sleep:1h", "LOAD_FAILPOINT_TRACE="+trace)
	require.NoError(t, holder.Start())
	defer func() { _ = holder.Process.Kill(); _ = holder.Wait() }()
	require.Eventually(t, func() bool {
		data, err := os.ReadFile(trace)
		return err == nil && strings.Contains(string(data), "goproxy.verified")
	}, time.Minute, time.Millisecond, "the holder does not come to hold anything")
	require.NoError(t, holder.Process.Signal(syscall.SIGSTOP))
	_, err := m.run(t, []string{"lock", "-v", "-timeout", "2s", "example.com/hello"})
	require.Error(t, err, "the lock of a stalled process was taken")
	who := "another process"
	if runtime.GOOS == "linux" {
		who = fmt.Sprint("process ", holder.Process.Pid)
	}
	want := regexp.MustCompile(`(?s)waiting for another process: install/.*load: example.com/hello: ` + who + ` holds the lock ` +
		regexp.QuoteMeta(m.store) + `/lock/install-\S+: it is not done after 2s\n\tset -timeout to wait longer\n`)
	assert.Truef(t, want.MatchString(err.Error()), "got  %v\nwant %v", err, want)
	_ = holder.Process.Kill()
	_ = holder.Wait()
	out, err := m.run(t, m.last())
	m.check(t, "after the holder's end", out, err)
}
