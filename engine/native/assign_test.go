package native_test

import (
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type gauge struct {
	Level  int
	Label  string
	hidden int
}

func (g *gauge) String() string { return g.Label }

func TestObjectsAreSetAndCompared(t *testing.T) {
	t.Parallel()
	g := &gauge{Label: "a", hidden: 1}
	o, other := native.Wrap(g).(*engine.Object), native.Wrap(&gauge{Label: "a", hidden: 1}).(*engine.Object)
	require.NoError(t, o.SetField(t.Context(), "Level", int8(7)))
	assert.Equal(t, 7, g.Level)
	assert.ErrorContains(t, o.SetField(t.Context(), "Level", "x"), "string does not fit int")
	assert.ErrorContains(t, o.SetField(t.Context(), "Lable", "x"), "Label")
	same, err := o.Equal(t.Context(), native.Wrap(g).(*engine.Object))
	require.NoError(t, err)
	assert.True(t, same, "the same pointer")
	same, err = o.Equal(t.Context(), other)
	require.NoError(t, err)
	assert.False(t, same, "another pointer")
	s, err := load.As[interface{ String() string }](o)
	require.NoError(t, err)
	assert.Equal(t, "a", s.String())
}
