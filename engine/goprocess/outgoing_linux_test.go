package goprocess_test

import (
	"bytes"
	"context"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
)

var taker = map[string]string{"sample.go": `package sample

import "strings"

func Numbers(n []int) int { return len(n) }

func Texts(s []string) int { return len(s) }

func Any(v any) int { return len(v.([]string)) }

func Keys(m map[int]string) int { return len(m) }

func Raw(b []byte) int { return len(b) }

func Ask(n []int, f func([]int) int) int { return f(n) }

func Title(s string) string { return strings.ToUpper(s) }
`}

// stop stops the module's process, so that it does not read, until the function that it returns is
// called.
func stop(t *testing.T, m engine.Instance) (goOn func()) {
	t.Helper()
	from := m.(engine.Measurable).Memory().From
	pid, err := strconv.Atoi(from[strings.LastIndex(from, " ")+1:])
	require.NoError(t, err)
	require.NoError(t, unix.Kill(pid, unix.SIGSTOP))
	return func() { require.NoError(t, unix.Kill(pid, unix.SIGCONT)) }
}

// While a module does not read, the messages of the calls that wait for it take at most the budget,
// and what was begun to be written; the calls go on when it reads.
func TestArgumentsAreBounded(t *testing.T) {
	const calls, size, budget = 24, 240 << 10, 1 << 20
	numbers := make([]int, size)
	texts := make([]string, size)
	keys := map[int]string{}
	for i := range 20 {
		keys[i] = strings.Repeat("x", size/20)
	}
	for symbol, argument := range map[string]any{"Numbers": numbers, "Texts": texts, "Any": texts, "Keys": keys} {
		t.Run(symbol, func(t *testing.T) {
			m := openFiles(t.Context(), t, goprocess.Config{MaxInFlight: budget}, taker)
			goOn := stop(t, m)
			before := liveHeap()
			var wg sync.WaitGroup
			for range calls {
				wg.Go(func() {
					got, err := m.Call(t.Context(), symbol, []any{argument})
					if assert.NoError(t, err) {
						assert.Equal(t, reflect.ValueOf(argument).Len(), got[0])
					}
				})
			}
			const inBudget = budget / size
			assert.Eventually(t, func() bool { return waitingForRoom() >= calls-inBudget }, time.Minute, 5*time.Millisecond)
			held := func() bool { return liveHeap()-before < 3*budget } // appending leaves a part of a buffer free
			assert.Eventually(t, held, time.Minute, 50*time.Millisecond, "at rest: those in the budget may still be encoding")
			goOn()
			wg.Wait()
		})
	}
}

// waitingForRoom returns how many goroutines wait for the budget.
func waitingForRoom() int {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte("(*Budget).Wait("))
}

// liveHeap is the memory that something refers to, without what pools keep until the second
// collection.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A call that waits for room returns when its context or its limit of time ends, and the next goes
// on.
func TestWaitForOutgoingRoomEnds(t *testing.T) {
	m := openFiles(t.Context(), t, goprocess.Config{MaxInFlight: 1 << 20}, taker)
	goOn := stop(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error)
	for range 4 {
		go func() {
			_, err := m.Call(ctx, "Numbers", []any{make([]int, 900<<10)})
			results <- err
		}()
	}
	cancel()
	for range 4 {
		require.ErrorIs(t, <-results, context.Canceled)
	}
	goOn()
	got, err := m.Call(t.Context(), "Numbers", []any{make([]int, 900<<10)})
	require.NoError(t, err)
	assert.Equal(t, 900<<10, got[0])
}

// One message may be longer than the budget, and calls within calls find room.
func TestArgumentsBeyondBudget(t *testing.T) {
	m := openFiles(t.Context(), t, goprocess.Config{MaxInFlight: 2 << 20}, taker)
	v, err := m.Bind("Ask", reflect.TypeFor[func(context.Context, []int, func([]int) int) (int, error)]())
	require.NoError(t, err)
	ask := v.Interface().(func(context.Context, []int, func([]int) int) (int, error))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			n, err := ask(t.Context(), make([]int, 100), func([]int) int {
				got, err := m.Call(t.Context(), "Numbers", []any{make([]int, 3<<20)})
				if !assert.NoError(t, err) {
					return 0
				}
				return got[0].(int)
			})
			assert.NoError(t, err)
			assert.Equal(t, 3<<20, n)
		})
	}
	wg.Wait()
	got, err := m.Call(t.Context(), "Raw", []any{make([]byte, 5<<20)})
	require.NoError(t, err)
	assert.Equal(t, 5<<20, got[0])
}

// What is longer than a message may be is refused as before, however it is encoded.
func TestArgumentsLargerThanMessage(t *testing.T) {
	m := openFiles(t.Context(), t, goprocess.Config{MaxMessage: 1 << 20}, taker)
	for symbol, argument := range map[string]any{
		"Numbers": make([]int, 2<<20), "Texts": make([]string, 2<<20), "Any": make([]string, 2<<20),
		"Raw": make([]byte, 2<<20), "Title": strings.Repeat("x", 2<<20),
	} {
		_, err := m.Call(t.Context(), symbol, []any{argument})
		require.ErrorContains(t, err, "the arguments are larger than 1MiB", symbol)
	}
	got, err := m.Call(t.Context(), "Title", []any{"x"})
	require.NoError(t, err)
	assert.Equal(t, "X", got[0])
}
