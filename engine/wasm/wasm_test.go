package wasm_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/eval"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// world is a loader of the modules in testdata.
type world struct {
	*load.Loader
	events loadtest.Events
}

func newWorld(t testing.TB, config wasm.Config, more ...func(*load.Config)) *world {
	t.Helper()
	w := &world{}
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	settings := load.Config{
		Path: find.Path{dir.New(".")}, Engines: []engine.Engine{wasm.New(config)}, Store: s,
		Events: w.events.Sink,
	}
	for _, change := range more {
		change(&settings)
	}
	w.Loader, err = load.New(settings)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, w.Close(context.Background()))
		_ = filepath.WalkDir(s.Dir(), func(path string, _ os.DirEntry, _ error) error { return os.Chmod(path, 0o700) })
	})
	return w
}

func (w *world) load(t testing.TB, name string) *load.Module {
	t.Helper()
	m, err := w.Load(t.Context(), "./testdata/"+name)
	require.NoError(t, err)
	return m
}

// seen returns the lines that a module wrote to a stream.
func (w *world) seen(stream string) []string {
	var lines []string
	for _, o := range loadtest.EventsOf[event.Output](&w.events) {
		if o.Stream == stream {
			lines = append(lines, o.Line)
		}
	}
	return lines
}

func limited(limits load.Limits) func(*load.Config) {
	return func(c *load.Config) { c.Limits = func(*load.Spec) load.Limits { return limits } }
}

// TestSources compares the modules in testdata, and the kernel, with their sources, where the
// assembler is there.
func TestSources(t *testing.T) {
	t.Parallel()
	assembler, err := exec.LookPath("wat2wasm")
	sources, globErr := filepath.Glob("*/*.wat")
	for _, more := range []string{"*/*/*.wat", "../../benchmarks/*/*.wat"} {
		found, err := filepath.Glob(more)
		require.NoError(t, err)
		sources = append(sources, found...)
	}
	require.NoError(t, globErr)
	require.NotEmpty(t, sources)
	for _, source := range sources {
		want, readErr := os.ReadFile(strings.TrimSuffix(source, ".wat") + ".wasm")
		require.NoError(t, readErr)
		if err != nil {
			continue
		}
		built := filepath.Join(t.TempDir(), "built.wasm")
		out, buildErr := exec.Command(assembler, "--debug-names", source, "-o", built).CombinedOutput()
		require.NoError(t, buildErr, string(out))
		got, readErr := os.ReadFile(built)
		require.NoError(t, readErr)
		assert.True(t, bytes.Equal(want, got), source)
	}
}

func TestSymbols(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{})
	signatures := func(name string) map[string]string {
		all := make(map[string]string)
		for _, s := range w.load(t, name).Symbols() {
			all[s.Name] = s.Signature
		}
		return all
	}
	numbers := signatures("numbers.wasm")
	for name, want := range map[string]string{
		"add":    "func add(a int32, b int32) int32",
		"mix":    "func mix(int64, float32, float64) float64",
		"swap":   "func swap(int64, int64) (int64, int64)",
		"crash":  "func crash()",
		"answer": "const answer int64",
		"calls":  "var calls int32",
	} {
		assert.Equal(t, want, numbers[name])
	}
	assert.NotContains(t, numbers, "_initialize")
	assert.NotContains(t, numbers, "memory")
	assert.Equal(t, "func echo(input ...any) (output string, err error)", signatures("plugin.wasm")["echo"])
	assert.Equal(t, map[string]string{"main": "func main(args ...string) (stdout string, err error)"}, signatures("command.wasm"))
}

// TestExpressions: expressions call a plugin without an input, and with one of any type.
func TestExpressions(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "plugin.wasm")
	for expr, want := range map[string]string{
		`again()`:           "7",
		`echo("a" + "b")`:   "ab",
		`echo([]byte("c"))`: "c",
		`echo(100)`:         "100",
		`echo(map[string]int{"a": 1}) + echo("")`: `{"a":1}`,
		`echo(struct{ A []int }{[]int{1}})`:       `{"A":[1]}`,
	} {
		results, err := eval.Expr(t.Context(), m, expr)
		require.NoError(t, err, expr)
		assert.Equal(t, []any{want}, results, expr)
	}
	_, err := eval.Expr(t.Context(), m, `echo("a", "b")`)
	assert.ErrorContains(t, err, "it has one parameter, its input, not 2")
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "numbers.wasm")
	add, err := load.Func[func(context.Context, int32, int32) (int32, error)](m, "add")
	require.NoError(t, err)
	sum, err := add(t.Context(), 40, 2)
	require.NoError(t, err)
	assert.EqualValues(t, 42, sum)

	wide, err := load.Func[func(int, uint32) (uint8, error)](m, "add")
	require.NoError(t, err)
	small, err := wide(200, 55)
	require.NoError(t, err)
	assert.EqualValues(t, 255, small)
	_, err = wide(200, 56)
	assert.ErrorContains(t, err, "result 1: 256 does not fit into a uint8")
	_, err = wide(1<<31, 0)
	assert.ErrorContains(t, err, "argument 1: 2147483648 does not fit into an int32")

	mix, err := load.Func[func(int64, float32, float64) float64](m, "mix")
	require.NoError(t, err)
	assert.Equal(t, 3.75, mix(1, 0.5, 2.25))
	swap, err := load.Func[func(int64, int64) (int64, int64)](m, "swap")
	require.NoError(t, err)
	a, b := swap(1, -2)
	assert.Equal(t, []int64{-2, 1}, []int64{a, b})

	out, err := m.Call(t.Context(), "mix", 1, 0.1, 2)
	require.NoError(t, err)
	assert.Equal(t, []any{float64(float32(0.1)) + 3}, out)
	out, err = m.Call(t.Context(), "add", 1, uint8(2))
	require.NoError(t, err)
	assert.Equal(t, []any{int32(3)}, out)

	answer, err := load.Value[int64](m, "answer")
	require.NoError(t, err)
	assert.EqualValues(t, 42, answer)
	calls, err := load.Value[int](m, "calls")
	require.NoError(t, err)
	assert.Equal(t, 100, calls, "its initialisation ran")
}

func TestMisfits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{})
	m, p, c := w.load(t, "numbers.wasm"), w.load(t, "plugin.wasm"), w.load(t, "command.wasm")
	bind := func(_ any, err error) error { return err }
	call := func(_ []any, err error) error { return err }
	for want, err := range map[string]error{
		"it has 2 parameters, not 1":                  bind(load.Func[func(int32) int32](m, "add")),
		"it has 1 results, not 0":                     bind(load.Func[func(int32, int32)](m, "add")),
		"parameter 1 is a int32, not a string":        bind(load.Func[func(string, int32) int32](m, "add")),
		"parameter 2 is a float32, not a float64":     bind(load.Func[func(int64, float64, float64) float64](m, "mix")),
		"result 1 is a float64, not a float32":        bind(load.Func[func(int64, float32, float64) float32](m, "mix")),
		"which no Go value is":                        bind(load.Func[func(any)](m, "reference")),
		"no symbol additon":                           bind(load.Func[func()](m, "additon")),
		"argument 2: a string is not a int32":         call(m.Call(t.Context(), "add", 1, "2")),
		"argument 1: nil is not a int32":              call(m.Call(t.Context(), "add", nil, 2)),
		"it has 2 parameters, not 3":                  call(m.Call(t.Context(), "add", 1, 2, 3)),
		"it is not a function":                        call(m.Call(t.Context(), "answer")),
		"it has one parameter, its input":             bind(load.Func[func(string, string) string](p, "echo")),
		"it has one result, its output, and an error": bind(load.Func[func(string) (string, string)](p, "echo")),
		"is neither bytes nor JSON":                   bind(load.Func[func(func()) string](p, "echo")),
		"arguments are strings, not int":              bind(load.Func[func(int) error](c, "main")),
		"argument 1 is a int, not a string":           call(c.Call(t.Context(), "main", 1)),
	} {
		var symbol *engine.SymbolError
		assert.ErrorAs(t, err, &symbol, want)
		assert.ErrorContains(t, err, want)
	}
}

// TestTraps: a call that traps is an error that says why, and the next one runs in a fresh
// instance.
func TestTraps(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "numbers.wasm")
	for _, test := range []struct {
		symbol, reason string
		args           []any
	}{
		{"crash", "unreachable", nil},
		{"divide", "integer divide by zero", []any{1, 0}},
		{"divide", "integer overflow", []any{-1 << 31, -1}},
		{"peek", "out of bounds memory access", []any{1 << 20}},
		{"deep", "stack overflow", nil},
	} {
		_, err := m.Call(t.Context(), "count")
		require.NoError(t, err)
		_, err = m.Call(t.Context(), test.symbol, test.args...)
		var trap *wasm.TrapError
		require.ErrorAs(t, err, &trap, test.symbol)
		assert.Equal(t, test.reason, trap.Reason)
		assert.Equal(t, test.symbol, trap.Symbol)
		out, err := m.Call(t.Context(), "count")
		require.NoError(t, err)
		assert.Equal(t, []any{int32(101)}, out, "the instance is fresh after %s", test.symbol)
	}
}

// TestNoMemory: what the host writes to the memory of a module that has none is its trap.
func TestNoMemory(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "blind.wasm")
	for range 2 {
		_, err := m.Call(t.Context(), "random")
		var trap *wasm.TrapError
		require.ErrorAs(t, err, &trap)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{Memory: 1 << 20}).load(t, "numbers.wasm")
	grow := func(pages int) any {
		out, err := m.Call(t.Context(), "grow", pages)
		require.NoError(t, err)
		return out[0]
	}
	assert.EqualValues(t, 1, grow(15))
	assert.EqualValues(t, -1, grow(1), "the memory is at its limit")
	out, err := m.Call(t.Context(), "table", 1<<30)
	require.NoError(t, err)
	assert.EqualValues(t, -1, out[0], "a table does not pass the limit of memory by")
	out, err = m.Call(t.Context(), "table", 1000)
	require.NoError(t, err)
	assert.EqualValues(t, 1, out[0])

	_, err = newWorld(t, wasm.Config{}).Load(t.Context(), "./testdata/huge.wasm")
	var failed *engine.InitError
	require.ErrorAs(t, err, &failed)
	assert.ErrorContains(t, err, "wasm.Config.Memory")
	_, err = load.New(load.Config{Engines: []engine.Engine{wasm.New(wasm.Config{Memory: 1000})}})
	assert.ErrorContains(t, err, "a memory limit of")
}

// TestLeastMemory: a module works with exactly the least memory that may be set; less is refused
// when it is set, and where it is set for one module when that is loaded.
func TestLeastMemory(t *testing.T) {
	t.Parallel()
	const least = 64 << 10
	for _, config := range []wasm.Config{{Memory: least}, {Memory: least, Instances: 2}} {
		m := newWorld(t, config).load(t, "numbers.wasm")
		out, err := m.Call(t.Context(), "grow", 1)
		require.NoError(t, err)
		assert.EqualValues(t, -1, out[0])
	}
	for _, memory := range []int64{-1, 1, 1000, least - 1} {
		e := wasm.New(wasm.Config{Memory: memory})
		var limit *engine.LimitError
		require.ErrorAs(t, e.Valid(), &limit, "%d", memory)
		require.ErrorAs(t, e.CanGrant(engine.Grants{Memory: memory}), &limit, "%d", memory)
		if memory > 0 {
			_, err := newWorld(t, wasm.Config{}, limited(load.Limits{Memory: memory})).Load(t.Context(), "./testdata/numbers.wasm")
			require.ErrorAs(t, err, &limit, "%d", memory)
			assert.ErrorContains(t, err, "64KiB")
		}
	}
}

// TestTime: a call that computes for ever ends with its context and its limit, and the host's
// collector is not held up by it.
func TestTime(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "numbers.wasm")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := m.Call(ctx, "spin")
		ended <- err
	}()
	require.Eventually(t, func() bool { return m.Stats().Running > 0 }, time.Minute, time.Millisecond)
	cancel()
	assert.ErrorIs(t, <-ended, context.Canceled)
	out, err := m.Call(t.Context(), "add", 1, 2)
	require.NoError(t, err)
	assert.Equal(t, []any{int32(3)}, out)

	short := newWorld(t, wasm.Config{}, limited(load.Limits{CallTime: 20 * time.Millisecond}))
	for _, test := range []struct {
		file, symbol string
		args         []any
	}{{"numbers.wasm", "spin", nil}, {"numbers.wasm", "many", []any{60}}, {"plugin.wasm", "loop", nil}} {
		_, err = short.load(t, test.file).Call(t.Context(), test.symbol, test.args...)
		var limit *engine.LimitError
		require.ErrorAs(t, err, &limit)
		assert.ErrorContains(t, err, test.file+": "+test.symbol+" took more than 20ms")
	}
}

// TestStart: what goes wrong when a module starts is an InitError.
func TestStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{})
	_, err := w.Load(t.Context(), "./testdata/start.wasm")
	var failed *engine.InitError
	require.ErrorAs(t, err, &failed)
	assert.ErrorContains(t, err, "unreachable")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = w.Load(ctx, "./testdata/endless.wasm")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

// TestClose: a call that runs when the module is closed ends, and so does everything after it.
func TestClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{})
	m := w.load(t, "numbers.wasm")
	add, err := load.Func[func(int32, int32) (int32, error)](m, "add")
	require.NoError(t, err)
	ended := make(chan error)
	go func() {
		_, err := m.Call(context.Background(), "spin")
		ended <- err
	}()
	require.Eventually(t, func() bool { return m.Stats().Running > 0 }, time.Minute, time.Millisecond)
	closing, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _ = w.Unload(closing, m.Name(), load.Force())
	assert.ErrorIs(t, <-ended, engine.ErrUnloaded)
	_, err = add(1, 2)
	assert.ErrorIs(t, err, engine.ErrUnloaded)
}

// TestTogether: goroutines share a module, whose calls run one after the other.
func TestTogether(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "numbers.wasm")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				_, err := m.Call(t.Context(), "count")
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	out, err := m.Call(t.Context(), "count")
	require.NoError(t, err)
	assert.EqualValues(t, 501, out[0])
}
