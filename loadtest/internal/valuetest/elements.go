package valuetest

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// object takes the value of a variable, or what a function without parameters returns, as an
// object.
func object(t *testing.T, m engine.Instance, symbol string) *engine.Object {
	t.Helper()
	for _, s := range m.Symbols() {
		if s.Name == symbol && s.Kind == engine.KindVar {
			v, err := m.Bind(symbol, reflect.TypeFor[*engine.Object]())
			require.NoError(t, err)
			return v.Interface().(*engine.Object)
		}
	}
	return call0[*engine.Object](t, m, symbol)
}

// testElements: the host looks into lists and maps that stay in the module.
func (s suite) testElements(t *testing.T) {
	m := s.values(t)
	ctx := t.Context()
	length := func(symbol string, want int) *engine.Object {
		t.Helper()
		o := object(t, m, symbol)
		n, err := o.Len(ctx)
		require.NoError(t, err, symbol)
		assert.Equal(t, want, n, symbol)
		return o
	}
	at := func(o *engine.Object, key any) any {
		t.Helper()
		v, ok, err := o.Index(ctx, key)
		require.NoError(t, err)
		assert.True(t, ok)
		return v
	}
	area := func(v any) any {
		t.Helper()
		out, err := v.(*engine.Object).Call(ctx, "Area")
		require.NoError(t, err)
		return out[0]
	}

	alphabets := length("Alphabets", 2)
	detect := gosuite.Bound[func(string) (*engine.Object, error)](t, m, "DetectAlphabet")
	greek, err := detect("αβ")
	require.NoError(t, err)
	assert.Equal(t, "αβγ", at(alphabets, greek))
	keys, err := alphabets.Keys(ctx)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	var texts []any
	for _, key := range keys {
		texts = append(texts, at(alphabets, key))
	}
	assert.ElementsMatch(t, []any{"abc", "αβγ"}, texts)
	other, err := m.Call(ctx, "*Alphabet", []any{struct{}{}})
	require.NoError(t, err)
	v, ok, err := alphabets.Index(ctx, other[0])
	require.NoError(t, err)
	assert.False(t, ok)
	assert.Equal(t, "", v)

	set := gosuite.Call(t, m, "NewSet", greek).(*engine.Object)
	_, ok, err = set.Index(ctx, greek)
	require.NoError(t, err)
	assert.True(t, ok)
	latin, err := detect("a")
	require.NoError(t, err)
	_, ok, err = set.Index(ctx, latin)
	require.NoError(t, err)
	assert.False(t, ok)

	shapes := length("NewShapes", 3)
	assert.Equal(t, 4.0, area(at(shapes, 0)))
	assert.Equal(t, 9.0, area(at(shapes, int8(1))))
	assert.Nil(t, at(shapes, 2))
	_, _, err = shapes.Index(ctx, 3)
	assert.ErrorContains(t, err, "index out of range [3] with length 3")
	_, _, err = shapes.Index(ctx, "x")
	assert.ErrorContains(t, err, "string does not fit int")
	_, err = shapes.Keys(ctx)
	assert.Error(t, err)
	assert.Equal(t, 1.0, area(at(length("NewShapesOf", 1), "small")))
	assert.Equal(t, 4.0, area(at(length("NewPair", 2), 1)))
	for _, name := range shapes.Methods() {
		assert.Equal(t, "Total", name.Name)
	}
	var unfit *engine.SymbolError
	_, err = greek.Len(ctx)
	assert.ErrorAs(t, err, &unfit)
}

// testKeyedElements: a key is a copy, where keys of the map are copied.
func (s suite) testKeyedElements(t *testing.T) {
	m := s.values(t)
	set := gosuite.Call(t, m, "LabelSet", map[string]string{"a": "x"}).(*engine.Object)
	assert.Equal(t, "a=x", set.String())
	v, ok, err := set.Index(t.Context(), "a")
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, "x", fmt.Sprint(v))
	plain, err := set.Copy(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "x"}, plain)
}

// testAliases: an alias is a name for a generic type whose arguments nobody else can name.
func (s suite) testAliases(t *testing.T) {
	m := s.values(t)
	ctx := t.Context()
	type flag struct{ Name, Value string }
	made, err := m.Call(ctx, "*StringFlag", []any{flag{"a", "b"}})
	require.NoError(t, err)
	assert.Equal(t, "a=b", gosuite.Call(t, m, "FlagText", made[0]))
	same(t, m, "FlagText", &flag{"x", "y"}, "x=y")
	number := call0[*engine.Object](t, m, "NewIntFlag")
	value, err := number.Field(ctx, "Value")
	require.NoError(t, err)
	assert.Equal(t, 7, value)
	text, err := load.Method[func() (string, error)](number, "Text")
	require.NoError(t, err)
	got, err := text()
	require.NoError(t, err)
	assert.Equal(t, "n=7", got)
	n, err := call0[*engine.Object](t, m, "NewFlagList").Len(ctx)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

// testUnnamedElements: lists and maps of types that other packages cannot name stay in the module.
func (s suite) testUnnamedElements(t *testing.T) {
	m := s.values(t)
	ctx := t.Context()
	for symbol, c := range map[string]struct {
		key  any
		want any
	}{
		"NewEntries": {1, 4}, "NewEntryMap": {"a", 10}, "NewEntryPair": {0, 2},
	} {
		entry, ok, err := call0[*engine.Object](t, m, symbol).Index(ctx, c.key)
		require.NoError(t, err, symbol)
		require.True(t, ok, symbol)
		out, err := entry.(*engine.Object).Call(ctx, "Twice")
		require.NoError(t, err, symbol)
		assert.Equal(t, c.want, out[0], symbol)
	}
	keys := call0[*engine.Object](t, m, "NewEntryKeys")
	n, err := keys.Len(ctx)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	_, err = keys.Keys(ctx)
	assert.ErrorContains(t, err, "other packages cannot name")
	assert.Equal(t, 1, gosuite.Call(t, m, "CountEntryKeys", keys))
	assert.Equal(t, 2, gosuite.Call(t, m, "CountEntries", call0[*engine.Object](t, m, "NewEntries")))
	assert.Equal(t, 1, gosuite.Call(t, m, "CountEntryMap", call0[*engine.Object](t, m, "NewEntryMap")))
	assert.NotNil(t, call0[*engine.Object](t, m, "NewEntryRef"))
	_, err = m.Call(ctx, "CountEntries", []any{[]struct{ N int }{{1}}})
	assert.ErrorContains(t, err, "stays in the module")
}
