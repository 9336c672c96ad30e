package starlark_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestShared uses the globals of one module from many goroutines while it is unloaded and loaded
// again.
func TestShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{}, map[string]string{
		"table.star": "TABLE = {'a': [1, 2, 3], 'b': struct(n = 4)}\ndef counter():\n\tseen = []\n\treturn lambda x: len(seen) + x\n",
		"m.star":     "load('./table.star', 'TABLE', 'counter')\nCOUNT = counter()\ndef total(n): return n + sum_of(TABLE['a']) + TABLE['b'].n + COUNT(1)\ndef sum_of(xs):\n\tt = 0\n\tfor x in xs: t += x\n\treturn t\n",
	})
	go func() {
		for range w.events { // the test ends before the channel does
		}
	}()
	deadline := time.Now().Add(300 * time.Millisecond)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for time.Now().Before(deadline) {
				m, err := w.Load(t.Context(), "m")
				if !assert.NoError(t, err) {
					return
				}
				total, err := load.Func[func(context.Context, int) (int, error)](m, "total")
				if errors.Is(err, engine.ErrUnloaded) {
					continue
				}
				if !assert.NoError(t, err) {
					return
				}
				n, err := total(t.Context(), 1)
				assert.Falsef(t, !errors.Is(err, engine.ErrUnloaded) && (n != 12 || err != nil), "%v %v", n, err)
				results, err := m.Call(t.Context(), "total", 2)
				assert.Falsef(t, !errors.Is(err, engine.ErrUnloaded) && (err != nil || results[0] != 13), "%v %v", results, err)
			}
		})
	}
	wg.Go(func() {
		for time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
			_, err := w.Unload(t.Context(), "m")
			assert.False(t, err != nil && !errors.Is(err, load.ErrNotLoaded), err)
		}
	})
	wg.Wait()
}

// A closure that a call returned is frozen: the goroutines that share it can change nothing.
func TestObjectsAreFrozen(t *testing.T) {
	t.Parallel()
	m := module(t, "def counter():\n\tseen = []\n\tdef add(x):\n\t\tseen.append(x)\n\t\treturn seen\n\treturn add\n")
	counter, err := load.Func[func() *engine.Object](m, "counter")
	require.NoError(t, err)
	_, err = counter().Call(t.Context(), "", 1)
	var eval *engine.EvalError
	require.ErrorAs(t, err, &eval)
	assert.Equal(t, "append: cannot append to frozen list", eval.Message)
}
