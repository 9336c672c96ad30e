package wasm_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/find/dir"
)

func withProgram(c *load.Config) {
	c.Path, c.Engines = find.Path{dir.New("."), builtin.New()}, append(c.Engines, native.New())
}

type item struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

var errSold = errors.New("sold out")

// program is what registers everything that testdata/program.wasm imports.
func program(t *testing.T, config wasm.Config, change func(user map[string]any)) *world {
	t.Helper()
	w := newWorld(t, config, withProgram)
	user := map[string]any{
		"multiply": func(a, b int32) int64 { return int64(a) * int64(b) },
		"upper":    strings.ToUpper,
		"price": func(_ context.Context, i item) (map[string]int, error) {
			if i.Count == 0 {
				return nil, errSold
			}
			return map[string]int{i.Name: 3 * i.Count}, nil
		},
	}
	if change != nil {
		change(user)
	}
	require.NoError(t, w.Register("extism/host/user", user))
	require.NoError(t, w.Register("tools", map[string]any{"half": func(x float64) float64 { return x / 2 }}))
	require.NoError(t, w.Register("env", map[string]any{"note": func(int) {}}))
	return w
}

// TestRegistered: modules call the functions that the program registered under the name of the
// module that they import; plugins pass them bytes, JSON and numbers, others numbers.
func TestRegistered(t *testing.T) {
	t.Parallel()
	w := program(t, wasm.Config{MaxOutput: 100}, nil)
	m := w.load(t, "program.wasm")
	text := func(symbol, input string) (string, error) {
		out, err := m.Call(t.Context(), symbol, input)
		if err != nil {
			return "", err
		}
		return out[0].(string), nil
	}
	got, err := text("upper", "text")
	require.NoError(t, err)
	assert.Equal(t, "TEXT", got)
	got, err = text("upper", "")
	require.NoError(t, err, "nothing is the place 0")
	assert.Empty(t, got)
	got, err = text("price", `{"name":"tea","count":2}`)
	require.NoError(t, err)
	assert.Equal(t, `{"tea":6}`, got)
	_, err = text("note", "")
	require.NoError(t, err)
	half, err := m.Call(t.Context(), "half", 5.0)
	require.NoError(t, err)
	assert.Equal(t, []any{2.5}, half)
	var failed *wasm.PluginError
	_, err = text("multiply", "")
	require.ErrorAs(t, err, &failed)
	assert.EqualValues(t, 42, failed.Code)
	quarter, err := w.load(t, "bare.wasm").Call(t.Context(), "quarter", 6.0)
	require.NoError(t, err)
	assert.Equal(t, []any{1.5}, quarter)

	for _, test := range []struct{ symbol, input, want string }{
		{"price", `{"count":0}`, "price: sold out"},
		{"price", `{"count":"two"}`, "price: argument 1: json: cannot unmarshal string"},
		{"price", `{"name":"` + strings.Repeat("x", 100) + `"}`, "price: argument 1: it has 111 bytes, and 100 are decoded"},
		{"nowhere", "", "upper: there is no block at 99999"},
		{"narrow", "", "multiply: argument 2: 9223372036854775807 does not fit into a int32"},
	} {
		_, err := text(test.symbol, test.input)
		var trap *wasm.TrapError
		require.ErrorAs(t, err, &trap, test.want)
		assert.Contains(t, trap.Reason, test.want)
		got, err := text("upper", "alive")
		require.NoError(t, err)
		assert.Equal(t, "ALIVE", got)
	}
	_, err = text("price", `{}`)
	require.ErrorIs(t, err, errSold)
	_, err = w.Unload(t.Context(), "tools")
	assert.ErrorContains(t, err, "program.wasm", "a module that runs depends on it")
}

// TestRegisteredMisbehave: what a function of the program does is an error of the call that it is
// part of, and the module goes on.
func TestRegisteredMisbehave(t *testing.T) {
	t.Parallel()
	var m *load.Module
	w := program(t, wasm.Config{}, func(user map[string]any) {
		user["upper"] = func(ctx context.Context, s string) (string, error) {
			switch s {
			case "panic":
				panic("oh")
			case "again":
				_, err := m.Call(ctx, "upper", "inner")
				return "", err
			case "wait":
				<-ctx.Done()
				return "", ctx.Err()
			}
			return strings.Repeat(s, 2), nil
		}
		user["price"] = func([]byte) ([]byte, error) { return make([]byte, 512<<20), nil }
	})
	m = w.load(t, "program.wasm")
	_, err := m.Call(t.Context(), "upper", "panic")
	var panicked *engine.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "oh", panicked.Value)
	_, err = m.Call(t.Context(), "upper", "again")
	require.ErrorIs(t, err, wasm.ErrReentered)
	_, err = m.Call(t.Context(), "price", "much")
	assert.ErrorContains(t, err, "price: there is no room for 536870912 bytes")
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	go cancel(cause)
	_, err = m.Call(ctx, "upper", "wait")
	require.ErrorIs(t, err, cause)
	out, err := m.Call(t.Context(), "upper", "a")
	require.NoError(t, err)
	assert.Equal(t, []any{"aa"}, out)
}

// TestUnregistered: every function that nobody provides is named, with who could and how.
func TestUnregistered(t *testing.T) {
	t.Parallel()
	open := func(w *world, name string) string {
		_, err := w.Load(t.Context(), "./testdata/"+name)
		var failed *engine.CompileError
		require.ErrorAs(t, err, &failed)
		return err.Error()
	}
	for _, w := range []*world{newWorld(t, wasm.Config{}), newWorld(t, wasm.Config{}, withProgram)} {
		text := open(w, "program.wasm")
		for _, want := range []string{
			`extism:host/user multiply: the program registered no module extism/host/user; Loader.Register("extism/host/user", map[string]any{"multiply": func(int64, int64) int64 {…}}) provides it`,
			`extism:host/user price: the program registered no module`,
			`tools half: the program registered no module tools; Loader.Register("tools", map[string]any{"half": func(float64) float64 {…}}) provides it`,
			`env note: the program registered no module env; Loader.Register("env", map[string]any{"note": func(int32) {…}}) provides it; a function that was not linked is often the reason`,
		} {
			assert.Contains(t, text, want)
		}
	}
	for reason, upper := range map[string]any{
		"extism/host/user has no symbol upper":                                                      nil,
		"it is a string in the program, not a function":                                             "text",
		"imports a func(int64) int64: it has 2 parameters, not 1":                                   func(a, b string) string { return a + b },
		"imports a func(int64) int64: it has 0 results, not 1":                                      func(string) error { return nil },
		"imports a func(int64) int64: parameter 1, a int64, cannot be a float64 of the program":     func(float64) string { return "" },
		"imports a func(int64) int64: parameter 1, a int64, cannot be a chan string of the program": func(chan string) string { return "" },
		"imports a func(int64) int64: result 1, a func() of the program, cannot be a int64":         func(string) func() { return nil },
		"imports a func(int64) int64: it is variadic":                                               func(...string) string { return "" },
	} {
		w := program(t, wasm.Config{}, func(user map[string]any) {
			if user["upper"] = upper; upper == nil {
				delete(user, "upper")
			}
		})
		text := open(w, "program.wasm")
		assert.Contains(t, text, reason)
		assert.NotContains(t, text, "multiply")
	}
	w := newWorld(t, wasm.Config{}, withProgram)
	require.NoError(t, w.Register("tools", map[string]any{"half": func(string) string { return "" }}))
	assert.Contains(t, open(w, "bare.wasm"), "parameter 1, a float64, cannot be a string of the program")
}

// TestOnlyRegistered: a folder or an installed module of the name that a module imports from is
// never run.
func TestOnlyRegistered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{}, withProgram, func(c *load.Config) { c.Path = find.Path{dir.New("."), dir.New("testdata/shadow"), builtin.New()} })
	require.NoError(t, w.Register("tools", map[string]any{"half": func(x float64) float64 { return x }}))
	_, err := w.Load(t.Context(), "./testdata/bare.wasm")
	assert.ErrorContains(t, err, "tools half: the program registered no module of that name: ")
	assert.ErrorContains(t, err, "shadow/tools is found before")
}
