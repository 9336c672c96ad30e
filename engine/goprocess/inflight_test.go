package goprocess_test

import (
	"context"
	"math/big"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
)

var hoarder = map[string]string{"sample.go": `package sample

import (
	"math/big"
	"strings"
	"sync"
)

type Node struct{ Next *Node; Value int }

func Nils(n int) []any { return make([]any, n) }

func Texts(n int) []string { return make([]string, n) }

func Lists(n int) [][]int { return make([][]int, n) }

func Empties(n int) []struct{} { return make([]struct{}, n) }

func Numbers(n int) []int { return make([]int, n) }

func Pointers(n int) []*Node {
	all := make([]*Node, n)
	for i := range all {
		all[i] = &Node{}
	}
	return all
}

func Maps(n int) []map[string]int {
	all := make([]map[string]int, n)
	for i := range all {
		all[i] = map[string]int{}
	}
	return all
}

func Keys(n int) map[int]bool {
	all := make(map[int]bool, n)
	for i := range n {
		all[i] = true
	}
	return all
}

func Any(n int) any { return make([]any, n) }

func AnyTexts(n int) any { return make([]string, n) }

func AnyMaps(n int) any { return Maps(n) }

func Digits(n int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(n)*4) }

func Bytes(n int) []byte { return make([]byte, n) }

func Long(n int) string { return strings.Repeat("x", n) }

// Each calls f from so many goroutines, each time with so many bytes.
func Each(goroutines, size int, f func([]byte) int) (sum int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			n := f(make([]byte, size))
			mu.Lock()
			defer mu.Unlock()
			sum += n
		})
	}
	wg.Wait()
	return sum
}

func EachNil(n int, f func([]any) int) int { return f(make([]any, n)) }
`}

// What a module answers takes at most eight times the message and the budget, however it is
// decoded.
func TestResultsAreBounded(t *testing.T) {
	const budget = 4 << 20
	m := openFiles(t.Context(), t, goprocess.Config{MaxInFlight: budget}, hoarder)
	const n = 3_000_000
	for _, symbol := range []string{"Nils", "Texts", "Lists", "Maps", "Pointers", "Any", "AnyTexts", "AnyMaps"} {
		t.Run(symbol, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := m.Call(t.Context(), symbol, []any{n})
			runtime.ReadMemStats(&after)
			var limit *engine.LimitError
			require.ErrorAs(t, err, &limit)
			assert.Contains(t, limit.Fix, "goprocess.Config.MaxInFlight")
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(budget+12*3*n), "bytes allocated")
			_, err = m.Call(t.Context(), symbol, []any{1000})
			assert.NoError(t, err, "the module goes on")
		})
	}
	for _, symbol := range []string{"Empties", "Numbers", "Keys", "Bytes", "Long"} {
		t.Run(symbol, func(t *testing.T) {
			_, err := m.Call(t.Context(), symbol, []any{n / 20})
			assert.NoError(t, err)
		})
	}
	v, err := m.Bind("Nils", reflect.TypeFor[func(int) ([]any, error)]())
	require.NoError(t, err)
	_, err = v.Interface().(func(int) ([]any, error))(n)
	var limit *engine.LimitError
	require.ErrorAs(t, err, &limit, "bound")
	_, err = m.Call(t.Context(), "EachNil", []any{n, func([]any) int { return 1 }})
	require.ErrorContains(t, err, "goprocess.Config.MaxInFlight", "a callback's arguments")
	v, err = m.Bind("Digits", reflect.TypeFor[func(int) (*big.Int, error)]())
	require.NoError(t, err)
	_, err = v.Interface().(func(int) (*big.Int, error))(1 << 20)
	assert.ErrorContains(t, err, "digits")
	z, err := v.Interface().(func(int) (*big.Int, error))(1 << 10)
	require.NoError(t, err)
	assert.Equal(t, 4<<10+1, z.BitLen())
}

// The default lets through what real modules answer.
func TestDefaultBudget(t *testing.T) {
	m := openFiles(t.Context(), t, goprocess.Config{}, hoarder)
	for _, symbol := range []string{"Nils", "Numbers", "Bytes", "Any", "Keys"} {
		_, err := m.Call(t.Context(), symbol, []any{2_000_000})
		assert.NoError(t, err, symbol)
	}
	_, err := m.Call(t.Context(), "Nils", []any{20_000_000})
	var limit *engine.LimitError
	require.ErrorAs(t, err, &limit)
}

// The calls of the host that a module makes at once hold at most the budget; the others wait.
func TestHostCallsAreBounded(t *testing.T) {
	const size, budget = 1 << 20, 8 << 20
	m := openFiles(t.Context(), t, goprocess.Config{MaxInFlight: budget}, hoarder)
	var running, most atomic.Int64
	enter := func(b []byte) int {
		now := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		runtime.Gosched()
		return len(b)
	}
	each := bindEach(t, m)
	sum, err := each(t.Context(), 60, size, enter)
	require.NoError(t, err)
	assert.Equal(t, 60*size, sum)
	assert.LessOrEqual(t, most.Load()*size, int64(budget))
}

// Calls of the host that call the module, which calls the host, go on though the budget is used up
// by those outside.
func TestNestedHostCallsProgress(t *testing.T) {
	const size = 256 << 10
	for name, nested := range map[string]int{"large": size, "small": 10, "larger than what is left": 3 * size} {
		t.Run(name, func(t *testing.T) {
			m := openFiles(t.Context(), t, goprocess.Config{MaxInFlight: 40 << 20}, hoarder)
			each := bindEach(t, m)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					sum, err := each(t.Context(), 8, size, func(b []byte) int {
						n, err := each(t.Context(), 1, nested, func(b []byte) int { return len(b) })
						assert.NoError(t, err)
						return n
					})
					assert.NoError(t, err)
					assert.Equal(t, 8*nested, sum)
				})
			}
			wg.Wait()
		})
	}
}

// A caller whose context ends while its module waits for room returns, and the next call goes on.
func TestWaitForRoomEndsWithContext(t *testing.T) {
	const size = 1 << 20
	m := openFiles(t.Context(), t, goprocess.Config{MaxInFlight: 2 << 20}, hoarder)
	each := bindEach(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	hold, first := make(chan struct{}), sync.OnceFunc(cancel)
	_, err := each(ctx, 8, size, func([]byte) int {
		first()
		<-hold
		return 0
	})
	require.ErrorIs(t, err, context.Canceled)
	close(hold)
	sum, err := each(t.Context(), 2, size, func(b []byte) int { return len(b) })
	require.NoError(t, err)
	assert.Equal(t, 2*size, sum)
}

func bindEach(t *testing.T, m engine.Instance) func(context.Context, int, int, func([]byte) int) (int, error) {
	t.Helper()
	v, err := m.Bind("Each", reflect.TypeFor[func(context.Context, int, int, func([]byte) int) (int, error)]())
	require.NoError(t, err)
	return v.Interface().(func(context.Context, int, int, func([]byte) int) (int, error))
}
