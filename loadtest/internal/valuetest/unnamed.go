package valuetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type lookups map[string]string

func (l lookups) Look(name string) (string, error) {
	if text, ok := l[name]; ok {
		return text, nil
	}
	return "", errors.ErrUnsupported
}

// testUnnamedParameters: what takes types that other packages cannot name is called with values of
// the module, and with what these types are made of.
func (s suite) testUnnamedParameters(t *testing.T) {
	m := s.values(t)
	ctx := t.Context()
	defaults, fresh := call0[*engine.Object](t, m, "DefaultSettings"), call0[*engine.Object](t, m, "NewSettings", "new")
	assert.Equal(t, "default!", gosuite.Bound[func(*engine.Object) string](t, m, "SettingsText")(defaults))
	assert.Equal(t, "new!!", gosuite.Call(t, m, "SettingsText", fresh), "a pointer serves as its value")
	rename := gosuite.Bound[func(*engine.Object, string) string](t, m, "RenameSettings")
	assert.Equal(t, "other", rename(fresh, "other"))
	assert.Equal(t, "none", rename(nil, "other"))
	for object, want := range map[*engine.Object]string{fresh: "other", defaults: "default"} {
		name, err := object.Field(ctx, "Name")
		require.NoError(t, err)
		assert.Equal(t, want, name)
		require.NoError(t, object.SetField(ctx, "Name", want+"s"))
		name, err = object.Field(ctx, "Name")
		require.NoError(t, err)
		assert.Equal(t, want+"s", name)
	}

	type plain struct {
		Name  string
		Ports []int
		Level int
	}
	assert.Equal(t, "p++++", gosuite.Bound[func(plain) string](t, m, "PlainText")(plain{"p", []int{80}, 3}))
	same(t, m, "AtLevel", 4, 8)
	assert.Equal(t, "int", gosuite.Call(t, m, "Anything", 1))
	assert.Equal(t, "<nil>", gosuite.Bound[func(any) string](t, m, "Anything")(nil))
	texts := []string{"b", "a"}
	assert.Equal(t, "a,b", gosuite.Bound[func([]string) string](t, m, "SortLabels")(texts))
	assert.Equal(t, []string{"a", "b"}, texts, "what the module changes is changed here")
	tally := map[string]int{"x": 1}
	assert.Equal(t, 2, gosuite.Bound[func(map[string]int) int](t, m, "Tally")(tally))
	assert.Equal(t, map[string]int{"x": 1, "n": 1}, tally)
	lookUp := gosuite.Bound[func(interface {
		Look(string) (string, error)
	}, string) (string, error)](t, m, "LookUp")
	text, err := lookUp(lookups{"a": "b"}, "a")
	require.NoError(t, err)
	assert.Equal(t, "b", text)
	_, err = lookUp(lookups{}, "a")
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	text, err = lookUp(nil, "a")
	require.NoError(t, err)
	assert.Equal(t, "no lookup", text)

	seven := call0[*engine.Object](t, m, "WithLevel", 7)
	assert.Equal(t, 7, gosuite.Call(t, m, "Apply1", seven))
	configured := gosuite.Bound[func(string, ...*engine.Object) (*engine.Object, error)](t, m, "Configure")
	object, err := configured("c", call0[*engine.Object](t, m, "WithLevel", 5), seven)
	require.NoError(t, err)
	assert.Equal(t, "c!!", gosuite.Call(t, m, "SettingsText", object))
	object, err = configured("c")
	require.NoError(t, err)
	assert.NotNil(t, object)
	suffix := func(text string) any { return gosuite.Call(t, m, "WithSuffix", text) }
	assert.Equal(t, "mab", gosuite.Call(t, m, "Modify", suffix("a"), suffix("b")))

	names := gosuite.Bound[func(*engine.Object) []string](t, m, "SettingsNames")
	assert.Equal(t, []string{"x", "y"}, names(call0[*engine.Object](t, m, "ManySettings", "x", "y")))
	each := gosuite.Bound[func([]*engine.Object) []string](t, m, "SettingsNames")
	assert.Equal(t, []string{"c", "others"}, each([]*engine.Object{object, fresh}))
	assert.Empty(t, each(nil))

	holder := call0[*engine.Object](t, m, "NewSettingsHolder")
	set, err := load.Method[func(*engine.Object)](holder, "Set")
	require.NoError(t, err)
	set(fresh)
	out, err := holder.Call(ctx, "Name")
	require.NoError(t, err)
	assert.Equal(t, "others", out[0])

	// What the host cannot make is refused when it is bound, and another type at the call.
	_, err = m.Call(ctx, "RenameSettings", []any{&plain{}, "x"})
	gosuite.WantError(t, err, "*values.settings stays in the module: use *load.Object")
	_, err = m.Call(ctx, "SettingsText", []any{seven})
	gosuite.WantError(t, err, "the object is a")
	_, err = m.Call(ctx, "AtLevel", []any{fresh})
	gosuite.WantError(t, err, "the object is a")
}
