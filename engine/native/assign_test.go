package native_test

import (
	"strings"
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
	if err := o.SetField(t.Context(), "Level", int8(7)); err != nil || g.Level != 7 {
		t.Errorf("got %d, %v", g.Level, err)
	}
	if err := o.SetField(t.Context(), "Level", "x"); err == nil || !strings.Contains(err.Error(), "string does not fit int") {
		t.Errorf("got %v", err)
	}
	if err := o.SetField(t.Context(), "Lable", "x"); err == nil || !strings.Contains(err.Error(), "Label") {
		t.Errorf("got %v", err)
	}
	if same, err := o.Equal(t.Context(), native.Wrap(g).(*engine.Object)); !same || err != nil {
		t.Errorf("the same pointer: %v, %v", same, err)
	}
	if same, err := o.Equal(t.Context(), other); same || err != nil {
		t.Errorf("another pointer: %v, %v", same, err)
	}
	s, err := load.As[interface{ String() string }](o)
	require.NoError(t, err)
	assert.Equal(t, "a", s.String())
}
