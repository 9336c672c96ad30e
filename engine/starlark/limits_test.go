package starlark_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const hungry = `
def loop():
    while True: pass
def recur(n): return recur(n)
def repeat(): return "a" * 1000000000
def repeat_left(): return 1000000000 * "a"
def repeat_list(): return [0] * 100000000
def repeat_into():
    x = ["a"]
    x[0] *= 1000000000
def double():
    x = "abc"
    while True: x += x
def double_list():
    x = [1]
    while True: x += x
def append():
    x = []
    while True: x.append([1, 2, 3, 4, 5, 6, 7, 8])
def wide(): return list(range(1000000000))
def extend(): return [].extend(range(1000000000))
def square():
    x = 3
    while True: x *= x
def join(): return ("x" * 1000000).join(["y"] * 1000000)
def join_value():
    f = ("x" * 1000000).join
    return f(["y"] * 1000000)
def join_attr(): return getattr("x" * 1000000, "join")(["y"] * 1000000)
def replace(): return ("x" * 1000000).replace("x", "y" * 1000000)
def format(): return ("{0}" * 1000).format("y" * 1000000)
def percent(): return ("%s" * 1000) % (("y" * 1000000,) * 1000)
def percent_named(): return ("%(k)s" * 1000) % {"k": "y" * 1000000}
def percent_into():
    x = "%(k)s" * 1000
    x %= {"k": "y" * 1000000}
def percent_element():
    x = ["%(k)s" * 1000]
    x[0] %= {"k": "y" * 1000000}
def text(): return str(["y" * 1000000] * 1000)
def encode(): return json.encode(["y" * 1000000] * 1000)
def decode(): return json.decode("[" * 1000000)
def digits(): return int("9" * 10000000)
def columns(): return zip(*([range(1000000)] * 1000))
def nested():
    x = []
    for i in range(100000): x = [x]
    return str(x)
def fail_big(): return fail("y" * 100000000, "y" * 100000000, "y" * 100000000)
def shared():
    t = ()
    for i in range(60): t = (t, t)
    return lambda: t
`

// Every way to use up the host ends at once with an error that says which limit it met. The test
// runs alone: it measures the memory of the whole program.
func TestLimits(t *testing.T) {
	w := newWorld(t, starlark.Config{Steps: 20_000_000, Memory: 64 << 20}, map[string]string{"m.star": hungry})
	m := w.load(t, "m")
	const (
		memory = "\n\tset starlark.Config.Memory to allow more"
		result = "its result takes more than 64MiB of memory"
		atOnce = "one of its operations would take more than 4194304 steps at once"
		nested = "a value is nested deeper than 1000"
	)
	wants := map[string]string{
		"loop": "it took more than 20000000 steps", "append": "more than 64MiB of memory",
		"repeat": result, "repeat_left": result, "repeat_list": result, "repeat_into": result, "double": result, "double_list": result,
		"wide": result, "extend": result, "square": "its result is a number of more than 1048576 bits",
		"join": result, "join_value": result, "join_attr": result, "replace": result, "format": result, "percent": atOnce, "percent_named": result, "percent_into": result, "percent_element": result,
		"text": atOnce, "encode": atOnce, "fail_big": result, "columns": result, "decode": nested, "nested": nested,
		"digits": "a number of more than 131072 digits", "shared": "its values refer to tuples more than 2097152 times",
	}
	for _, s := range m.Symbols() {
		want, ok := wants[s.Name]
		if !ok {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			_, err := m.Call(t.Context(), s.Name)
			var limit *engine.LimitError
			require.ErrorAsf(t, err, &limit, "%.300v", err)
			require.Truef(t, strings.HasSuffix(limit.Reason, want), "%.300v", err)
			assert.Falsef(t, want == result && !strings.HasSuffix(err.Error(), memory), "%.300v", err)
		})
	}
	_, err := m.Call(t.Context(), "recur", 1)
	w.wantError(t, err, "function recur called recursively\n\tDIR/m.star:4:22: in recur\n\tDIR/m.star:4:27: in recur")
	_, err = m.Call(t.Context(), "repeat")
	w.wantError(t, err, result+"\n\tDIR/m.star:5:26: in repeat"+memory)
}

// What is below the limits works as it does without them.
func TestCheckedOperations(t *testing.T) {
	t.Parallel()
	m := module(t, `
def f():
    x = [1]
    alias = x
    x += [2]
    n = 6
    n *= 7
    s = "a"
    s *= 3
    y = {"k": "b"}
    y["k"] *= 2
    z = "%s"
    z %= 5
    v = {"k": "%s!"}
    v["k"] %= "w"
    r = 7
    r %= 4
    return [
        alias, n, s, y, z, v, r, 2 * "ab", "ab" * 2, [1] * 2, 2 * (1,), 2.5 * 2, 7 % 4, "%s-%d" % ("a", 1), "%s" % "b", "%(k)s" % {"k": 1},
        ",".join(["a", "b"]), "aXb".replace("X", "--"), "{}{}".format(1, 2), getattr("-", "join")(["c", "d"]), list(range(3)),
        str([1]), json.encode({"a": [1]}), json.decode("[1, \"[\"]"), zip([1], [2]), int("12"), 3 * time.second, b"a" * 2, "ab".upper(), ("x",) + (1,),
    ]
`)
	f, err := load.Func[func() (*engine.Object, error)](m, "f")
	require.NoError(t, err)
	o, err := f()
	require.NoError(t, err)
	want := `[[1, 2], 42, "aaa", {"k": "bb"}, "5", {"k": "w!"}, 3, "abab", "abab", [1, 1], (1, 1), 5.0, 3, "a-1", "b", "1", "a,b", "a--b", "12", "c-d", [0, 1, 2], "[1]", "{\"a\":[1]}", [1, "["], [(1, 2)], 12, 3s, b"aa", "AB", ("x", 1)]`
	assert.Equal(t, want, o.String())
}

// TestNumbersCount: what is done with large numbers counts as steps, whatever is done, and where
// they are in the script as they are.
func TestNumbersCount(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"-x", "~x", "x >> 1", "abs(x)", "0x" + strings.Repeat("f", 250_000) + " * 3"} {
		m := newWorld(t, starlark.Config{Steps: 10_000_000}, map[string]string{
			"m.star": "def f(n):\n    x = 3\n    for i in range(19): x = x * x\n    for i in range(n): " + what + "\n    return n\n",
		}).load(t, "m")
		out, err := m.Call(t.Context(), "f", 10)
		require.NoError(t, err, "%.20s", what)
		assert.Equal(t, []any{10}, out)
		_, err = m.Call(t.Context(), "f", 10_000)
		assert.ErrorContains(t, err, "it took more than 10000000 steps", "%.20s", what)
	}
}

// TestNestedCallsShareMemory: what waits for the host, while that calls scripts or loads more of
// them, has one limit with what it waits for. The test runs alone: it measures the memory of the
// whole program.
func TestNestedCallsShareMemory(t *testing.T) {
	const limit, depth = 16 << 20, 30
	files := map[string]string{"m.star": `
load("host", "each", "within", "again")
def lambdas(n):
    if n == 0: return 0
    x = "a" * 4000000
    return each(lambda i: lambdas(n - 1) + 0 * len(x), 1)
def globals(n):
    if n == 0: return 0
    x = "a" * 4000000
    return each(globals, n - 1) + 0 * len(x)
def kept(n):
    if n == 0: return 0
    x = "a" * 4000000
    return again(n - 1) + 0 * len(x)
within(kept)
def little(n):
    if n == 0: return 0
    x = "a" * 200000
    return each(little, n - 1) + 0 * len(x)
def garbage(n):
    for i in range(20): x = "a" * 4000000 + str(i)
    x = None
    return each(lambda i: len("b" * 4000000), 1)
`}
	for i := range depth {
		files[fmt.Sprintf("f%d.star", i)] = fmt.Sprintf("x = \"a\" * 4000000\nload(\"./f%d.star\", y = \"x\")\n", i+1)
	}
	files[fmt.Sprintf("f%d.star", depth)] = "x = 1\n"
	var many, tree strings.Builder
	for i := range 15 {
		files[fmt.Sprintf("g%d.star", i)] = "x = \"a\" * 4000000\n"
		fmt.Fprintf(&many, "load(\"./g%d.star\", x%d = \"x\")\n", i, i)
		files[fmt.Sprintf("h%d.star", i)] = "x = \"a\" * 2000000\n"
		files[fmt.Sprintf("t%d.star", i/2)] += fmt.Sprintf("load(\"./h%d.star\", x%d = \"x\")\n", i, i)
		files[fmt.Sprintf("l%d.star", i)] = "def f(): return [\"a\" * 100000 for i in range(100)]\nx = len(f())\n"
	}
	for i := range 8 {
		files[fmt.Sprintf("t%d.star", i)] += "x = 1\n"
		fmt.Fprintf(&tree, "load(\"./t%d.star\", y%d = \"x\")\n", i, i)
	}
	files["many.star"], files["tree.star"] = many.String(), tree.String()
	files["thrifty.star"] = strings.ReplaceAll(many.String(), "./g", "./l")
	w := newWorld(t, starlark.Config{Memory: limit}, files)
	var kept func(context.Context, int) (int, error)
	require.NoError(t, w.Loader.Register("host", map[string]any{
		"each":   func(f func(int) (int, error), n int) (int, error) { return f(n) },
		"within": func(f func(context.Context, int) (int, error)) { kept = f },
		"again":  func(ctx context.Context, n int) (int, error) { return kept(ctx, n) },
	}))
	m := w.load(t, "m")
	for _, name := range []string{"lambdas", "globals", "kept"} {
		var err error
		peak := heapPeak(func() { _, err = m.Call(t.Context(), name, depth) })
		var refused *engine.LimitError
		require.ErrorAs(t, err, &refused, name)
		assert.Less(t, peak, int64(2*limit), name)
	}
	for _, name := range []string{"little", "garbage"} {
		_, err := m.Call(t.Context(), name, depth)
		require.NoError(t, err, name)
	}
	for _, name := range []string{"f0", "many", "tree"} {
		var err error
		peak := heapPeak(func() { _, err = w.Load(t.Context(), name) })
		var refused *engine.LimitError
		require.ErrorAs(t, err, &refused, name)
		assert.Less(t, peak, int64(2*limit), name)
	}
	w.load(t, "thrifty")
}

func TestTopLevelLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{Steps: 100_000}, map[string]string{
		"loop.star":   "while True:\n\tpass\n",
		"deep.star":   "x = []\nfor i in range(5000): x = [x]\n",
		"shared.star": "t = ()\nfor i in range(60): t = (t, t)\n",
	})
	for name, want := range map[string]string{
		"loop":   "load loop: it took more than 100000 steps\n\tDIR/loop.star:1:1: in <toplevel>\n\tset starlark.Config.Steps to allow more",
		"deep":   "load deep: a value is nested deeper than 1000",
		"shared": "load shared: its values refer to tuples more than 2097152 times",
	} {
		_, err := w.Load(t.Context(), name)
		w.wantError(t, err, want)
		var initial *engine.InitError
		var limit *engine.LimitError
		assert.ErrorAs(t, err, &initial, name)
		assert.ErrorAs(t, err, &limit, name)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{Steps: 1 << 62}, map[string]string{"m.star": hungry, "loop.star": "while True: pass"})
	m := w.load(t, "m")
	cause := errors.New("no longer wanted")
	loop, err := load.Func[func(context.Context) error](m, "loop")
	require.NoError(t, err)
	for name, run := range map[string]func(context.Context) error{
		"bound":     loop,
		"by name":   func(ctx context.Context) error { _, err := m.Call(ctx, "loop"); return err },
		"top level": func(ctx context.Context) error { _, err := w.Load(ctx, "loop"); return err },
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		started := make(chan error, 1)
		go func() { started <- run(ctx) }()
		cancel(cause)
		err := <-started
		assert.ErrorIs(t, err, cause, name)
	}
}

func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{}, map[string]string{
		"colon.star":  "def f(x)\n\treturn x\n",
		"names.star":  "x = 1\n\tif y:\n",
		"two.star":    "def f():\n\treturn ä + b\n",
		"string.star": "x = 'abc",
		"nested.star": "x = " + strings.Repeat("(", 5000),
		"large.star":  "#" + strings.Repeat(" ", 5<<20),
		"byte.star":   "x = \x00",
		"empty.star":  "",
		"sum.star":    "x = 1" + strings.Repeat("+1", 6000),
		"dots.star":   "def f(x): return x" + strings.Repeat(".x", 6000),
		"calls.star":  "def f(x): return x" + strings.Repeat("()", 6000),
		"code.star":   strings.Repeat("x = 1+1\n", 500_000),
		"text.star":   "x = '''" + strings.Repeat("it is a text\n", 200_000) + "'''",
	})
	for name, want := range map[string]string{
		"colon":  "DIR/colon.star:2:1: got newline, want ':'\n\t\t\treturn x\n\t\t^",
		"names":  "DIR/names.star:2:2: got indent, want primary expression\n\t\t\tif y:\n\t\t\t^",
		"two":    "DIR/two.star:2:9: undefined: ä\n\t\t\treturn ä + b\n\t\t\t       ^\n\tDIR/two.star:2:13: undefined: b\n\t\t\treturn ä + b\n\t\t\t           ^",
		"string": "DIR/string.star:1:5: unexpected EOF in string\n\t\tx = 'abc\n\t\t    ^",
		"nested": "DIR/nested.star:1:82: excessive nesting",
	} {
		_, err := w.Load(t.Context(), name)
		var compile *engine.CompileError
		if !assert.ErrorAs(t, err, &compile, name) {
			continue
		}
		w.wantError(t, err, "load "+name+": it does not compile\n\t"+want)
	}
	_, err := w.Load(t.Context(), "large")
	w.wantError(t, err, "load large: it is larger than 4MiB")
	_, err = w.Load(t.Context(), "byte")
	w.wantError(t, err, "load byte: it is not a text: it holds a NUL byte")
	var all []string
	for i := range 20_000 {
		all = append(all, fmt.Sprint("a", i))
	}
	names := strings.Join(all, ",")
	w.write(t, "lambdas.star", "def f("+names+"): return "+strings.Repeat("lambda: ", 400)+"["+names+"]")
	w.write(t, "comprehensions.star", "def f("+names+"): return "+strings.Repeat("{1: ", 40)+"["+names+"]"+strings.Repeat(" for b in a0}", 40))
	for _, name := range []string{"lambdas", "comprehensions"} { // what compiling them took grew by the product
		_, err = w.Load(t.Context(), name)
		w.wantError(t, err, "load "+name+": compiling it takes more than 256MiB of memory\n\tset starlark.Config.Memory to allow more")
	}
	w.write(t, "few.star", "def f(a0): return "+strings.Repeat("lambda: ", 400)+"[a0]")
	w.load(t, "few")
	w.write(t, "digits.star", "x = "+strings.Repeat("9", 4_000_000))
	_, err = w.Load(t.Context(), "digits") // reading it took minutes
	w.wantError(t, err, "load digits: it has more than 131072 digits in a row")
	w.write(t, "bits.star", "x = 0x"+strings.Repeat("f", 1<<18+1))
	_, err = w.Load(t.Context(), "bits")
	w.wantError(t, err, "load bits: it does not compile\n\tDIR/bits.star:1:5: a number has more than 1048576 bits")
	w.load(t, "empty")
	w.load(t, "text")
	for _, name := range []string{"sum", "dots", "calls"} {
		_, err = w.Load(t.Context(), name)
		assert.ErrorContains(t, err, "an expression is nested deeper than 5000", name)
	}
	_, err = w.Load(t.Context(), "code")
	w.wantError(t, err, "load code: compiling it takes more than 256MiB of memory\n\tset starlark.Config.Memory to allow more")
}

// TestLeastMemory: a script works with exactly the least memory that may be set; less is refused
// when it is set.
func TestLeastMemory(t *testing.T) {
	t.Parallel()
	const least = 1 << 20
	const text = "load(\"n.star\", \"names\")\n\ndef f():\n    return [n.upper() for n in sorted(names)] + [json.encode(struct(a = 1))]\n"
	w := newWorld(t, starlark.Config{Memory: least}, map[string]string{"m.star": text, "n.star": "names = [\"b\", \"a\"]\n"})
	out, err := w.load(t, "m").Call(t.Context(), "f")
	require.NoError(t, err)
	assert.Equal(t, []any{[]any{"A", "B", `{"a":1}`}}, out)
	for _, memory := range []int64{1, 4 << 10, 64 << 10, least - 1} {
		var limit *engine.LimitError
		require.ErrorAs(t, starlark.New(starlark.Config{Memory: memory}).Valid(), &limit, "%d", memory)
		_, err := load.New(load.Config{Engines: []engine.Engine{starlark.New(starlark.Config{Memory: memory})}})
		require.ErrorContains(t, err, "a memory limit of")
	}
	for _, memory := range []int64{-1, 0, least} {
		require.NoError(t, starlark.New(starlark.Config{Memory: memory}).Valid())
	}
}
