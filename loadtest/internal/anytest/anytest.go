// Package anytest holds the rules about what is in values of type any.
package anytest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// suite are the rules, as tests of one engine.
type suite struct{ gosuite.Suite }

// Tests lists the rules by the names of their tests.
func Tests(kit gosuite.Suite) map[string]func(*testing.T) {
	s := suite{kit}
	return map[string]func(*testing.T){"OwnPointers": s.testOwnPointers, "StoredPointers": s.testStoredPointers}
}

type point struct{ X, Y int }

// testOwnPointers: what the module has as a value of its own type is that in an any, and the very
// same.
func (s suite) testOwnPointers(t *testing.T) {
	m := s.Testdata(t, "inany", 0)
	var own struct{ P, N, L any }
	seen, err := gosuite.Bound[func(any, func(*point, *int, *int)) ([]string, error)](t, m, "Offer")(&own, func(p *point, n, l *int) {
		own.P, own.N, own.L = p, n, l
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"*values.Point true", "*int true", "*values.Level true"}, seen)
	assert.Equal(t, &point{7, 2}, own.P, "what the module has changed since is changed in it")
	assert.Equal(t, 8, *own.N.(*int))
	assert.Equal(t, 9, *own.L.(*int))

	var variable any = "before"
	text, err := gosuite.Bound[func(*any, func(*point)) (string, error)](t, m, "OfferVariable")(&variable, func(p *point) { variable = p })
	require.NoError(t, err)
	assert.Equal(t, "*values.Point true", text)
	assert.Equal(t, &point{7, 2}, variable)
	p, q := &point{5, 5}, (*point)(nil)
	list, numbers := []*point{p}, []int(nil)
	same, err := gosuite.Bound[func(**point, *[]*point, *[]int, func(*point, []int)) ([]bool, error)](t, m, "Hand")(&q, &list, &numbers, func(given *point, n []int) {
		q, list, numbers = given, append(list, given), n[1:]
	})
	require.NoError(t, err)
	assert.Equal(t, []bool{true, false, true, true}, same, "in a variable and a list of its type")
	assert.Equal(t, point{7, 2}, *q)
	assert.Same(t, q, list[1])
	assert.Equal(t, []int{8, 3}, numbers)

	ask := gosuite.Bound[func(func(*point) any) (string, error)](t, m, "Ask")
	text, err = ask(func(p *point) any { return p })
	require.NoError(t, err)
	assert.Equal(t, "*values.Point true", text)
	text, err = ask(func(p *point) any { return &point{p.X, p.Y} })
	require.NoError(t, err)
	assert.Equal(t, "*struct { X int; Y int } false", text, "one of the host's own")

	p, q = &point{1, 2}, &point{1, 2}
	same, err = gosuite.Bound[func(*point, ...any) ([]bool, error)](t, m, "Which")(p, p, q, nil, *p)
	require.NoError(t, err)
	assert.Equal(t, []bool{true, false, false, false}, same)
	assert.Equal(t, []point{{2, 2}, {1, 2}}, []point{*p, *q})
	n, l := 1, 2
	told, err := gosuite.Bound[func(n, l *int, values ...any) ([]string, error)](t, m, "WhichNumber")(&n, &l, &n, &l, new(int))
	require.NoError(t, err)
	assert.Equal(t, []string{"*int true", "*values.Level true", "*int false"}, told)

	numbers = []int{1, 2, 3}
	names := map[string]int{"a": 1}
	text, err = gosuite.Bound[func([]int, map[string]int, any, any) (string, error)](t, m, "Within")(numbers, names, numbers[:2], names)
	require.NoError(t, err)
	assert.Equal(t, "[]int [2 2] map[string]int map[a:1 within:1]", text)
	assert.Equal(t, []int{2, 2, 3}, numbers)
	assert.Equal(t, map[string]int{"a": 1, "within": 1}, names)
}

// testStoredPointers: it comes home as itself, and goes on being kept alike.
func (s suite) testStoredPointers(t *testing.T) {
	m := s.Testdata(t, "inany", 0)
	store := gosuite.Bound[func(*point, any) (bool, error)](t, m, "Store")
	stored := gosuite.Bound[func() (any, error)](t, m, "Stored")
	move := gosuite.Bound[func() error](t, m, "Move")
	at := gosuite.Bound[func() (int, error)](t, m, "At")
	p := &point{1, 2}
	same, err := store(p, p)
	require.NoError(t, err)
	assert.True(t, same)
	for i := range 3 {
		require.NoError(t, move())
		assert.Equal(t, 11+11*i, p.X)
		p.X++
		x, err := at()
		require.NoError(t, err)
		assert.Equal(t, 12+11*i, x)
		got, err := stored()
		require.NoError(t, err)
		assert.Same(t, p, got)
	}
	require.NoError(t, gosuite.Bound[func(func(*point) any) error](t, m, "StoreFrom")(func(p *point) any { return p }))
	require.NoError(t, move())
	got, err := stored()
	require.NoError(t, err)
	assert.Equal(t, 11, x(t, got), "a pointer of the module's own")
}

// x is the field of a point, whatever it came as.
func x(t *testing.T, v any) int {
	t.Helper()
	if o, ok := v.(*engine.Object); ok {
		x, err := o.Field(t.Context(), "X")
		require.NoError(t, err)
		return x.(int)
	}
	p, ok := v.(*struct{ X, Y int })
	require.True(t, ok, "%T", v)
	return p.X
}
