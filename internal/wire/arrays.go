package wire

import (
	"reflect"
	"slices"
)

// arrays are arrays in the order of their addresses. They lie in pieces, so that one more does not
// move all that follow it: a message may bring a million of them, in any order.
type arrays struct{ pieces [][]array }

type array struct {
	start, end uintptr
	typ        reflect.Type
	form       int
	n          int
}

// longestPiece is how many arrays a piece has before it becomes two.
const longestPiece = 512

// arrayCursor is a place among arrays.
type arrayCursor struct {
	pieces [][]array
	at     int // in the first of them
}

// next returns the array at the place, which moves behind it, or nil at the end.
func (c *arrayCursor) next() *array {
	for len(c.pieces) > 0 {
		if c.at < len(c.pieces[0]) {
			c.at++
			return &c.pieces[0][c.at-1]
		}
		c.pieces, c.at = c.pieces[1:], 0
	}
	return nil
}

// after returns the place of the first array that ends after an address.
func (a *arrays) after(at uintptr) arrayCursor {
	piece, i := a.find(at)
	return arrayCursor{a.pieces[piece:], i}
}

// find returns the piece, and where in it, of the first array that ends after an address.
func (a *arrays) find(at uintptr) (piece, i int) {
	piece, _ = slices.BinarySearchFunc(a.pieces, at, func(p []array, at uintptr) int { return endsAfter(p[len(p)-1], at) })
	if piece < len(a.pieces) {
		i, _ = slices.BinarySearchFunc(a.pieces[piece], at, endsAfter)
	}
	return piece, i
}

// exact returns the number of the array that has the very bytes between two addresses.
func (a *arrays) exact(start, end uintptr, typ reflect.Type, form int) (n int, ok bool) {
	n = -1
	c := a.after(start)
	for one := c.next(); one != nil && one.start <= start && !ok; one = c.next() {
		n, ok = one.n, one.start == start && one.end == end && one.typ == typ && one.form == form
	}
	return n, ok
}

func endsAfter(a array, at uintptr) int {
	if a.end <= at {
		return -1
	}
	return 1
}

// insert adds an array.
func (a *arrays) insert(one array) {
	piece, i := a.find(one.start)
	switch {
	case len(a.pieces) == 0:
		a.pieces = [][]array{{one}}
		return
	case piece == len(a.pieces): // behind all of them
		piece--
		i = len(a.pieces[piece])
	}
	p := slices.Insert(a.pieces[piece], i, one)
	a.pieces[piece] = p
	if len(p) > longestPiece {
		half := len(p) / 2
		a.pieces[piece] = p[:half:half]
		a.pieces = slices.Insert(a.pieces, piece+1, slices.Clone(p[half:]))
	}
}

// deleteFrom removes those of the things from the number n on.
func (a *arrays) deleteFrom(n int) {
	for i, p := range a.pieces {
		a.pieces[i] = slices.DeleteFunc(p, func(one array) bool { return one.n >= n })
	}
	a.pieces = slices.DeleteFunc(a.pieces, func(p []array) bool { return len(p) == 0 })
}
