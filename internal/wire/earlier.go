package wire

import (
	"reflect"
	"unsafe"
)

// Earlier finds what the module gives in the answer of a call among the things that last since
// earlier ones, so that the host has it once. Behind the head of each new thing follows, where the
// things of the call may last,
//
//	earlier = 0 | handle, number, version
//
// and then the content, which counts where the host has not seen a later version.
type Earlier struct {
	index Sharing
	found []found
}

type found struct {
	handle  uint64
	n       int
	version uint64
}

// Add adds the things that a call let last.
func (x *Earlier) Add(l *Lasting) {
	for n, t := range l.All() {
		if t, ok := t.(Placed); ok {
			t.Place(&x.index, len(x.found))
			x.found = append(x.found, found{l.Handle, n, l.version})
		}
	}
}

// earlier returns what the module has of earlier calls.
func (s *Sharing) earlier() *Earlier {
	if s.before == nil {
		s.before = s.Earlier()
	}
	return s.before
}

func (e *Encoder) putFound(x *Earlier, n int, ok bool) {
	if !ok {
		e.Uint(0)
		return
	}
	f := x.found[n]
	e.Uint(f.handle)
	e.Uint(uint64(f.n))
	e.Uint(f.version)
}

// PutPlace appends, after the head of a new thing of a typed value, which of the lasting ones it is.
func (s *Sharing) PutPlace(e *Encoder, thing any, at unsafe.Pointer, typ reflect.Type, form int) {
	if s.of != nil || s.Earlier == nil {
		s.PutNumber(e, thing, at, typ, form)
		return
	}
	x := s.earlier()
	n, ok := x.index.Find(at, typ, form)
	e.putFound(x, n, ok)
}

// PutArrayPlace is PutPlace for arrays.
func (s *Sharing) PutArrayPlace(e *Encoder, thing any, at unsafe.Pointer, size uintptr, typ reflect.Type, form int) {
	if s.of != nil || s.Earlier == nil {
		s.PutArrayNumber(e, thing, at, size, typ, form)
		return
	}
	x := s.earlier()
	n, ok := x.index.arrays.exact(at, size, typ, form)
	e.putFound(x, n, ok)
}

// TakePlace takes what PutPlace appended. SetNumber follows, or NumberEarlier for what is known.
func (s *Sharing) TakePlace(d *Decoder) Number {
	if s.of != nil || s.Known == nil {
		return s.TakeNumber(d)
	}
	if handle := d.Uint(); handle != 0 {
		n := d.UintN(62)
		return s.Known(handle, int(n), d.Uint())
	}
	return Number{n: -1}
}

// Earlier returns what has a number, and whether this side has a content of it that is not older
// than that of a version of the other side.
func (l *Lasting) Earlier(n int, version uint64) Number {
	if own := l.entries.find(n); own != nil {
		return Number{Thing: own.thing, Old: l.seen > version, n: -1}
	}
	return Number{n: -1}
}

// NumberEarlier is Number for a thing that lasts since an earlier call, or is one of an update.
func (s *Sharing) NumberEarlier(thing any) int {
	if s.of == nil {
		s.again = append(s.again, len(s.Things))
	}
	return s.Number(thing)
}

// Again lets those things of a call go that last since earlier ones.
func (l *Lasting) Again(s *Sharing) {
	for _, n := range s.again {
		if own := l.entries.find(n); own != nil {
			own.lost = l.version + 1
		}
	}
	if len(s.again) > 0 {
		l.version++
	}
}
