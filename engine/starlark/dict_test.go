package starlark_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/starlark"
)

// literal is a dict that is written out with n entries and one more.
func literal(n int, more string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d: %d, ", i, i*i)
	}
	return "{" + b.String() + more + "}"
}

// TestDicts: dicts that a script makes at once, whose growth is checked, are those of the language.
func TestDicts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		want   string
		err    string
	}{
		"comprehension":    {"return str({x: x * x for x in range(3)})", "{0: 0, 1: 1, 2: 4}", ""},
		"order":            {"return str({x: None for x in [3, 1, 2, 1]}.keys())", "[3, 1, 2]", ""},
		"the last counts":  {"return str({x % 2: x for x in range(5)}.items())", "[(0, 4), (1, 3)]", ""},
		"empty":            {"return str([{x: x for x in []}, {x: x for x in range(3) if x > 5}])", "[{}, {}]", ""},
		"conditions":       {"return str({(x, y): x for x in range(3) if x for y in range(x) if y})", "{(2, 1): 2}", ""},
		"unpacked":         {"return str({k: v for k, v in {\"a\": 1}.items()})", `{"a": 1}`, ""},
		"nested":           {"return str({x: {y: {z: x for z in [y]} for y in [x]} for x in [1]})", "{1: {1: {1: 1}}}", ""},
		"in its own parts": {"return str({len({a: 1 for a in [x, x]}): {x: 2 for x in [x]} for x in [7]})", "{1: {7: 2}}", ""},
		"its own variable": {"x = [1, 2]\n    return str([{x: x for x in x}, x])", "[{1: 1, 2: 2}, [1, 2]]", ""},
		"closures":         {"return str([f() for f in {i: (lambda i = i: {i: j for j in [i]}) for i in range(2)}.values()])", "[{0: 0}, {1: 1}]", ""},
		"changed later":    {"d = {x: x for x in range(2)}\n    d[5] = 5\n    d.pop(0)\n    return str(d)", "{1: 1, 5: 5}", ""},
		"far apart":        {"return str(len({i * 1024: i for i in range(20000)}))", "20000", ""},
		"large literal":    {"d = " + literal(1000, "\"a\": {1: 2}") + "\n    return str([len(d), d[999], d[\"a\"]])", "[1001, 998001, {1: 2}]", ""},
		"unhashable":       {"return {[]: 1 for x in range(3)}", "", "unhashable type: list"},
		"duplicate":        {"return " + literal(1000, "7: 1"), "", "duplicate key: 7"},
		"small duplicate":  {"return " + literal(10, "7: 1"), "", "duplicate key: 7"},
		"its key fails":    {"return {1 // x: x for x in [0]}", "", "floored division by zero"},
	} {
		w := newWorld(t, starlark.Config{}, map[string]string{"m.star": "def f():\n    " + c.script + "\n"})
		out, err := w.load(t, "m").Call(t.Context(), "f")
		if c.err != "" {
			require.ErrorContains(t, err, c.err, name)
			assert.ErrorContains(t, err, "m.star:2:", name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, []any{c.want}, out, name)
	}
}
