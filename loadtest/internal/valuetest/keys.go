package valuetest

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testKeys: keys of maps cross whatever methods their types have.
func (s suite) testKeys(t *testing.T) {
	m := s.values(t)
	type (
		labels map[string]string
		metric struct {
			Labels labels
			Value  float64
		}
		grid struct{ X, Y int }
	)
	ab := labels{"a": "b"}
	same(t, m, "LabelText", ab, "a=b")
	same(t, m, "LabelText", labels(nil), "")
	assert.Equal(t, labels{"a": "b", "c": "d"}, gosuite.Bound[func(a, b labels) labels](t, m, "MergeLabels")(ab, labels{"c": "d"}))
	assert.Equal(t, labels{"a": "b"}, ab)
	object := gosuite.Call(t, m, "NewLabels", "k", "v").(*engine.Object)
	assert.Equal(t, "k=v", gosuite.Call(t, m, "LabelText", object))
	merge, err := load.Method[func(labels) labels](object, "Merge")
	require.NoError(t, err)
	assert.Equal(t, labels{"a": "b", "k": "v"}, merge(ab))
	copied, err := object.Copy(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"k": "v"}, copied)

	same(t, m, "MonthDays", map[time.Month]int{time.March: 31}, 31)
	same(t, m, "MonthDays", map[int]int{3: 31}, 31)
	assert.Equal(t, map[time.Month]int{1: 31}, gosuite.Bound[func(...time.Month) map[time.Month]int](t, m, "DaysOf")(1))
	assert.Equal(t, map[int]int{1: 31}, gosuite.Call(t, m, "DaysOf", 1))
	codes := map[int]string{1: "one"}
	same(t, m, "CodeTexts", codes, map[int]string{1: "one", 7: "code 7"})
	assert.Equal(t, "code 7", codes[7], "what the module puts into the host's map is there")
	same(t, m, "CodeSets", map[int]struct{}{2: {}, 1: {}}, []int{1, 2})
	same(t, m, "NestLabels", map[string]map[string]int{"a": {"b": 5}}, 5)
	same(t, m, "LabelLists", map[string][]string{"a": {"x"}}, "x")
	same(t, m, "MetricText", metric{ab, 1.5}, "a=b 1.5")
	same(t, m, "GridSum", map[grid]bool{{1, 2}: true, {3, 4}: false}, 3)
	assert.Equal(t, map[grid]string{{1, 2}: "1/2"}, gosuite.Bound[func(x, y int) map[grid]string](t, m, "GridOf")(1, 2))
	same(t, m, "DigestName", map[[2]byte]string{{1, 2}: "x"}, "x")
	assert.Equal(t, 4, gosuite.Bound[func(*map[string]int) int](t, m, "CountKeys")(&map[string]int{"a": 4}))
	assert.Equal(t, 12, gosuite.Bound[func(func(map[string]int) int) int](t, m, "WithKeys")(func(m map[string]int) int { return m["x"] + m["y"] }))
	s.testOpenKeys(t, m)

	// A key that cannot be carried is refused before anything runs.
	for _, want := range []reflect.Type{
		reflect.TypeFor[func(map[grid]int) int](), reflect.TypeFor[func(map[string]int) int](),
	} {
		_, err = m.Bind("OpaqueCount", want)
		gosuite.WantError(t, err, "map[values.Opaque]int stays in the module: use *load.Object")
	}
	_, err = m.Call(t.Context(), "OpaqueCount", []any{map[string]int{"::1": 1}})
	gosuite.WantError(t, err, "map[values.Opaque]int stays in the module")
	_, err = m.Bind("AddrCount", reflect.TypeFor[func(map[int]int) int]())
	gosuite.WantError(t, err, "netip.Addr stays in the module")
}

// testOpenKeys: keys with a text form, and keys in interfaces.
func (s suite) testOpenKeys(t *testing.T, m engine.Instance) {
	one, two := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	counts := map[netip.Addr]int{one: 5}
	assert.Equal(t, map[netip.Addr]int{two: 5}, gosuite.Bound[func(map[netip.Addr]int) map[netip.Addr]int](t, m, "AddrNext")(counts))
	assert.Equal(t, map[netip.Addr]int{one: 6}, counts, "what the module changes of the host's map is there")
	assert.Empty(t, gosuite.Bound[func(map[netip.Addr]int) map[netip.Addr]int](t, m, "AddrNext")(nil))
	out, err := m.Call(t.Context(), "AddrNext", []any{counts})
	require.NoError(t, err)
	assert.Equal(t, 1, gosuite.Call(t, m, "AddrCount", out[0]), "by name, an object")

	type routes struct {
		By   map[netip.Prefix][]string
		Any  map[any]string
		Name string
	}
	r := routes{map[netip.Prefix][]string{netip.MustParsePrefix("10.0.0.0/8"): {"a", "b"}}, map[any]string{1: "one", "k": "v"}, "n"}
	assert.Equal(t, "map[10.0.0.0/8:[a b]] 2 one v n\n", gosuite.Bound[func(routes) string](t, m, "RouteText")(r))
	keys := map[any]int{1: 2, "a": 3}
	assert.Equal(t, 5, gosuite.Bound[func(map[any]int) int](t, m, "AnyKeys")(keys))
	assert.Equal(t, map[any]int{1: 2, "a": 3, "new": 2}, keys)
	p := &plainItem{"p", 1}
	mixed := map[any]any{p: plainItem{"v", 2}, plainItem{"k", 1}: p, hiddenItem{"h", 1}: 1, closedItem{2}: nil, [2]int{1, 2}: "x"}
	assert.Equal(t, mixed, gosuite.Bound[func(map[any]any) map[any]any](t, m, "SameKeyed")(mixed))
	assert.Equal(t, mixed, gosuite.Bound[func(map[any]any) any](t, m, "SameKeys")(mixed))
	text, n := gosuite.Bound[func(map[fmt.Stringer]int) (string, int)](t, m, "TextKeys")(map[fmt.Stringer]int{closedItem{2}: 5})
	assert.Equal(t, "closed II 5", fmt.Sprint(text, " ", n))
}
