//go:build linux

package goprocess_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/sandbox"
	"github.com/loadgo/load/internal/sandbox/crowdtest"
)

const greedy = `package greedy

import (
	"net/http"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

func Handler() string { return http.StatusText(200) }

// Tables keeps one page of each GiB of addresses.
func Tables(n int) error {
	for range n {
		b, _, errno := syscall.RawSyscall6(syscall.SYS_MMAP, 0, 1<<30, syscall.PROT_READ, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE, ^uintptr(0), 0)
		if errno != 0 {
			return errno
		}
		syscall.RawSyscall(syscall.SYS_MADVISE, b, 4096, 22) // MADV_POPULATE_READ
		syscall.RawSyscall(syscall.SYS_MUNMAP, b+4096, 1<<30-4096, 0)
	}
	time.Sleep(20 * time.Second)
	return nil
}

// Many is refused memory while it has so many goroutines, whose stacks the report then shows.
func Many(goroutines int) int {
	for range goroutines {
		go func() { time.Sleep(time.Hour) }()
	}
	time.Sleep(10 * time.Millisecond) // they have begun
	return len(make([]byte, 8<<30))
}

// Loud prints what looks like the beginning of a report before it is refused memory.
func Loud(n int) int {
	println("panic: this was recovered\n")
	for range n {
		println("a line of a log")
	}
	return Many(0)
}

var kept []byte

// Fill uses memory.
func Fill(mib int) {
	kept = make([]byte, mib<<20)
	for i := 0; i < len(kept); i += 4096 {
		kept[i] = 1
	}
}

// Fault ends as a program without a runtime does.
func Fault() {
	var handler [4]uintptr
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGSEGV), uintptr(unsafe.Pointer(&handler)), 0, 8, 0, 0)
	syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGSEGV))
}

// Brood makes processes that wait; it returns at once where the system allows no more.
func Brood(n int) error {
	for range n {
		pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			return errno
		}
		for pid == 0 {
			syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
		}
	}
	time.Sleep(time.Minute)
	return nil
}

// Threads makes threads that wait.
func Threads(n int) {
	for range n {
		go func() {
			runtime.LockOSThread()
			syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
		}()
	}
	time.Sleep(time.Minute)
}

func Grow(mib int) int {
	var kept [][]byte
	for range mib {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		kept = append(kept, b)
	}
	time.Sleep(20 * time.Second)
	return len(kept)
}
`

// TestMemoryLimitIsTyped: whatever enforces the limit, the error says which limit, what was counted
// and the setting.
func TestMemoryLimitIsTyped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		symbol string
		size   int
		reason string
	}{
		"growth":          {"Grow", 100, "than its limit of 64MiB"},
		"page tables":     {"Tables", 20_000, "it used "},
		"refused at once": {"Grow", 4000, "than its limit of 64MiB"},
		"a little more":   {"Grow", 70, "than its limit of 64MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := openFiles(t.Context(), t, goprocess.Config{Memory: 64 << 20}, map[string]string{"m.go": greedy})
			assert.Equal(t, "OK", call(t, m, "Handler"))
			_, err := m.Call(t.Context(), c.symbol, []any{c.size})
			require.ErrorIs(t, err, engine.ErrCrashed)
			var limit *engine.LimitError
			require.ErrorAs(t, err, &limit)
			assert.Contains(t, limit.Reason, c.reason)
			assert.Contains(t, err.Error(), "goprocess.Config.Memory")
		})
	}
}

// TestTooManyProcesses: a module that makes more processes or threads than it may ends with a typed
// error, as whatever user the host runs.
func TestTooManyProcesses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config goprocess.Config
		symbol string
		n      int
		reason string
	}{
		"processes":       {goprocess.Config{Programs: true, Processes: 50}, "Brood", 200, "beyond its limit of 50"},
		"threads":         {goprocess.Config{Processes: 50}, "Threads", 1000, "beyond its limit of 50"},
		"both":            {goprocess.Config{Programs: true, Processes: 50, Memory: 1 << 30}, "Threads", 1000, "beyond its limit of 50"},
		"without a limit": {goprocess.Config{Programs: true}, "Brood", sandbox.MostProcesses + 100, "processes, more than 1024"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.n > sandbox.MostProcesses {
				crowdtest.Alone(t)
			}
			m := openFiles(t.Context(), t, c.config, map[string]string{"m.go": greedy})
			_, err := m.Call(t.Context(), c.symbol, []any{c.n})
			var limit *engine.LimitError
			// The system's own limit may be first: that of the user, or what a container has, which binds
			// root, too.
			if (os.Getuid() != 0 || c.n > sandbox.MostProcesses) && err != nil && !errors.As(err, &limit) {
				assert.True(t, errors.Is(err, engine.ErrCrashed) || strings.Contains(err.Error(), "resource temporarily unavailable"), err)
				return
			}
			require.ErrorIs(t, err, engine.ErrCrashed)
			require.ErrorAs(t, err, &limit)
			assert.Contains(t, limit.Reason, c.reason)
			assert.Contains(t, limit.Fix, "goprocess.Config.Processes")
		})
	}
}

// TestMemoryLimitIsRecognised: whatever else the module prints, and where it ends without a report.
func TestMemoryLimitIsRecognised(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		symbol string
		size   int
		limit  string // of the error
	}{
		"long report":         {"Many", 2000, "it wanted more memory"},
		"short report":        {"Many", 1, "it wanted more memory"},
		"after a report":      {"Loud", 1, "it wanted more memory"},
		"long after a report": {"Loud", 20_000, "it wanted more memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := openFiles(t.Context(), t, goprocess.Config{Memory: 128 << 20}, map[string]string{"m.go": greedy})
			_, err := m.Call(t.Context(), c.symbol, []any{c.size})
			require.ErrorIs(t, err, engine.ErrCrashed)
			var limit *engine.LimitError
			require.ErrorAs(t, err, &limit)
			assert.Contains(t, limit.Reason, c.limit)
			assert.Contains(t, limit.Fix, "goprocess.Config.Memory")
		})
	}
}

// TestFaultAtLimit: a program that ends with a fault is taken to have been refused memory where it
// was seen to use most of it, and only there.
func TestFaultAtLimit(t *testing.T) {
	t.Parallel()
	for _, mib := range []int{116, 1} {
		m := openFiles(t.Context(), t, goprocess.Config{Memory: 128 << 20}, map[string]string{"m.go": greedy})
		_, err := m.Call(t.Context(), "Fill", []any{mib})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return goprocess.Used(m) >= int64(mib)<<20 }, time.Minute, time.Millisecond)
		_, err = m.Call(t.Context(), "Fault", nil)
		require.ErrorIs(t, err, engine.ErrCrashed)
		var limit *engine.LimitError
		if mib == 1 {
			require.False(t, errors.As(err, &limit), "%v", err)
			continue
		}
		require.ErrorAs(t, err, &limit)
		assert.Contains(t, limit.Reason, "it ended with the signal: segmentation fault")
		assert.Contains(t, limit.Fix, "goprocess.Config.Memory")
	}
}

// TestLeastMemory: the least that may be set is enough for a module that imports net/http.
func TestLeastMemory(t *testing.T) {
	t.Parallel()
	for range 3 {
		m := openFiles(t.Context(), t, goprocess.Config{Memory: 32 << 20}, map[string]string{"m.go": greedy})
		assert.Equal(t, "OK", call(t, m, "Handler"))
	}
	for _, memory := range []int64{1, 1 << 20, 16 << 20, 32<<20 - 1, -1} {
		e := goprocess.New(goprocess.Config{Memory: memory})
		var limit *engine.LimitError
		require.ErrorAs(t, e.Valid(), &limit, "%d", memory)
		assert.Contains(t, limit.Error(), "32MiB")
		require.ErrorAs(t, e.CanGrant(engine.Grants{Memory: memory}), &limit)
		_, err := e.Open(t.Context(), engine.Artifact{Spec: &find.Spec{Name: "x"}}, nil)
		require.ErrorAs(t, err, &limit)
		if memory > 0 {
			_, err = goprocess.New(goprocess.Config{}).Open(t.Context(), engine.Artifact{Spec: &find.Spec{Name: "x"}, Limits: engine.Limits{Memory: memory}}, nil)
			require.ErrorAs(t, err, &limit)
		}
		_, err = load.New(load.Config{Engines: []engine.Engine{e}})
		var config *load.ConfigError
		require.ErrorAs(t, err, &config)
		assert.ErrorContains(t, err, "goprocess: a memory limit of")
	}
	assert.NoError(t, errors.Join(goprocess.New(goprocess.Config{}).Valid(), goprocess.New(goprocess.Config{Memory: 32 << 20}).Valid()))
}
