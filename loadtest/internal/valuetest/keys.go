package valuetest

import (
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

	// A key that cannot be carried is refused before anything runs.
	for _, want := range []reflect.Type{
		reflect.TypeFor[func(map[netip.Addr]int) int](), reflect.TypeFor[func(map[string]int) int](),
	} {
		_, err = m.Bind("AddrCount", want)
		require.Error(t, err)
		assert.Contains(t, err.Error(), "map[netip.Addr]int stays in the module: use *load.Object")
	}
	_, err = m.Call(t.Context(), "AddrCount", []any{map[string]int{"::1": 1}})
	gosuite.WantError(t, err, "map[netip.Addr]int stays in the module")
}
