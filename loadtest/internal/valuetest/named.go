package valuetest

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testNamedFunctions: a function type may have methods of its own, and parameters that nobody can
// name.
func (s suite) testNamedFunctions(t *testing.T) {
	m := s.values(t)
	add := func(n int) int { return n + 5 }
	if got, err := gosuite.Bound[func(func(int) int, int) (int, error)](t, m, "ApplyTwice")(add, 1); got != 11 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if out, err := m.Call(t.Context(), "ApplyTwice", []any{add, 1}); err != nil || out[0] != 11 {
		t.Errorf("by name: %v, %v", out, err)
	}
	option := gosuite.Call(t, m, "WithSeal").(*engine.Object)
	assert.Equal(t, "option", gosuite.Call(t, m, "OptionText", option))
	if v, err := m.Bind("Sealing", reflect.TypeFor[any]()); err != nil {
		t.Error(err)
	} else if got := gosuite.Call(t, m, "OptionText", v.Interface()); got != "option" {
		t.Errorf("got %v", got)
	}
	assert.Equal(t, 2, gosuite.Call(t, m, "CountOptions", option, option))
	policy := gosuite.Call(t, m, "NewPolicy").(*engine.Object)
	assert.Equal(t, 3, gosuite.Call(t, m, "PolicyOf", policy, 3))
	_, err := m.Call(t.Context(), "OptionText", []any{func() {}})
	gosuite.WantError(t, err, "SealedOption cannot be given by the host")
}

// testErrorIdentity: an error that comes back to the module is the same error there, whatever its
// type.
func (s suite) testErrorIdentity(t *testing.T) {
	m := s.values(t)
	wrong := gosuite.Bound[func(string) error](t, m, "CheckLength")("four")
	is := gosuite.Bound[func(error) (int, bool)](t, m, "IsLengthError")
	length, ok := is(wrong)
	assert.Equalf(t, 4, length, "%v came back as another error: %d, %v", wrong, length, ok)
	assert.Truef(t, ok, "%v came back as another error: %d, %v", wrong, length, ok)
	_, ok = is(nil)
	assert.False(t, ok, "nil is an error")
	code := gosuite.Call(t, m, "*CodeError", struct{ Code int }{7}).(*engine.Object)
	got, ok := gosuite.Bound[func(*engine.Object) (int, bool)](t, m, "CodeOf")(code)
	assert.Equalf(t, 7, got, "an object as an error: %d, %v", got, ok)
	assert.Truef(t, ok, "an object as an error: %d, %v", got, ok)
	if out, err := m.Call(t.Context(), "CodeOf", []any{code}); err != nil || out[0] != 7 {
		t.Errorf("by name: %v, %v", out, err)
	}
	out, err := m.Call(t.Context(), "IsLengthError", []any{wrong})
	require.NoError(t, err)
	assert.Equal(t, 4, out[0])
	assert.Equal(t, true, out[1])
}

// testConversions: a type is called to make a value of it, which the module sees as one of that
// type.
func (s suite) testConversions(t *testing.T) {
	m := s.values(t)
	type point struct{ X, Y int }
	for _, c := range []struct {
		symbol string
		value  any
		want   string
	}{
		{"Point", point{1, 2}, "values.Point {1 2}"},
		{"Point", struct{ Y int }{2}, "values.Point {0 2}"},
		{"*Point", point{1, 2}, "*values.Point &{1 2}"},
		{"NameList", []string{"a"}, "values.NameList [a]"},
		{"Celsius", 20, "values.Celsius 20.0°C"},
		{"*Account", struct{ Owner string }{"ann"}, "*values.Account &{ann 0}"},
	} {
		o, ok := gosuite.Call(t, m, c.symbol, c.value).(*engine.Object)
		if !ok {
			t.Errorf("%s: %v is no object", c.symbol, o)
		} else if got := gosuite.Call(t, m, "Dynamic", o); got != c.want {
			t.Errorf("%s: got %s, want %s", c.symbol, got, c.want)
		}
	}
	names := gosuite.Bound[func([]string) *engine.Object](t, m, "NameList")([]string{"x", "y"})
	if first, err := names.Call(t.Context(), "First"); err != nil || first[0] != "x" {
		t.Errorf("got %v, %v", first, err)
	}
	if plain, err := names.Copy(t.Context()); err != nil || !reflect.DeepEqual(plain, []string{"x", "y"}) {
		t.Errorf("copied: %v, %v", plain, err)
	}
	if plain, err := gosuite.Call(t, m, "Celsius", 20).(*engine.Object).Copy(t.Context()); err != nil || plain != 20.0 {
		t.Errorf("copied: %v, %v", plain, err)
	}
	account := gosuite.Call(t, m, "Account", struct{ Owner string }{"ann"}).(*engine.Object)
	_, err := account.Copy(t.Context())
	gosuite.WantError(t, err, "values.Account does not fit: it cannot be copied")
	back := gosuite.Bound[func(*engine.Object) []string](t, m, "NameList")(names)
	require.Len(t, back, 2)
	assert.Equal(t, "y", back[1])
	rule := gosuite.Call(t, m, "Rule", func(n int) int { return n * 3 }).(*engine.Object)
	out, err := rule.Call(t.Context(), "Twice", 2)
	require.NoError(t, err)
	assert.Equal(t, 18, out[0])
	_, err = m.Call(t.Context(), "*Dynamic", []any{1})
	gosuite.WantError(t, err, "*Dynamic")
	_, err = m.Call(t.Context(), "NameList", []any{1})
	gosuite.WantError(t, err, "int does not fit")
}

type hostRange struct {
	Lo, Hi uint32
	Delta  [3]rune
	Labels []string
	Scores map[string]int
	Corner struct{ X, Y int }
}

// testUnexportedFieldTypes: a list, map or struct type that a package does not export is one of
// what it is made of in a field; a field whose type cannot be written down so is refused when the
// function is bound.
func (s suite) testUnexportedFieldTypes(t *testing.T) {
	m := s.values(t)
	given := []hostRange{{1, 2, [3]rune{'a', 'b', 'c'}, []string{"x"}, map[string]int{"turned": 1}, struct{ X, Y int }{3, 4}}}
	out, err := gosuite.Bound[func([]hostRange) ([]hostRange, error)](t, m, "Turn")(given)
	require.NoError(t, err)
	require.Len(t, out, 1)
	for _, got := range []hostRange{out[0], given[0]} {
		assert.Equal(t, uint32(2), got.Lo)
		assert.Equal(t, [3]rune{'c', 'b', 'a'}, got.Delta)
		assert.Equal(t, []string{"x!"}, got.Labels)
		assert.Equal(t, map[string]int{"turned": 2}, got.Scores)
		assert.Equal(t, struct{ X, Y int }{4, 3}, got.Corner)
	}
	type named struct{ Name string }
	assert.Equal(t, "ann", gosuite.Bound[func(named) string](t, m, "NameOf")(named{"ann"}))
	_, err = m.Bind("NameOf", reflect.TypeFor[func(struct {
		Name  string
		Level int
	}) string]())
	require.ErrorContains(t, err, "field Level: the package does not export its type")
	_, err = m.Bind("NameOf", reflect.TypeFor[func(struct{ All []int }) string]())
	require.ErrorContains(t, err, "field All: the package does not export its type")
	assert.Equal(t, "top", gosuite.Call(t, m, "NameOf", gosuite.Call(t, m, "Grade")))
}
