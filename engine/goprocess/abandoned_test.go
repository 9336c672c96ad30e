package goprocess_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
)

// TestAbandoned: a module whose cancelled calls go on costs the host a bounded number of them.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": `package sample

import "sync/atomic"

var hanging atomic.Int64

func Hang() { hanging.Add(1); select {} }

func Hanging() int64 { return hanging.Load() }
`})
	hang, hanging := bound[func(context.Context) error](t, m, "Hang"), bound[func() (int64, error)](t, m, "Hanging")
	hangs := func(calls, before int64) {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range calls {
			wg.Go(func() { assert.Error(t, hang(ctx)) })
		}
		require.Eventually(t, func() bool {
			n, err := hanging()
			require.NoError(t, err)
			return n == before+calls
		}, time.Minute, 10*time.Millisecond)
		cancel()
		wg.Wait()
	}
	hangs(10_000, 0)
	_, err := hanging()
	require.NoError(t, err, "so many are allowed")
	hangs(1, 10_000)
	require.Eventually(t, func() bool {
		_, err = hanging()
		return err != nil
	}, time.Minute, time.Millisecond)
	require.ErrorIs(t, err, engine.ErrCrashed)
	assert.ErrorContains(t, err, "more than 10000 of its calls went on after they were cancelled")
}
