package valuetest

import (
	"math/big"
	"reflect"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type lastingEntry struct {
	Name string
	Tags map[string]string
}

type lastingConfig struct {
	Name    string
	Level   int
	Entries []lastingEntry
	Sub     *lastingConfig
	Labels  map[string]string
}

// testLasting checks that a variable of the host which the module holds when a call is over is one
// variable on both sides, as long as the module holds it.
func (s suite) testLasting(t *testing.T) {
	m := s.values(t)
	parse := gosuite.Bound[func(string)](t, m, "ParseText")
	kept := gosuite.Bound[func() string](t, m, "TextKept")
	var text string
	gosuite.Bound[func(*string, string)](t, m, "KeepText")(&text, "default")
	assert.Equal(t, "default", text)
	parse("first")
	assert.Equal(t, "first", text)
	gosuite.Bound[func()](t, m, "ParseNothing")()
	assert.Equal(t, "first!", text, "a call without arguments")
	text = "of the host"
	assert.Equal(t, "of the host", kept())
	for i := range 300 { // some of them after collections
		text += "x"
		require.Equal(t, text, kept())
		parse("again")
		require.Equal(t, "again", text)
		if i%100 == 0 {
			runtime.GC()
		}
	}
	gosuite.Bound[func(*string)](t, m, "OtherText")(&text)
	assert.Equal(t, "again?", text)
	assert.Equal(t, "again?", kept(), "given once more, by another call")
	var seen []string
	gosuite.Bound[func(string, func())](t, m, "ParseWith")("within", func() { seen = append(seen, text); text = "set" })
	assert.Equal(t, []string{"within"}, seen)
	assert.Equal(t, "set.", text)
	gosuite.Bound[func(func(string) string)](t, m, "WithOption")(func(s string) string { return s + text })
	assert.Equal(t, "set.set.", text)
	_, err := m.Call(t.Context(), "ParseText", []any{"by name"})
	require.NoError(t, err)
	assert.Equal(t, "by name", text)

	made := gosuite.Bound[func(string) *string](t, m, "NewText")("made")
	parse("changed")
	assert.Equal(t, "changed", *made)
	*made = "by the host"
	assert.Equal(t, "by the host", kept())
	number := gosuite.Bound[func() *int64](t, m, "NewCount")()
	up := gosuite.Bound[func() int64](t, m, "CountUp")
	for range 3 {
		*number += 10
		assert.Equal(t, up(), *number)
	}
	assert.Equal(t, int64(33), *number)

	n := big.NewInt(3)
	gosuite.Bound[func(*big.Int)](t, m, "KeepBig")(n)
	grow := gosuite.Bound[func() string](t, m, "GrowBig")
	assert.Equal(t, "9", grow())
	assert.Equal(t, "9", n.String())
	n.SetInt64(5)
	assert.Equal(t, "25", grow())
	assert.Equal(t, "25", n.String())
	a, b := "", ""
	gosuite.Bound[func(...*string)](t, m, "KeepAll")(&a, &b)
	gosuite.Bound[func(string)](t, m, "FillKept")("v")
	assert.Equal(t, "v0v1", a+b)
	s.testLastingMethods(t)
}

func boundMethod[F any](t *testing.T, o *engine.Object, name string) F {
	t.Helper()
	v, err := o.Bind(name, reflect.TypeFor[F]())
	require.NoError(t, err)
	return v.Interface().(F)
}

// testLastingMethods: methods of objects bind variables, too.
func (s suite) testLastingMethods(t *testing.T) {
	m := s.values(t)
	o := object(t, m, "NewBinder")
	bind := boundMethod[func(string, *string)](t, o, "Bind")
	set := boundMethod[func(string, string) bool](t, o, "Set")
	str := boundMethod[func(string, string) *string](t, o, "String")
	values := map[string]*string{}
	for _, name := range []string{"a", "b", "c"} {
		values[name] = new(string)
		bind(name, values[name])
		values[name+name] = str(name+name, "default")
	}
	for name, p := range values {
		assert.True(t, set(name, "is "+name))
		assert.Equal(t, "is "+name, *p)
	}
}

// testLastingGraphs: so are a struct, what it leads to, and what the module puts there.
func (s suite) testLastingGraphs(t *testing.T) {
	m := s.values(t)
	parse := gosuite.Bound[func(string)](t, m, "ParseConfig")
	change := gosuite.Bound[func()](t, m, "ChangeParsed")
	kept := gosuite.Bound[func() (string, int)](t, m, "ConfigKept")
	check := func(t *testing.T, c *lastingConfig) {
		t.Helper()
		parse("a")
		assert.Equal(t, lastingConfig{Name: "a", Level: 1, Entries: []lastingEntry{{"a", map[string]string{"of": "a"}}}, Sub: c.Sub, Labels: map[string]string{"a": "a"}}, *c)
		parse("b")
		require.Len(t, c.Entries, 2)
		change()
		assert.Equal(t, lastingEntry{"a*", map[string]string{"of": "a", "more": "yes"}}, c.Entries[0])
		assert.Equal(t, map[string]string{"a": "a", "b": "b"}, c.Labels)
		require.NotNil(t, c.Sub)
		assert.Equal(t, 7, c.Sub.Level)
		c.Level = 40
		c.Entries = append(c.Entries, lastingEntry{Name: "c"})
		name, level := kept()
		assert.Equal(t, "b 40", name+" "+big.NewInt(int64(level)).String())
		parse("d")
		assert.Equal(t, 41, c.Level)
		require.Len(t, c.Entries, 4)
		assert.Equal(t, "d", c.Entries[3].Name)
	}
	t.Run("of the host", func(t *testing.T) {
		sub := &lastingConfig{Name: "sub"}
		c := &lastingConfig{Sub: sub}
		gosuite.Bound[func(*lastingConfig)](t, m, "KeepConfig")(c)
		check(t, c)
		assert.Same(t, sub, c.Sub)
		assert.Equal(t, "subabd", sub.Name)
	})
	t.Run("in itself", func(t *testing.T) {
		c := &lastingConfig{}
		c.Sub = c
		gosuite.Bound[func(*lastingConfig)](t, m, "KeepConfig")(c)
		parse("x")
		assert.Equal(t, "xx", c.Name)
		assert.Same(t, c, c.Sub)
		c.Name = "y"
		parse("z")
		assert.Equal(t, "zz", c.Name)
	})
	t.Run("of the module", func(t *testing.T) {
		check(t, gosuite.Bound[func(string) *lastingConfig](t, m, "NewConfig")("made"))
	})
	var list []lastingEntry
	gosuite.Bound[func(*[]lastingEntry)](t, m, "KeepList")(&list)
	appendKept := gosuite.Bound[func(string)](t, m, "AppendKept")
	for range 5 {
		appendKept("e")
	}
	assert.Len(t, list, 5)

	type name struct{ Name string }
	short := &name{}
	gosuite.Bound[func(*name)](t, m, "KeepConfig")(short)
	parse("s")
	assert.Equal(t, "s", short.Name)
	short.Name = "t"
	text, level := kept()
	assert.Equal(t, "t", text)
	assert.Equal(t, 1, level, "fields that the host's type lacks stay")
	gosuite.Bound[func(*name)](t, m, "KeepEntry")(short)
	gosuite.Bound[func(string)](t, m, "NameEntry")("u")
	assert.Equal(t, "u", short.Name)
	before := short.Name
	short.Name = "v"
	_, err := m.Call(t.Context(), "EntryKept", nil)
	gosuite.WantError(t, err, "has fewer fields than the module's")
	short.Name = before
	out, err := m.Call(t.Context(), "EntryKept", nil)
	require.NoError(t, err)
	assert.Equal(t, []any{"u", 1}, out)
	gosuite.Bound[func()](t, m, "ForgetLasting")()
}

// testLastingTogether: goroutines that give variables of their own do not meet.
func (s suite) testLastingTogether(t *testing.T) {
	m := s.values(t)
	other := gosuite.Bound[func(*string)](t, m, "OtherText")
	number := gosuite.Bound[func() *int64](t, m, "NewCount")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				text := "a"
				other(&text)
				assert.Equal(t, "a?", text)
				text = "b"
				other(&text)
				assert.Equal(t, "b?", text)
				*number() = 5
			}
		})
	}
	group.Wait()
}
