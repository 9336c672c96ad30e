package gowasm_test

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
)

const asker = `package misbehaving

func Ask(size int, f func([]byte) int) int { return f(make([]byte, size)) }

func Numbers(n []int) int { return len(n) }
`

type ask = func(context.Context, int, func([]byte) int) (int, error)

func openAsker(t *testing.T, budget int) (engine.Instance, ask) {
	t.Helper()
	m := openFiles(t.Context(), t, gowasm.Config{MaxInFlight: budget}, misbehaving)
	v, err := m.Bind("Ask", reflect.TypeFor[ask]())
	require.NoError(t, err)
	return m, v.Interface().(ask)
}

// The calls of the host that are made at once, each within another call, hold at most the budget.
func TestHostCallsAreBounded(t *testing.T) {
	const size, budget = 256 << 10, 2 << 20
	_, ask := openAsker(t, budget)
	var running, most atomic.Int64
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			n, err := ask(t.Context(), size, func(b []byte) int {
				now := running.Add(1)
				defer running.Add(-1)
				for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
				}
				time.Sleep(5 * time.Millisecond) // others come meanwhile
				return len(b)
			})
			assert.NoError(t, err)
			assert.Equal(t, size, n)
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, most.Load()*size, int64(budget))
}

// Calls within calls go on, with large arguments in either direction.
func TestNestedCallsFindRoom(t *testing.T) {
	for name, nested := range map[string]int{"small": 10, "large": 256 << 10} {
		t.Run(name, func(t *testing.T) {
			m, ask := openAsker(t, 40<<20)
			var wg sync.WaitGroup
			for range 12 {
				wg.Go(func() {
					n, err := ask(t.Context(), 256<<10, func([]byte) int {
						got, err := m.Call(t.Context(), "Numbers", []any{make([]int, nested)})
						if !assert.NoError(t, err) {
							return 0
						}
						n, err := ask(t.Context(), nested, func(b []byte) int { return len(b) })
						assert.NoError(t, err)
						return n + got[0].(int)
					})
					assert.NoError(t, err)
					assert.Equal(t, 2*nested, n)
				})
			}
			wg.Wait()
		})
	}
}

// A message may be larger than the budget, where no other takes room.
func TestOneMessageBeyondBudget(t *testing.T) {
	m, ask := openAsker(t, 64<<10)
	got, err := m.Call(t.Context(), "Numbers", []any{make([]int, 1<<20)})
	require.NoError(t, err)
	assert.Equal(t, 1<<20, got[0])
	n, err := ask(t.Context(), 1<<20, func(b []byte) int { return len(b) })
	require.NoError(t, err)
	assert.Equal(t, 1<<20, n)
}

// A module that waits for room for a call of the host is closed all the same.
func TestCloseWhileWaitingForRoom(t *testing.T) {
	m, ask := openAsker(t, 64<<10)
	hold, inside := make(chan struct{}), make(chan struct{}, 2)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			_, err := ask(t.Context(), 1<<20, func(b []byte) int {
				inside <- struct{}{}
				<-hold
				return len(b)
			})
			assert.ErrorIs(t, err, engine.ErrUnloaded)
		})
	}
	<-inside
	require.NoError(t, m.Close(t.Context()))
	close(hold)
	wg.Wait()
}
