package valuetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// deep is how many levels values may be nested, whatever they are made of.
const deep = 1000

type deepKid struct {
	N    int
	Kids []*deepKid
}

// testNesting: values cross in both directions as deep as the guide says, and those that never end
// are errors.
func (s suite) testNesting(t *testing.T) {
	m := s.values(t)
	grown, err := gosuite.Bound[func(int) (*deepKid, error)](t, m, "Grown")(deep)
	require.NoError(t, err)
	levels := func(k *deepKid) (levels int) {
		for ; k != nil; levels++ {
			if len(k.Kids) == 0 {
				return levels + 1
			}
			k = k.Kids[0]
		}
		return levels
	}
	require.Equal(t, deep, levels(grown))
	back, err := gosuite.Bound[func([]*deepKid) ([]*deepKid, error)](t, m, "EchoKids")([]*deepKid{grown})
	require.NoError(t, err)
	require.Same(t, grown, back[0])
	out, err := m.Call(t.Context(), "EchoKids", []any{[]*deepKid{grown}})
	require.NoError(t, err, "by name")
	require.Len(t, out, 1)

	boxed, err := gosuite.Bound[func(int) (any, error)](t, m, "Boxed")(deep)
	require.NoError(t, err)
	count, err := gosuite.Bound[func(any) (int, error)](t, m, "LevelsOf")(boxed)
	require.NoError(t, err)
	assert.Equal(t, deep, count)
	_, err = gosuite.Bound[func(any) (any, error)](t, m, "EchoAnything")(boxed)
	require.NoError(t, err)

	type box struct{ In map[string][]*box }
	var inner box
	for range deep - 1 {
		kept := inner
		inner = box{map[string][]*box{"in": {&kept}}}
	}
	_, count, err = gosuite.Bound[func(box) (box, int, error)](t, m, "EchoBox")(inner)
	require.NoError(t, err)
	assert.Equal(t, deep, count)

	_, err = gosuite.Bound[func(int) (any, error)](t, m, "Boxed")(20 * deep)
	require.ErrorContains(t, err, "nested too deep")
	for range 20 * deep {
		boxed = []any{boxed}
	}
	_, err = gosuite.Bound[func(any) (int, error)](t, m, "LevelsOf")(boxed)
	require.ErrorContains(t, err, "nested too deep")
}
