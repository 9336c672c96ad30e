package valuetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type sharedPoint struct{ X, Y int }

// testSharedPointers: what pointers point to is changed in place, at any depth.
func (s suite) testSharedPointers(t *testing.T) {
	m := s.values(t)
	a, b := &sharedPoint{Y: 1}, &sharedPoint{Y: 2}
	require.NoError(t, gosuite.Bound[func(...*sharedPoint) error](t, m, "FillAll")(a, b))
	assert.Equal(t, []sharedPoint{{1, 1}, {2, 2}}, []sharedPoint{*a, *b})
	list, err := gosuite.Bound[func([]*sharedPoint) ([]*sharedPoint, error)](t, m, "FillList")([]*sharedPoint{b, a, nil}[:2])
	require.NoError(t, err)
	assert.Equal(t, []sharedPoint{{2, 1}, {1, 2}}, []sharedPoint{*a, *b})
	assert.Same(t, b, list[0])
	_, err = m.Call(t.Context(), "FillList", []any{[]*sharedPoint{a, b}})
	require.NoError(t, err)
	assert.Equal(t, []sharedPoint{{1, 1}, {2, 2}}, []sharedPoint{*a, *b}, "by name")

	same := gosuite.Bound[func(a, b *sharedPoint) (bool, error)](t, m, "SamePointer")
	a.X = 1
	one, err := same(a, a)
	require.NoError(t, err)
	assert.True(t, one)
	assert.Equal(t, 2, a.X)
	two, err := same(a, b)
	require.NoError(t, err)
	assert.False(t, two)

	n, other := 1, 2
	p := &n
	require.NoError(t, gosuite.Bound[func(**int) error](t, m, "SetThrough")(&p))
	assert.Equal(t, 7, n)
	require.NoError(t, gosuite.Bound[func(p **int, to *int) error](t, m, "SetPointer")(&p, &other))
	assert.Same(t, &other, p)
}

type sharedHolder struct {
	P      *sharedPoint
	Q      []int
	M      map[string]int
	N      **int
	hidden string
}

// testSharedParts: so are the parts of structs, whether the struct is passed by value or by
// pointer.
func (s suite) testSharedParts(t *testing.T) {
	m := s.values(t)
	check := func(call func(h *sharedHolder) error) {
		t.Helper()
		n := 1
		p := &n
		h := sharedHolder{&sharedPoint{1, 2}, []int{1, 2}, map[string]int{"one": 1}, &p, "kept"}
		before := h
		require.NoError(t, call(&h))
		assert.Equal(t, before, h)
		assert.Equal(t, sharedPoint{7, 2}, *before.P)
		assert.Equal(t, []int{7, 2}, before.Q)
		assert.Equal(t, map[string]int{"one": 1, "seven": 7}, before.M)
		assert.Equal(t, 7, n)
		assert.Same(t, before.P, h.P)
	}
	check(func(h *sharedHolder) error { return gosuite.Bound[func(sharedHolder) error](t, m, "ChangeHolder")(*h) })
	check(func(h *sharedHolder) error {
		same, err := gosuite.Bound[func(*sharedHolder) (*sharedHolder, error)](t, m, "ChangeHolderPointer")(h)
		assert.Same(t, h, same)
		return err
	})
	check(func(h *sharedHolder) error { _, err := m.Call(t.Context(), "ChangeHolder", []any{*h}); return err })
	require.NoError(t, gosuite.Bound[func(sharedHolder) error](t, m, "ChangeHolder")(sharedHolder{}))

	type account struct{ Owner string }
	accounts := []*account{{"ann"}, {"bob"}}
	owners, err := gosuite.Bound[func([]*account) (string, error)](t, m, "OwnersOf")(accounts)
	require.NoError(t, err)
	assert.Equal(t, "annbob", owners)
	assert.Equal(t, "ann! bob!", accounts[0].Owner+" "+accounts[1].Owner)

	type node struct {
		Value int
		Next  *node
	}
	x, y := &node{Value: 1}, &node{Value: 2}
	back, err := gosuite.Bound[func(a, b *node) (*node, error)](t, m, "Link")(x, y)
	require.NoError(t, err)
	assert.True(t, back == y && x.Next == y && y.Next == x)
	y.Next = nil
	values, err := gosuite.Bound[func(*node) ([]int, error)](t, m, "Values")(x)
	require.NoError(t, err)
	assert.Equal(t, []int{2, 3}, values)
	assert.Equal(t, 5, x.Value+y.Value)
}

// testSharedArrays: slices of one array are slices of one array, with its capacity.
func (s suite) testSharedArrays(t *testing.T) {
	m := s.values(t)
	all := []int{1, 2, 3, 4}
	same, err := gosuite.Bound[func(a, b []int) (bool, error)](t, m, "SameArray")(all[:2:2], all[1:])
	require.NoError(t, err)
	assert.True(t, same)
	assert.Equal(t, []int{1, 7, 3, 4}, all)
	room, err := gosuite.Bound[func(a, b, c []int) (int, error)](t, m, "Overlap")(all[2:], all[1:3], all[:2])
	require.NoError(t, err)
	assert.Equal(t, 2, room)
	assert.Equal(t, []int{3, 2, 1, 4}, all)

	buf := make([]byte, 1, 8)
	n, err := gosuite.Bound[func([]byte, string) (int, error)](t, m, "FillCapacity")(buf, "capacity!")
	require.NoError(t, err)
	assert.Equal(t, 8, n)
	assert.Equal(t, "capacity", string(buf[:8]))
	text := gosuite.Bound[func([]byte, string) ([]byte, error)](t, m, "AppendText")
	out, err := text(buf[:3], "\x00\x00")
	require.NoError(t, err)
	assert.Equal(t, "cap\x00\x00ity", string(buf[:8]), "the spare part of the array is the host's")
	assert.Same(t, &buf[0], &out[0])
	grown, err := text(buf, "longer than what is left")
	require.NoError(t, err)
	assert.Equal(t, "clonger than what is left", string(grown))
	assert.Equal(t, byte('c'), buf[0])

	words := []string{"a", "b", "c"}
	rest, err := gosuite.Bound[func([]string, int) ([]string, error)](t, m, "Drop")(words, 0)
	require.NoError(t, err)
	assert.Equal(t, []string{"b", "c"}, rest)
	assert.Equal(t, []string{"b", "c", "c"}, words)
	assert.Same(t, &words[0], &rest[0])

	rows := [][]float64{{1}, {2}}
	second := rows[1]
	require.NoError(t, gosuite.Bound[func([][]float64) error](t, m, "Matrix")(rows))
	assert.Same(t, &second[0], &rows[0][0])
	assert.Equal(t, 5.0, second[0])

	three := []int{1, 2, 3}
	x, y, z, err := gosuite.Bound[func([]int) ([]int, []int, []int, error)](t, m, "Halves")(three)
	require.NoError(t, err)
	assert.True(t, &x[1] == &y[0] && &z[0] == &three[0] && len(y) == 2)

	var group sync.WaitGroup
	parts := slices.Repeat([]int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 8)
	sorted := gosuite.Bound[func([]int) error](t, m, "SortInts")
	for i := range 8 {
		group.Go(func() { assert.NoError(t, sorted(parts[i*10:i*10+10])) })
	}
	group.Wait()
	assert.Equal(t, slices.Repeat([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 8), parts)
}

// testSharedCallbacks: a function of the host sees what the module has changed so far, and changes
// it itself.
func (s suite) testSharedCallbacks(t *testing.T) {
	m := s.values(t)
	numbers := []int{3, 1, 2, 9, 4}
	less := gosuite.Bound[func([]int, func(i, j int) bool) error](t, m, "SortBy")
	require.NoError(t, less(numbers, func(i, j int) bool { return numbers[i] < numbers[j] }))
	assert.Equal(t, []int{1, 2, 3, 4, 9}, numbers)
	words := []string{"c", "a", "b"}
	anyLess := gosuite.Bound[func(any, func(i, j int) bool) error](t, m, "SortAny")
	require.NoError(t, anyLess(words, func(i, j int) bool { return words[i] < words[j] }))
	assert.Equal(t, []string{"a", "b", "c"}, words)
	labels := map[string]int{}
	seen, err := gosuite.Bound[func(map[string]int, func(string) int) (int, error)](t, m, "CountWith")(labels, func(name string) int {
		labels["host"] = labels[name] + 1
		return labels[name]
	})
	require.NoError(t, err)
	assert.Equal(t, 12, seen)
	assert.Equal(t, map[string]int{"module": 1, "host": 2}, labels)
	p := &sharedPoint{X: 1}
	sum, err := gosuite.Bound[func(*sharedPoint, func() int) (int, error)](t, m, "StepWith")(p, func() int { p.X *= 10; return p.Y })
	require.NoError(t, err)
	assert.Equal(t, 21, sum)
	assert.Equal(t, sharedPoint{20, 1}, *p)

	block := make([]byte, 4)
	n, err := gosuite.Bound[func(func([]byte) (int, error)) (string, error)](t, m, "ReadWith")(func(p []byte) (int, error) { return copy(p, "host"), nil })
	require.NoError(t, err)
	assert.Equal(t, "host", n)
	require.NoError(t, gosuite.Bound[func([]byte, func(dst, src []byte)) error](t, m, "EachBlock")(block, func(dst, src []byte) { copy(dst, "ab") }))
	assert.Equal(t, "abab", string(block))
	x, err := gosuite.Bound[func(...func(*sharedPoint)) (sharedPoint, error)](t, m, "NewPoint")(func(p *sharedPoint) { p.X = 7 }, func(p *sharedPoint) { p.Y = p.X + 1 })
	require.NoError(t, err)
	assert.Equal(t, sharedPoint{7, 8}, x)
	count, err := gosuite.Bound[func(func(*int, map[string]int)) (int, error)](t, m, "CountBy")(func(n *int, m map[string]int) { *n = 5; m["five"] = 5 })
	require.NoError(t, err)
	assert.Equal(t, 10, count)
	grown, looked := map[string][]int{}, []string(nil)
	err = gosuite.Bound[func(map[string][]int, func()) error](t, m, "FillAndLook")(grown, func() { looked = append(looked, fmt.Sprint(grown)) })
	assert.NoError(t, err)
	assert.Equal(t, []string{"map[a:[1]]", "map[a:[2]]", "map[a:[2] b:[3]]"}, looked)
}

// testSharedAlong: so do several of them, and one that is given a part of what is shared.
func (s suite) testSharedAlong(t *testing.T) {
	m := s.values(t)
	numbers, seen := make([]int, 4), make([]int, 4)
	missed, err := gosuite.Bound[func([]int, func(int)) (string, error)](t, m, "EachBeside")(numbers, func(i int) {
		seen[i] = numbers[i]
		numbers[i] += 5
	})
	require.NoError(t, err)
	assert.Empty(t, missed)
	assert.Equal(t, []int{0, 10, 20, 30}, seen)
	assert.Equal(t, []int{6, 16, 26, 36}, numbers)

	all := []int{9, 9, 9}
	sum, err := gosuite.Bound[func([]int, func([]int)) (int, error)](t, m, "WithBlock")(all, func(part []int) {
		part[0] = all[0] + 1
		all[2] = 3
	})
	require.NoError(t, err)
	assert.Equal(t, 123, sum)
	assert.Equal(t, []int{1, 2, 3}, all)
}

// testSharedAsAny: what was given as a type of its own comes back as itself in an any.
func (s suite) testSharedAsAny(t *testing.T) {
	m := s.values(t)
	type point struct{ X, Y int }
	p := &point{1, 2}
	got := gosuite.Bound[func(*point) any](t, m, "PointAsAny")(p)
	assert.Same(t, p, got)
	assert.Equal(t, point{2, 2}, *p)
	ints := []int{1, 2, 3}
	rest := gosuite.Bound[func([]int) any](t, m, "IntsAsAny")(ints).([]int)
	rest[0] = 9
	assert.Equal(t, []int{2, 9, 3}, ints)
	keys := map[string]int{"x": 1}
	list := gosuite.Bound[func(map[string]int) any](t, m, "KeysAsAny")(keys).([]any)
	list[0].(map[string]int)["y"] = 5
	assert.Equal(t, map[string]int{"x": 2, "y": 5}, keys)
	assert.Equal(t, keys, list[1])
	points := []*point{p}
	all := gosuite.Bound[func([]*point) any](t, m, "PointsAsAny")(points).(map[string]any)
	assert.Same(t, p, all["first"])
	assert.Same(t, p, all["all"].([]*point)[0])
}

// testSharedOthers: maps, texts, errors and values of any type change in place.
func (s suite) testSharedOthers(t *testing.T) {
	m := s.values(t)
	labels := map[string][]string{"old": {"a"}}
	n, err := gosuite.Bound[func(map[string][]string) (int, error)](t, m, "Rename")(labels)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Equal(t, map[string][]string{"new": {"a", "more"}}, labels)

	number := big.NewInt(21)
	double, err := gosuite.Bound[func(*big.Int) (*big.Int, error)](t, m, "Double2")(number)
	require.NoError(t, err)
	assert.Same(t, number, double)
	assert.Equal(t, "42", number.String())
	require.NoError(t, gosuite.Bound[func(map[string]*big.Int) error](t, m, "DoubleAll")(map[string]*big.Int{"n": number}))
	assert.Equal(t, "84", number.String())
	_, err = m.Call(t.Context(), "Double2", []any{number})
	require.NoError(t, err)
	assert.Equal(t, "168", number.String(), "by name")

	own := errors.New("own")
	failure := own
	require.NoError(t, gosuite.Bound[func(*error) error](t, m, "SetError")(&failure))
	closed, err := m.Bind("ErrClosed", reflect.TypeFor[error]())
	require.NoError(t, err)
	assert.ErrorIs(t, failure, own)
	assert.ErrorIs(t, failure, closed.Interface().(error))

	var v any = "text"
	require.NoError(t, gosuite.Bound[func(*any) error](t, m, "SetAny")(&v))
	assert.Equal(t, []int{1, 2}, v)
	p := &sharedPoint{1, 2}
	var a, b any = p, 5
	require.NoError(t, gosuite.Bound[func(a, b *any) error](t, m, "SwapAny")(&a, &b))
	assert.Equal(t, 5, a)
	assert.Same(t, p, b)
}

// testSharedDecoders: a decoder of the module fills the host's pointers, whatever they point to.
func (s suite) testSharedDecoders(t *testing.T) {
	m := s.values(t)
	unmarshal := gosuite.Bound[func([]byte, any) error](t, m, "Unmarshal")
	type Embedded struct{ E string }
	type config struct {
		*Embedded
		T     *time.Time
		D     *time.Duration
		Times []*time.Time
		ByKey map[string]*time.Time
		Big   *big.Int
		Addr  netip.Addr
		P     **int
		N     int
	}
	text := `{"E":"e","T":"2026-01-02T03:04:05Z","D":7,"Times":["2026-01-02T03:04:05Z",null],"ByKey":{"a":"2026-01-02T03:04:05Z"},
		"Big":123456789012345678901234567890,"Addr":"10.0.0.1","P":3,"N":5}`
	var want, got config
	require.NoError(t, json.Unmarshal([]byte(text), &want))
	require.NoError(t, unmarshal([]byte(text), &got))
	assert.Equal(t, want.T, got.T)
	assert.Equal(t, want.D, got.D)
	assert.Equal(t, want.Times, got.Times)
	assert.Equal(t, want.ByKey, got.ByKey)
	assert.Equal(t, want.Big, got.Big)
	assert.Equal(t, want.Addr, got.Addr)
	assert.Equal(t, want.P, got.P)
	assert.Equal(t, want.N, got.N)
	require.NotNil(t, got.Embedded)
	assert.Equal(t, "e", got.E)

	when, number := time.Unix(1, 0).UTC(), big.NewInt(1)
	kept := config{T: &when, Big: number}
	require.NoError(t, unmarshal([]byte(text), &kept))
	assert.Same(t, &when, kept.T, "a decoder fills what is there")
	assert.Equal(t, *want.T, when)
	assert.Equal(t, want.Big, number)
}
