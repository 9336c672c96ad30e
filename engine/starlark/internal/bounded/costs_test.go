package bounded

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.starlark.net/starlark"
)

// A function that a new release of the interpreter brings has to be looked at before scripts get
// it.
func TestEveryBuiltinHasACost(t *testing.T) {
	t.Parallel()
	offered := map[string]bool{"struct": true}
	for name := range starlark.Universe {
		offered[name] = true
	}
	for _, m := range modules {
		for name := range m.Members {
			offered[m.Name+"."+name] = true
		}
	}
	for _, v := range receivers {
		for _, name := range v.AttrNames() {
			if a, err := v.Attr(name); assert.NoError(t, err) {
				if _, ok := a.(*starlark.Builtin); ok {
					offered[methodOf(v, name)] = true
				}
			}
		}
	}
	for name := range offered {
		assert.Contains(t, builtins, name)
	}
	for name := range builtins {
		assert.Contains(t, offered, name)
	}
}

// What a list or dict has room for is read from the interpreter's own fields.
func TestGrowth(t *testing.T) {
	t.Parallel()
	list := starlark.NewList(make([]starlark.Value, 10, 20))
	c, err := growth(list, 10)
	assert.NoError(t, err)
	assert.Zero(t, c.bytes)
	c, err = growth(list, 11)
	assert.NoError(t, err)
	assert.Positive(t, c.bytes)
	for _, v := range []starlark.Value{starlark.NewDict(13), starlark.NewSet(13)} {
		c, err = growth(v, 12)
		assert.NoError(t, err)
		assert.Zero(t, c.bytes)
		c, err = growth(v, 1000)
		assert.NoError(t, err)
		assert.Positive(t, c.bytes)
	}
}
