package wire

import "slices"

// entry is one of the things.
type entry struct {
	n     int
	thing any
	// known says that the other side has it: it has begun it, or said that it got it.
	known bool
	// The versions of this side in which it has changed, was got, was last given to the other side,
	// and was lost: see [Lasting.Note].
	changed, got, given, lost uint64
}

// entries are things by number. The other side gives numbers in whatever order it likes, so an
// entry stays where it came until all are sorted.
type entries struct {
	all    []entry
	sorted int         // so many of the first are in the order of their numbers
	late   map[int]int // where the others are
}

// find returns the entry with a number, until another one is added, or nil.
func (e *entries) find(n int) *entry {
	i, ok := slices.BinarySearchFunc(e.all[:e.sorted], n, func(e entry, n int) int { return e.n - n })
	if !ok {
		i, ok = e.late[n]
	}
	if !ok {
		return nil
	}
	return &e.all[i]
}

// add adds one whose number has no entry.
func (e *entries) add(one entry) *entry {
	i := len(e.all)
	switch {
	case e.sorted == i && (i == 0 || e.all[i-1].n < one.n):
		e.sorted++
	case e.late == nil:
		e.late = map[int]int{one.n: i}
	default:
		e.late[one.n] = i
	}
	e.all = append(e.all, one)
	return &e.all[i]
}

// sort sorts by number.
func (e *entries) sort() {
	if e.sorted < len(e.all) {
		slices.SortFunc(e.all, func(a, b entry) int { return a.n - b.n })
		e.sorted, e.late = len(e.all), nil
	}
}

// remove removes the entries of which is reports true.
func (e *entries) remove(is func(e *entry) bool) {
	e.sort()
	kept := e.all[:0]
	for i := range e.all {
		if !is(&e.all[i]) {
			kept = append(kept, e.all[i])
		}
	}
	clear(e.all[len(kept):])
	e.all, e.sorted = kept, len(kept)
}
