package stubgen

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVariablesThatNothingChanges: a variable of a struct is a value of the stub only if the code
// of the package changes no part of it, be it by methods of its pointers.
func TestVariablesThatNothingChanges(t *testing.T) {
	t.Parallel()
	const begin = `package days

type Kind int

func (k Kind) Text() string { return "" }

type inner struct{ n int }

func (i *inner) set(n int) { i.n = n }
`
	const each = `
type Day struct {
	n    int
	kind Kind
	list [3]int
	all  []int
	in   inner
	to   *inner
}

var A Day

`
	names := regexp.MustCompile(`\b(Day|A|F|change|kept|later)\b`)
	cases := map[string]bool{
		`func (d *Day) look() int { if d == nil { return 0 }; return d.n + d.more() }; func (d *Day) more() int { return len(d.list) }; func F() { A.look() }`: true,
		`func (d *Day) look() Day { e := *d; e.n++; return e }; func F() { A.look() }`:                                                                         true,
		`func (d *Day) look() Day { return Day{d.n, d.kind, d.list, d.all[1:], d.in, d.to} }; func F() { A.look() }`:                                           true,
		`func (d *Day) look() (n int) { for _, v := range d.list { n += v }; return n + d.to.n + d.all[0] }; func F() { A.look() }`:                            true,
		`func (d *Day) look() string { return d.kind.Text() + d.more() }; func (d Day) more() string { return "" }; func F() { A.look() }`:                     true,
		`func (*Day) look() int { return 1 }; func F() { A.look() }`:                                                                                           true,
		`func (d *Day) look() { d.look() }; func F() { A.look() }`:                                                                                             true,
		`func (d *Day) look() { d.n = 1 }; func F() { A.look() }`:                                                                                              false,
		`func (d *Day) look() { d.n++ }; func F() { A.look() }`:                                                                                                false,
		`func (d *Day) look() { d.n += 1 }; func F() { A.look() }`:                                                                                             false,
		`func (d *Day) look() { (d.n) = 1 }; func F() { A.look() }`:                                                                                            false,
		`func (d *Day) look() { (*d).n = 1 }; func F() { A.look() }`:                                                                                           false,
		`func (d *Day) look() { *d = Day{} }; func F() { A.look() }`:                                                                                           false,
		`func (d *Day) look() { d.list[0] = 1 }; func F() { A.look() }`:                                                                                        false,
		`func (d *Day) look() { copy(d.list[:], d.all) }; func F() { A.look() }`:                                                                               false,
		`func (d *Day) look() { d.in.n = 1 }; func F() { A.look() }`:                                                                                           false,
		`func (d *Day) look() { d.in.set(1) }; func F() { A.look() }`:                                                                                          false,
		`func (d *Day) look() *int { return &d.n }; func F() { A.look() }`:                                                                                     false,
		`func (d *Day) look() *Day { return d }; func F() { A.look() }`:                                                                                        false,
		`func (d *Day) look() { e := d; e.n = 1 }; func F() { A.look() }`:                                                                                      false,
		`func (d *Day) look() { for d.n = range 3 { } }; func F() { A.look() }`:                                                                                false,
		`func (d *Day) look() { func() { d.n = 1 }() }; func F() { A.look() }`:                                                                                 false,
		`func (d *Day) look() { d.set() }; func (d *Day) set() { d.n = 1 }; func F() { A.look() }`:                                                             false,
		`func (d *Day) look() { change(d) }; func change(d *Day) { d.n = 1 }; func F() { A.look() }`:                                                           false,
		`func (d *Day) look(e *Day) bool { return d == e }; func F() { A.look(nil) }`:                                                                          false,

		`func (d *Day) look() int { return d.n }; func init() { A.n = 1 }`:                                     true,
		`func (d *Day) look() int { return d.n }; func F() { A.to.n, A.all[0] = 1, 2 }`:                        true,
		`func (d *Day) look() int { return d.n }; func F() int { return A.look() }`:                            true,
		`func (d *Day) look() int { return d.n }; func F() { A = Day{} }`:                                      false,
		`func (d *Day) look() int { return d.n }; func F() { A.n = 1 }`:                                        false,
		`func (d *Day) look() int { return d.n }; func F() { A.in.n++ }`:                                       false,
		`func (d *Day) look() int { return d.n }; func F() { (A.list)[1] = 1 }`:                                false,
		`func (d *Day) look() int { return d.n }; func F() { for A.n = range 3 {} }`:                           false,
		`func (d *Day) look() int { return d.n }; func F() { A.set(1) }; func (d *Day) set(n int) { d.n = n }`: false,
		`func (d *Day) look() int { return d.n }; func F() { A.in.set(1) }`:                                    false,
		`func (d *Day) look() int { return d.n }; func F() []int { return A.list[:] }`:                         false,
		`func (d *Day) look() int { return d.n }; var kept = &A`:                                               false,
		`func (d *Day) look() int { return d.n }; var kept = &A.in`:                                            false,
		`func (d *Day) look() int { return d.n }; var later = func() { A.n = 1 }`:                              false,
		`func (d *Day) look() int { return d.n }; var later = A.set; func (d *Day) set() { d.n++ }`:            false,
	}
	text, n, order := begin, 0, slices.Sorted(maps.Keys(cases))
	for _, c := range order {
		text += names.ReplaceAllString(each+c+"\n", fmt.Sprintf("${1}_%d", n))
		n++
	}
	out, err := generate(t, text)
	require.NoError(t, err)
	for n, c := range order {
		want := "func A_%d() Day_%d"
		if cases[c] {
			want = "var A_%d = Day_%d{"
		}
		assert.Contains(t, string(out.Files["days.go"]), fmt.Sprintf(want, n, n), c)
	}
}
