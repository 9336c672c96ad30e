package wire

import (
	"reflect"
	"slices"
	"unsafe"
)

// A function of the host has a table of its own for its arguments. What it puts of them into what
// the call shares that gave it is taken over by the table of the call, on both sides, before the
// changes:
//
//	adopted = count, numbers…
//
// The numbers are those in the table of the function.

// adoption is what one table takes over of another one.
type adoption struct {
	from   *Sharing
	count  int   // how many things of it the other side has
	wanted []int // those that were looked for
}

// PutAdopting appends changes, by put, which may lead to any of the first count things of another
// table: those are taken over. Begin begins the message, again where it has to be encoded again.
func (s *Sharing) PutAdopting(e *Encoder, from *Sharing, count int, begin, put func()) {
	known := len(s.Things)
	var adopted []int
	defer func() { s.adoption = adoption{} }()
	for again := true; again; {
		begin()
		s.Restart(known)
		e.Len(len(adopted), false)
		for _, n := range adopted {
			e.Uint(uint64(n))
			s.adopt(from.Things[n])
		}
		s.adoption = adoption{from: from, count: count}
		put()
		more := slices.DeleteFunc(s.wanted, func(n int) bool { return slices.Contains(adopted, n) })
		adopted = append(adopted, more...)
		again = e.Err == ErrAgain || e.Err == nil && len(more) > 0
	}
}

// TakeOver is Take for changes that PutAdopting appended, with the same other table. Keep remembers
// of what is taken over what both sides have.
func (s *Sharing) TakeOver(d *Decoder, from *Sharing, keep func(things []any), changes func(passed func(n int) bool) error) error {
	return s.Take(d, func(passed func(int) bool) error {
		known := len(s.Things)
		for count, _ := d.Len(1); count > 0 && d.Err() == nil; count-- {
			n := d.UintN(62)
			if from == nil || n >= uint64(len(from.Things)) {
				d.Fail(ErrTag)
				break
			}
			s.adopt(from.Things[n])
		}
		if d.Err() != nil {
			return d.Err()
		}
		keep(s.Things[known:])
		return changes(passed)
	})
}

// adopt numbers a thing of another table.
func (s *Sharing) adopt(thing any) {
	n := s.Number(thing)
	if t, ok := thing.(Placed); ok {
		t.Place(s, n)
	}
}

// want notes that something is looked for that another table has.
func (a *adoption) want(n int, ok bool) {
	if ok && n < a.count && !slices.Contains(a.wanted, n) {
		a.wanted = append(a.wanted, n)
	}
}

// look looks for what is not found, and returns false.
func (a *adoption) look(at unsafe.Pointer, typ reflect.Type, form int) bool {
	if a.from != nil {
		a.want(a.from.Find(at, typ, form))
	}
	return false
}

func (a *adoption) lookForArray(at unsafe.Pointer, size uintptr, typ reflect.Type, form int) {
	if a.from != nil {
		n, _, _, ok := a.from.FindArray(new(Encoder), at, size, typ, form)
		a.want(n, ok)
	}
}
