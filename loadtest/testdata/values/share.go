package values

import (
	"errors"
	"math/big"
	"sort"
)

// What is shared by caller and callee.

func FillAll(to ...*Point) {
	for i, p := range to {
		p.X = i + 1
	}
}

func FillList(to []*Point) []*Point {
	for i, p := range to {
		p.X = i + 1
	}
	return to
}

type Holder struct {
	P *Point
	Q []int
	M map[string]int
	N **int
}

func ChangeHolder(h Holder) {
	if h.P != nil {
		h.P.X = 7
	}
	if len(h.Q) > 0 {
		h.Q[0] = 7
	}
	if h.M != nil {
		h.M["seven"] = 7
	}
	if h.N != nil {
		**h.N = 7
	}
}

func ChangeHolderPointer(h *Holder) *Holder { ChangeHolder(*h); return h }
func SetPointer(p **int, to *int)           { *p = to }
func SetThrough(p **int)                    { **p = 7 }
func SamePointer(a, b *Point) bool          { a.X++; return a == b }
func SameArray(a, b []int) bool             { a[len(a)-1] = 7; return &a[len(a)-1] == &b[0] }
func Overlap(a, b, c []int) int             { a[0], b[0], c[0] = 1, 2, 3; return cap(a) }
func FillCapacity(b []byte, with string) int {
	return copy(b[:cap(b)], with)
}
func AppendText(b []byte, text string) []byte { return append(b, text...) }
func Drop(s []string, i int) []string         { return append(s[:i], s[i+1:]...) }
func Rename(m map[string][]string) int {
	m["new"] = append(m["old"], "more")
	delete(m, "old")
	return len(m)
}
func Double2(n *big.Int) *big.Int           { return n.Add(n, n) }
func DoubleAll(n map[string]*big.Int) error { Double2(n["n"]); return nil }
func SetError(err *error)                   { *err = errors.Join(*err, ErrClosed) }
func SetAny(v *any)                         { *v = []int{1, 2} }
func SwapAny(a, b *any)                     { *a, *b = *b, *a }
func Link(a, b *Node) *Node                 { a.Next, b.Next = b, a; return b }
func Values(n *Node) (all []int) {
	for ; n != nil; n = n.Next {
		n.Value++
		all = append(all, n.Value)
	}
	return all
}
func OwnersOf(all []*Account) (owners string) {
	for _, a := range all {
		owners += a.Owner
		a.Owner += "!"
	}
	return owners
}
func Matrix(m [][]float64)                 { m[1][0] = 5; m[0] = m[1] }
func Halves(s []int) ([]int, []int, []int) { return s[:2], s[1:], s }
func Twins() (a, b []int)                  { all := []int{1, 2, 3, 4}; return all[:2], all[1:] }

// What functions of the host see and change.

func SortBy(s []int, less func(i, j int) bool) { sort.Slice(s, less) }
func CountWith(m map[string]int, f func(string) int) int {
	m["module"] = 1
	return f("module")*10 + m["host"]
}
func StepWith(p *Point, f func() int) int {
	p.Y = 1
	n := f()
	p.X *= 2
	return p.X + n
}
func ReadWith(f func([]byte) (int, error)) (string, error) {
	b := make([]byte, 8)
	n, err := f(b)
	return string(b[:n]), err
}
func EachBlock(b []byte, f func(dst, src []byte)) {
	for i := 0; i < len(b); i += 2 {
		f(b[i:i+2], b[i:i+2])
	}
}
func NewPoint(options ...func(*Point)) Point {
	var p Point
	for _, o := range options {
		o(&p)
	}
	return p
}
func CountBy(f func(*int, map[string]int)) int {
	n, m := 1, map[string]int{}
	f(&n, m)
	return n + m["five"]
}

// FillAndLook puts new lists into a map, and changes them, between calls of look.
func FillAndLook(m map[string][]int, look func()) {
	m["a"] = []int{1}
	look()
	m["a"][0] = 2
	look()
	m["b"] = []int{3}
	look()
}
