package starlark_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sky "go.starlark.net/starlark"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find"
	"github.com/stretchr/testify/assert"
)

type account struct {
	Owner   string
	balance int
}

func (a *account) Pay(n int) (int, error) {
	if a.balance += n; a.balance < 0 {
		return a.balance, errEmpty
	}
	return a.balance, nil
}

var errEmpty = errors.New("the account is empty")

type order struct {
	Price int
	Notes []string
}

var bank = map[string]any{
	"open":  func(owner string) *account { return &account{Owner: owner} },
	"total": func(orders []order) (n int) { return n + orders[0].Price + orders[1].Price },
	"place": func(o order) string { return fmt.Sprint(o.Price, o.Notes) },
	"swap":  func(a, b string) (string, string) { return b, a },
	"each":  func(f func(int) (int, error), n int) (int, error) { return f(n) },
	"owner": func(a *account) string { return a.Owner },
	"burst": func() { panic("boom") },
	"Fee":   7,
	"raw":   sky.Tuple{sky.MakeInt(1), sky.None},
}

const teller = `
load("bank", "open", "total", "place", "swap", "each", "owner", "burst", "Fee", "raw")

def pay(owner, *sums):
    a = open(owner)
    return [a.Pay(n) for n in sums], a.Owner, owner_of(a)

def owner_of(a): return owner(a)
def orders(): return total([{"price": 1}, struct(Price = 2)] if False else [{"Price": 1}, {"Price": 2}])
def named(): return place(Price = 3, Notes = ["a"])
def swapped(): return swap("a", "b")
def callback(): return each(lambda n: n * Fee, 6)
def bad_callback(): return each(lambda n: fail("no", n), 6)
def again(n): return each(again, n)
def bursts(): return burst()
def wrong(): return open(1)
def field(): return open("x").Ownr
`

func tellerModule(t *testing.T) (*world, *load.Module) {
	t.Helper()
	w := newWorld(t, starlark.Config{}, map[string]string{"m.star": teller})
	require.NoError(t, w.Loader.Register("bank", bank))
	return w, w.load(t, "m")
}

func TestBuiltinModules(t *testing.T) {
	t.Parallel()
	_, m := tellerModule(t)
	for symbol, want := range map[string]string{"orders": "[3]", "named": "[3 [a]]", "swapped": "[b a]", "callback": "[42]"} {
		results, err := m.Call(t.Context(), symbol)
		assert.NoError(t, err, symbol)
		assert.Equal(t, want, fmt.Sprint(results), symbol)
	}
	pay, err := load.Func[func(string, ...int) ([]int, string, string, error)](m, "pay")
	require.NoError(t, err)
	sums, owner, again, err := pay("Ada", 3, 4)
	assert.NoError(t, err)
	assert.Equal(t, "[3 7]AdaAda", fmt.Sprint(sums, owner, again))
	_, _, _, err = pay("Ada", -1)
	assert.ErrorIs(t, err, errEmpty)
}

func TestBuiltinErrors(t *testing.T) {
	t.Parallel()
	w, m := tellerModule(t)
	for symbol, want := range map[string]string{
		"bursts":       "bank: burst panicked: boom\n\tDIR/m.star:15:27: in bursts",
		"bad_callback": "fail: no 6\n\tDIR/m.star:13:47: in lambda\n\tDIR/m.star:13:32: in bad_callback",
		"wrong":        "bank: open does not fit: argument 1: int does not fit string\n\twant: (int)\n\thave: func(string) *starlark_test.account\n\tDIR/m.star:16:25: in wrong",
		"field":        "*starlark_test.account has no .Ownr field or method",
	} {
		_, err := m.Call(t.Context(), symbol)
		var eval *engine.EvalError
		require.ErrorAsf(t, err, &eval, "%s: %v", symbol, err)
		assert.Truef(t, strings.HasPrefix(strings.ReplaceAll(err.Error(), w.dir, "DIR"), want), "%s: %v", symbol, err)
	}
	// A script that calls itself through the host ends with an error, not with the host's stack.
	_, err := m.Call(t.Context(), "again", 1)
	var limit *engine.LimitError
	assert.ErrorAs(t, err, &limit)
}

// chain is a script of so many functions that call each other, of which f is the first and last the
// body of the last.
func chain(n int, last string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "f0 = lambda: %s\n", last)
	for i := range n {
		fmt.Fprintf(&b, "f%d = lambda: f%d()\n", i+1, i)
	}
	fmt.Fprintf(&b, "def f(n = 0): return f%d()\n", n)
	return b.String()
}

// TestDeepCalls: however a script's functions call each other, the stack of the host's goroutine
// does not overflow, which would end the program.
func TestDeepCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{Memory: -1}, map[string]string{
		"host.star":  "load(\"bank\", \"each\")\n" + chain(100, "each(f, 1)"),
		"long.star":  chain(30_000, "1"),
		"short.star": chain(5_000, "1"),
	})
	require.NoError(t, w.Loader.Register("bank", bank))
	for module, want := range map[string]string{
		"host": "more than 100000 calls of scripts wait for functions of the program, or call each other through them",
		"long": "its functions call each other deeper than 10000",
	} {
		_, err := w.load(t, module).Call(t.Context(), "f", 1)
		var limit *engine.LimitError
		require.ErrorAs(t, err, &limit, module)
		assert.Equal(t, want, limit.Reason, module)
	}
	_, err := w.load(t, "short").Call(t.Context(), "f")
	require.NoError(t, err)
	_, err = w.load(t, "host").Call(t.Context(), "f", 1)
	assert.ErrorContains(t, err, "wait for functions of the program", "those before have ended")
}

func TestImports(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{}, map[string]string{
		"a.star":       `load("lib/b", "f", b_list = "items")` + "\ndef g(): return f(b_list)\n",
		"lib/b.star":   `load("./c.star", "c")` + "\nitems = [c]\n",
		"lib/c.star":   "c = 3\n",
		"x.star":       `load("y", "y")`,
		"y.star":       `load("./z.star", "y")`,
		"z.star":       `load("x", "y")`,
		"none.star":    `load("./nowhere.star", "y")`,
		"symbol.star":  `load("./lib/c.star", "d")`,
		"private.star": `load("./lib/c.star", "_d")`,
		"fails.star":   "def f(x): return 1 // x\nf(0)\n",
		"uses.star":    `load("fails", "f")`,
	})
	w.write(t, "lib/b.star", `load("./c.star", "c")`+"\nitems = [c]\ndef f(x): return len(x), x[0]\n")
	g, err := load.Func[func() (int, int)](w.load(t, "a"), "g")
	require.NoError(t, err)
	n, c := g()
	assert.Equal(t, 1, n)
	assert.Equal(t, 3, c)
	m, err := w.Load(t.Context(), w.dir+"/lib/c.star")
	require.NoError(t, err, "the part is another module")
	assert.Same(t, w.load(t, "lib/c"), m, "the part is another module")
	for name, want := range map[string]string{
		"x":       "load x: import cycle: x → y → DIR/z.star → x",
		"symbol":  "load symbol: load: name d not found in module ./lib/c.star\n\tDIR/symbol.star:1:1: in <toplevel>",
		"private": "load private: it does not compile\n\tDIR/private.star:1:23: load: names with leading underscores are not exported: _d\n\t\tload(\"./lib/c.star\", \"_d\")\n\t\t                      ^",
		"fails":   "load fails: floored division by zero\n\tDIR/fails.star:1:20: in f\n\tDIR/fails.star:2:2: in <toplevel>",
		"uses":    "load uses → fails: floored division by zero\n\tDIR/fails.star:1:20: in f\n\tDIR/fails.star:2:2: in <toplevel>",
	} {
		_, err := w.Load(t.Context(), name)
		w.wantError(t, err, want)
	}
	_, err = w.Load(t.Context(), "none")
	assert.ErrorIs(t, err, find.ErrNotFound, err)
	assert.True(t, strings.HasPrefix(err.Error(), "load none → "+w.dir+"/nowhere.star: not found"), err)
	var cycle *load.CycleError
	_, err = w.Load(t.Context(), "y")
	assert.ErrorAs(t, err, &cycle)
}

// An installed script does not leave its folder, however it writes a path.
func TestInstalledStaysInside(t *testing.T) {
	t.Parallel()
	files := map[string]string{"p/init.star": `load("./own.star", "x")`, "p/own.star": "x = 1", "m.star": "x = 1"}
	w := newWorld(t, starlark.Config{}, files)
	for _, name := range []string{
		"../m.star", "./../m.star", "..", "./own/../../m.star", w.dir + "/m.star", "//" + w.dir + "/m.star", "file://" + w.dir + "/m.star", "file::./m.star",
		"git::file://" + w.dir, "git::FILE://" + w.dir, "x=./m.star", "x=" + w.dir + "/m.star", "x=file://" + w.dir + "/m.star",
	} {
		files["p/init.star"] = fmt.Sprintf("load(%q, \"x\")", name)
		w := newWorld(t, starlark.Config{}, files)
		_, err := w.installed(t, "p").Load(t.Context(), "p")
		w.wantError(t, err, "load p: cannot load "+name+": invalid module name: an installed module loads no files from outside of its folder\n\tDIR/p/init.star:1:1: in <toplevel>")
	}
}

// installed is a loader that has a module of the world as an installed one.
func (w *world) installed(t *testing.T, name string) *load.Loader {
	t.Helper()
	spec, err := w.Find(t.Context(), name)
	require.NoError(t, err)
	installed := *spec
	installed.Version = "v1.0.0"
	l, err := load.New(load.Config{Path: find.Path{fixed{&installed}}, Engines: []engine.Engine{starlark.New(starlark.Config{})}, Store: w.store})
	require.NoError(t, err)
	return l
}

type fixed struct{ spec *find.Spec }

func (f fixed) Find(context.Context, find.Name) (*find.Spec, error) { return f.spec, nil }
