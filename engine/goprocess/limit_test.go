//go:build linux

package goprocess_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/find"
)

const greedy = `package greedy

import (
	"net/http"
	"syscall"
	"time"
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
		"growth":          {"Grow", 100, "than its limit of 64.0 MiB"},
		"page tables":     {"Tables", 20_000, "it used "},
		"refused at once": {"Grow", 4000, "than its limit of 64.0 MiB"},
		"a little more":   {"Grow", 70, "than its limit of 64.0 MiB"},
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
		assert.Contains(t, limit.Error(), "32.0 MiB")
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
