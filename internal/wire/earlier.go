package wire

import (
	"reflect"
	"slices"
	"unsafe"
)

// Earlier finds what a side gives in a call among the things that last since earlier ones, so that
// the other side has it once: the host in the arguments, the module in the answer. Behind the head of
// each new thing follows, where the things of the call may last,
//
//	earlier = (handle, number, version)…, 0
//
// and then the content, which counts where the other side has not seen a later version, and has not
// changed the thing itself. The module may have lost some of those that the host names: it takes the
// first that it has, and says so before the updates that follow its answer, where the host has named
// any:
//
//	again = (number+1, which of those)…, 0
type Earlier struct {
	index Sharing
	found []found
	one   Sharing // where the thing is that is added
}

type found struct {
	handle  uint64
	n       int
	version uint64
	thing   any
	next    int // at the same place, or 0
}

// Again is a thing of a call that lasts since an earlier one.
type Again struct {
	Number int // in the call
	Thing  any // what this side has had of it since the earlier one
	choice int // which of those that were named
}

// Add adds those things that a call let last of which is reports true.
func (x *Earlier) Add(l *Lasting, is func(thing any) bool) {
	for n, t := range l.All() {
		if placed, ok := t.(Placed); ok && is(t) {
			x.add(placed, found{handle: l.Handle, n: n, version: l.version, thing: t})
		}
	}
}

func (x *Earlier) add(thing Placed, f found) {
	n := len(x.found)
	x.one.few, x.one.arrays.pieces = x.one.few[:0], x.one.arrays.pieces[:0]
	thing.Place(&x.one, n)
	x.found = append(x.found, f)
	for _, p := range x.one.few {
		if at, has := x.index.Find(p.at, p.typ, p.form); has {
			x.behind(at, n)
		} else {
			x.index.Place(n, p.at, p.typ, p.form)
		}
	}
	c := x.one.arrays.after(0)
	for a := c.next(); a != nil; a = c.next() {
		if at, has := x.index.arrays.exact(a.start, a.end, a.typ, a.form); has {
			x.behind(at, n)
		} else {
			x.index.arrays.insert(*a)
		}
	}
}

// Empty reports whether nothing was added.
func (x *Earlier) Empty() bool { return len(x.found) == 0 }

// behind names one behind another one at the same place.
func (x *Earlier) behind(at, n int) {
	for x.found[at].next > 0 {
		at = x.found[at].next
	}
	x.found[at].next = n
}

// earlier returns what this side has of earlier calls.
func (s *Sharing) earlier() *Earlier {
	if s.before == nil {
		s.before = s.Earlier()
	}
	return s.before
}

// EndEarlier says that the arguments are encoded: what this side gives from now on is new.
func (s *Sharing) EndEarlier() { s.before = new(Earlier) }

// putFound appends which of the lasting things the last one of the call is.
func (s *Sharing) putFound(e *Encoder, n int, ok bool) {
	for choice := 0; ok; choice++ {
		f := s.before.found[n]
		s.given = append(s.given, Again{len(s.Things) - 1, f.thing, choice})
		e.Uint(f.handle)
		e.Uint(uint64(f.n))
		e.Uint(f.version)
		n, ok = f.next, f.next > 0
	}
	e.Uint(0)
}

// PutPlace appends, after the head of a new thing of a typed value, which of the lasting ones it is.
func (s *Sharing) PutPlace(e *Encoder, thing any, at unsafe.Pointer, typ reflect.Type, form int) {
	if s.of != nil || s.Earlier == nil {
		s.PutNumber(e, thing, at, typ, form)
		return
	}
	n, ok := s.earlier().index.Find(at, typ, form)
	s.putFound(e, n, ok)
}

// PutArrayPlace is PutPlace for arrays.
func (s *Sharing) PutArrayPlace(e *Encoder, thing any, at unsafe.Pointer, size uintptr, typ reflect.Type, form int) {
	if s.of != nil || s.Earlier == nil {
		s.PutArrayNumber(e, thing, at, size, typ, form)
		return
	}
	n, ok := s.earlier().index.arrays.exact(uintptr(at), uintptr(at)+size, typ, form)
	s.putFound(e, n, ok)
}

// TakePlace takes what PutPlace appended. SetNumber follows, or NumberAgain for what is known.
func (s *Sharing) TakePlace(d *Decoder) Number {
	if s.of != nil || s.Known == nil {
		return s.TakeNumber(d)
	}
	known := Number{n: -1}
	choice := 0
	for handle := d.Uint(); handle != 0 && d.Err() == nil; handle = d.Uint() {
		n, version := d.UintN(62), d.Uint()
		if s.named = true; known.Thing == nil {
			known = s.Known(handle, int(n), version)
			known.choice = choice
		}
		choice++
	}
	return known
}

// Earlier returns what has a number, and whether this side has a content of it that is not older
// than that of a version of the other side.
func (l *Lasting) Earlier(n int, version uint64) Number {
	if own := l.entries.find(n); own != nil {
		return KnownAgain(own.thing, own.thing, l.seen > version)
	}
	return Number{n: -1}
}

// Again reports whether it is of a thing of a call that lasts since an earlier one.
func (n Number) Again() bool { return n.lasts != nil }

// KnownAgain is the Number of a thing of a call that lasts since an earlier one. Old says that its
// content does not count.
func KnownAgain(thing, lasts any, old bool) Number {
	return Number{Thing: thing, Old: old, lasts: lasts, n: -1}
}

// NumberAgain is [Sharing.Number] for what TakePlace may have found, or is one of an update.
func (s *Sharing) NumberAgain(last Number, thing any) int {
	if s.of == nil && last.lasts != nil && last.Thing == thing {
		s.again = append(s.again, Again{len(s.Things), last.lasts, last.choice})
	}
	return s.Number(thing)
}

// TakenAgain and GivenAgain are the things that the other side and this one have given in the call,
// and that last since earlier ones. The other side may have lost those that were given, of which there
// may be several for one thing of the call.
func (s *Sharing) TakenAgain() []Again { return s.again }
func (s *Sharing) GivenAgain() []Again { return s.given }

// PutAgain appends which of those that the host has named the module has taken.
func (s *Sharing) PutAgain(e *Encoder) {
	if s == nil || !s.named {
		return
	}
	for _, a := range s.again {
		e.Uint(uint64(a.Number) + 1)
		e.Uint(uint64(a.choice))
	}
	e.Uint(0)
}

// TakeAgain takes what PutAgain appended.
func (s *Sharing) TakeAgain(d *Decoder) (taken []Again) {
	if len(s.given) == 0 {
		return nil
	}
	for n := d.Uint(); n != 0 && d.Err() == nil; n = d.Uint() {
		choice := d.Uint()
		i := slices.IndexFunc(s.given, func(a Again) bool { return uint64(a.Number) == n-1 && uint64(a.choice) == choice })
		if i < 0 || len(taken) == len(s.given) {
			d.Fail(ErrTag)
			break
		}
		taken = append(taken, s.given[i])
	}
	return taken
}

// Again lets those things of a call go that last since earlier ones.
func (l *Lasting) Again(s *Sharing) {
	for _, a := range s.again {
		if own := l.entries.find(a.Number); own != nil {
			own.lost = l.version + 1
		}
	}
	if len(s.again) > 0 {
		l.version++
	}
}
