package starlark_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/starlark"
)

// What the host shows of a script's values outside of a run has an end: a struct that contains
// itself overflowed the stack of the host, and a list that holds one other in many places took
// gigabytes.
func TestSignaturesOfHostileDefaults(t *testing.T) {
	t.Parallel()
	m := module(t, `
l = []
circle = struct(l = l)
l.append(circle)
def make():
    x = [1]
    for i in range(60): x = [x, x]
    return x
shared = make()
def f(x = circle): pass
def g(x = shared): pass
def h(x = "a" * 1000000): pass
def i(*, x = {"a": shared}): pass
def j(x = json): pass
def k(x = [1, (2, "b")], *, y = None): pass
members = struct(f = f, g = g)
`)
	var signatures []string
	for _, s := range m.Symbols() {
		if strings.HasPrefix(s.Signature, "def ") {
			signatures = append(signatures, s.Signature)
		}
	}
	assert.Equal(t, []string{
		"def f(x=...)", "def g(x=...)", "def h(x=...)", "def i(*, x=...)", "def j(x=...)",
		`def k(x=[1, (2, "b")], *, y=None)`, "def make()",
	}, signatures)
	_, err := load.Func[func(int, int)](m, "f") // whose error shows the signature
	assert.ErrorContains(t, err, "def f(x=...)")
	members, err := load.Value[*load.Object](m, "members")
	require.NoError(t, err)
	assert.Len(t, members.Methods(), 2)
}

type tree map[string]tree

// An error of a value deep in others is as short as its place: each step kept all that was within
// it again, gigabytes for a megabyte that all have as their key.
func TestErrorsOfDeepResults(t *testing.T) {
	w := newWorld(t, starlark.Config{Memory: 16 << 20}, map[string]string{"m.star": `
def nest(key):
    d = {key: 1}
    for i in range(300): d = {key: d}
    return d
def long(): return nest("a" * 100000)
def short(): return {"a": {"b": {"c": 1}}}
def fields(): return {"a" * 1000000: 1}
`})
	m := w.load(t, "m")
	long, err := load.Func[func() (tree, error)](m, "long")
	require.NoError(t, err)
	peak := heapPeak(func() { _, err = long() })
	assert.ErrorContains(t, err, "result 1: [...]: ")
	assert.Less(t, len(err.Error()), 1000)
	assert.Less(t, peak, int64(16<<20))

	short, err := load.Func[func() (tree, error)](m, "short")
	require.NoError(t, err)
	_, err = short()
	assert.ErrorContains(t, err, `result 1: ["a"]: ["b"]: ["c"]: a value of type int does not fit`)

	fields, err := load.Func[func() (struct{ A int }, error)](m, "fields")
	require.NoError(t, err)
	_, err = fields()
	assert.Less(t, len(err.Error()), 1000)
}

// Names that nothing defines are found in a moment: each was compared with all others, to say what
// was meant, which took minutes for a script of some 100 KiB and could not be interrupted.
func TestManyUndefinedNames(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 8000 {
		fmt.Fprintf(&b, "%s%d = 1\n", strings.Repeat("a", 100), i)
	}
	for i := range 8000 {
		fmt.Fprintf(&b, "%s%s%d\n", strings.Repeat("b", 40), strings.Repeat("a", 60), i)
	}
	w := newWorld(t, starlark.Config{}, map[string]string{
		"m.star":    b.String(),
		"late.star": "prices = 1\ndef f(): return price\n",
		"long.star": strings.Repeat("a", 129) + " = 1\n",
		"from.star": "load('late', '" + strings.Repeat("a", 129) + "')\n",
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // it took many minutes
	defer cancel()
	_, err := w.Load(ctx, "m")
	assert.ErrorContains(t, err, "m.star:8001:1: undefined: bbbb")
	assert.ErrorContains(t, err, "more")

	_, err = w.Load(ctx, "late")
	assert.ErrorContains(t, err, "undefined: price (did you mean prices?)")
	_, err = w.Load(ctx, "long")
	assert.ErrorContains(t, err, "a name is longer than 128 bytes")
	_, err = w.Load(ctx, "from")
	assert.ErrorContains(t, err, "a name is longer than 128 bytes")
}
