package progress_test

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/progress"
)

// screen is what was written to a terminal.
type screen struct {
	mu   sync.Mutex
	text string
}

func (s *screen) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text
}

// open returns a terminal of so many columns and what is written to it.
func open(t *testing.T, columns uint16) (*os.File, *screen) {
	t.Helper()
	ctrl, tty, err := pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = ctrl.Close(), tty.Close() })
	require.NoError(t, pty.Setsize(ctrl, &pty.Winsize{Rows: 10, Cols: columns}))
	s := &screen{}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := ctrl.Read(buf)
			s.mu.Lock()
			s.text += string(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return tty, s
}

var control = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// TestTerminal: each phase stands in one line that fits, and nothing of it stays.
func TestTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	tty, s := open(t, 40)
	l := progress.New(tty)
	shows := func(text string) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(s.seen(), text) }, time.Minute, 5*time.Millisecond, "no %q", text)
	}
	l.Begin()
	shows("resolve")
	l.Show(event.Resolved{Name: "example.com/hello", Version: "v1.0.0"})
	shows("resolve example.com/hello@v1.0.0")
	first, second := install.Transfer{Module: "example.com/hello", Size: -1}, install.Transfer{Module: "example.com/words", Size: -1}
	l.Received(first)
	shows("download 0 of 1")
	first.Size, first.Arrived = 2<<20, 1<<20
	l.Received(first)
	shows("download 0 of 1, 1MiB of 2MiB")
	l.Received(second)
	shows("download 0 of 2, 1MiB")
	second.Size = 1 << 20
	l.Received(second)
	shows("download 0 of 2, 1MiB of 3MiB")
	first.Arrived, first.Ended = 2<<20, true
	l.Received(first)
	shows("download 1 of 2, 2MiB of 3MiB")
	l.Show(event.Installed{Name: strings.Repeat("long/", 30)})
	shows("compile long/long/long/long/long/long/")
	took := regexp.MustCompile("… [1-9][0-9]*s")
	require.Eventually(t, func() bool { return took.MatchString(s.seen()) }, time.Minute, 5*time.Millisecond)
	l.Show(event.Found{Canonical: "example.com/words", Origin: "goproxy"})
	shows("compile 2 modules")
	l.Show(event.Waiting{Lock: "a processor to compile"}) // for the other of them
	shows("compile 2 modules 1s")
	l.Show(event.Compiled{Name: "example.com/hello"})
	shows("start example.com/hello")
	l.Show(event.Loaded{})
	_, err := tty.WriteString("the result\n")
	require.NoError(t, err)
	shows("the result")
	for line := range strings.Lines(control.ReplaceAllString(s.seen(), "")) {
		assert.Less(t, runewidth.StringWidth(strings.TrimRight(line, "\r\n")), 40, line)
	}
	assert.Regexp(t, `\x1b\[[0-9]*[JK][^a-z]*the result`, s.seen(), "what stood there is erased")
}
