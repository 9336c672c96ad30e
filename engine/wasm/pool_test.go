package wasm_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm"
)

// TestPoolRests: instances that rested between rounds of calls answer as before, whatever lay in
// what they exchange with the host.
func TestPoolRests(t *testing.T) {
	t.Parallel()
	const n = 20
	var arrived sync.WaitGroup
	w := program(t, wasm.Config{Instances: n}, func(user map[string]any) {
		user["upper"] = func(s string) string {
			arrived.Done()
			arrived.Wait()
			return strings.ToUpper(s)
		}
	})
	m := w.load(t, "program.wasm")
	upper, err := load.Func[func(string) (string, error)](m, "upper")
	require.NoError(t, err)
	for _, calls := range []int{n, 1, n, n} {
		arrived.Add(calls)
		var running sync.WaitGroup
		for i := range calls {
			running.Go(func() {
				input := strings.Repeat(fmt.Sprint("call ", i, " "), 1+i*1000)
				got, err := upper(input)
				assert.NoError(t, err)
				assert.Equal(t, strings.ToUpper(input), got)
			})
		}
		running.Wait()
	}
}

// TestPool: as many calls run at once as there are instances; a further one waits, and a call of
// the module from within is refused.
func TestPool(t *testing.T) {
	t.Parallel()
	const n = 3
	arrived, release := make(chan string), make(chan struct{})
	var m *load.Module
	w := program(t, wasm.Config{Instances: n}, func(user map[string]any) {
		user["upper"] = func(ctx context.Context, s string) (string, error) {
			if s == "again" {
				_, err := m.Call(ctx, "upper", "x")
				return "", err
			}
			arrived <- s
			<-release
			return strings.ToUpper(s), nil
		}
	})
	m = w.load(t, "program.wasm")
	upper, err := load.Func[func(context.Context, string) (string, error)](m, "upper")
	require.NoError(t, err)
	one := m.Stats().Memory.Now
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			input := fmt.Sprint("call", i)
			if i == 0 { // by name
				out, err := m.Call(t.Context(), "upper", input)
				assert.NoError(t, err)
				assert.Equal(t, []any{"CALL0"}, out)
				return
			}
			got, err := upper(t.Context(), input)
			assert.NoError(t, err)
			assert.Equal(t, strings.ToUpper(input), got)
		})
	}
	seen := map[string]bool{<-arrived: true, <-arrived: true, <-arrived: true}
	assert.Len(t, seen, n, "they run at once")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = upper(ctx, "late")
	require.ErrorIs(t, err, context.Canceled, "all instances are taken")
	close(release)
	calls.Wait()
	assert.GreaterOrEqual(t, m.Stats().Memory.Now, n*one, "the memory of all")
	for range 2 * n {
		_, err = upper(t.Context(), "again")
		require.ErrorIs(t, err, wasm.ErrReentered)
	}
}

// TestPoolApart: instances share neither memory nor variables, one that traps is started afresh,
// and no call begins once the module is unloaded.
func TestPoolApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{Instances: 2})
	m := w.load(t, "numbers.wasm")
	for range 3 { // one after the other, they run in whichever is free
		_, err := m.Call(t.Context(), "crash")
		var trap *wasm.TrapError
		require.ErrorAs(t, err, &trap)
		out, err := m.Call(t.Context(), "count")
		require.NoError(t, err)
		assert.Equal(t, []any{int32(101)}, out)
	}
	answer, err := load.Value[int64](m, "answer")
	require.NoError(t, err)
	assert.EqualValues(t, 42, answer)
	spin, err := load.Func[func(context.Context) error](w.load(t, "plugin.wasm"), "loop")
	require.NoError(t, err)
	ended := make(chan error)
	for range 3 {
		go func() { ended <- spin(context.Background()) }()
	}
	require.Eventually(t, func() bool { return w.load(t, "plugin.wasm").Stats().Running == 2 }, time.Minute, time.Millisecond)
	now, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.Unload(now, "./testdata/plugin.wasm")
	require.ErrorContains(t, err, "2 running calls cut off")
	for range 3 {
		assert.ErrorIs(t, <-ended, engine.ErrUnloaded)
	}
	assert.ErrorIs(t, spin(t.Context()), engine.ErrUnloaded)
}

// TestPoolCommand: the runs of a command go on side by side.
func TestPoolCommand(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{Instances: 2}).load(t, "command.wasm")
	echo, err := load.Func[func(context.Context, io.Reader, io.Writer, ...string) error](m, "main")
	require.NoError(t, err)
	input, write := io.Pipe()
	var first, second bytes.Buffer
	var calls sync.WaitGroup
	calls.Go(func() { assert.NoError(t, echo(t.Context(), input, &first)) })
	_, err = write.Write([]byte("one")) // it is read by now
	require.NoError(t, err)
	require.NoError(t, echo(t.Context(), strings.NewReader("two"), &second))
	require.NoError(t, write.Close())
	calls.Wait()
	assert.Equal(t, "one two", first.String()+" "+second.String())
}

// TestRepeatable: modules see the time and the random numbers that the program gives them.
func TestRepeatable(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 1, 2, 3, 4, time.UTC)
	c := wasm.Config{Clock: func() time.Time { return at }, Random: func() io.Reader { return strings.NewReader("12345678abcdefgh") }}
	m := newWorld(t, c).load(t, "wasi.wasm")
	for clock := range 2 {
		out, err := m.Call(t.Context(), "now", clock)
		require.NoError(t, err)
		assert.Equal(t, []any{at.UnixNano()}, out)
	}
	for _, want := range []string{"12345678", "abcdefgh"} {
		out, err := m.Call(t.Context(), "roll")
		require.NoError(t, err)
		assert.Equal(t, want, string(bytesOf(out[0].(int64))))
	}
	real := newWorld(t, wasm.Config{}).load(t, "wasi.wasm")
	a, err := real.Call(t.Context(), "roll")
	require.NoError(t, err)
	b, err := real.Call(t.Context(), "roll")
	require.NoError(t, err)
	assert.NotEqual(t, a, b)
}

func bytesOf(n int64) []byte {
	var data []byte
	for range 8 {
		data, n = append(data, byte(n)), n>>8
	}
	return data
}
