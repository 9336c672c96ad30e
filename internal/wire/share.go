package wire

import (
	"errors"
	"reflect"
	"slices"
	"unsafe"
)

// Sharing is the table of a call whose two sides share things: what pointers point to, the arrays
// of slices, and maps. Each side has one of everything, under the same number. A thing crosses when
// it is met first, and by its number afterwards, so it is one thing on the other side, too.
//
//	pointer = 0 | 1+mode, earlier, content | 4+number
//	map     = 0 | 1+mode, earlier, length, entries | 4+number
//	slice   = 0 | 1+mode, earlier, length of the array, its elements, part | 4+number, part
//	part    = offset, length, capacity
//	changes = (number+1, content)…, 0
//	runs    = (count, distance, elements)…, 0
//
// 0 is nil. The mode is that in which the content is to come back. [Earlier] says when earlier
// follows. The content of an array among the changes are the runs of changed elements, each with its
// distance from the end of the last one; that of a map is its length and all of its entries.
type Sharing struct {
	// Things are what each side keeps of a thing, by number.
	Things []any
	// Call says that it is the table of a call, and not of one of the host.
	Call bool
	// Scope is the number by which the other side refers to the table of a call that goes on, or 0.
	Scope uint64
	// While is set in the module while the call goes on, for the functions that it was given.
	While *While

	places map[place]int
	few    []place // the places of the first things, which need no map
	arrays arrays
	wide   []array // arrays that turned out to be parts of a larger one
	known  int     // how many things the other side has, which cannot become larger
	adoption

	// Last is what becomes of the things when the call is over, if the module may hold some; of is
	// what they belong to in an update of such things.
	Last *Lasting
	of   *Lasting
	// Earlier collects what this side has since earlier calls, and Known finds what the other side
	// gives, where the things of the call may last, too: see [Earlier].
	Earlier func() *Earlier
	Known   func(handle uint64, n int, version uint64) Number
	before  *Earlier
	again   []Again
	given   []Again
	named   bool // the other side has named some that it gives

	order // of the messages of the call
}

// ThingSize is about how much memory a thing takes beside its content, in bytes.
const ThingSize = 256

// The heads of a shared value.
const (
	ShareNil = 0
	ShareNew = 1 // and the mode
	ShareRef = 4 // and the number
)

// Thing is a thing of a value of type any.
type Thing interface {
	// Keep remembers the content as that of both sides, where it is not known yet.
	Keep()
	// Changed reports whether the content is another one than both sides had, and keeps it then,
	// for Put. Where others run beside, they may be changing it.
	Changed(beside bool) (bool, error)
	Put(e *Encoder)
	// Take takes a content that the other side has changed.
	Take(d *Decoder)
	// Tears reports whether who reads the content while it is written may read half of a pointer.
	Tears() bool
	// Whole reports whether it crosses as a whole, and Dirty whether this side has changed it then.
	Whole() bool
	Dirty() bool
}

// place is where a thing is. A struct and its first field have one address, so the type belongs to
// it; and so does how the content crosses.
type place struct {
	at   unsafe.Pointer
	typ  reflect.Type
	form int
	n    int
}

// ErrAgain asks for the message once more: an array that crossed is a part of a larger one, which
// is known now.
var ErrAgain = errors.New("the message has to be encoded again")

// ErrLonger is a slice of which the other side has a shorter part since an earlier message. Its
// array there has no room for the rest.
var ErrLonger = errors.New("the slice is longer than the part of its array that crossed before in this call: give the whole first, or a copy")

// manyThings is the number of things from which a map finds them sooner.
const manyThings = 8

// Find returns the number of what a pointer points to, or of a map.
func (s *Sharing) Find(at unsafe.Pointer, typ reflect.Type, form int) (int, bool) {
	if s.places != nil {
		n, ok := s.places[place{at: at, typ: typ, form: form}]
		return n, ok || s.look(at, typ, form)
	}
	for i := range s.few {
		if p := &s.few[i]; p.at == at && p.typ == typ && p.form == form {
			return p.n, true
		}
	}
	return 0, s.look(at, typ, form)
}

// Add numbers what a pointer points to, or a map.
func (s *Sharing) Add(at unsafe.Pointer, typ reflect.Type, form int, thing any) int {
	n := s.Number(thing)
	s.Place(n, at, typ, form)
	return n
}

// Place says where a thing is that a pointer points to, or that is a map.
func (s *Sharing) Place(n int, at unsafe.Pointer, typ reflect.Type, form int) {
	p := place{at: at, typ: typ, form: form}
	switch {
	case s.places != nil:
		s.places[p] = n
	case len(s.few) < manyThings:
		p.n = n
		s.few = append(s.few, p)
	default:
		s.places = map[place]int{p: n}
		for _, f := range s.few {
			n := f.n
			f.n = 0
			s.places[f] = n
		}
	}
}

// FindArray returns the number of the array that has size bytes at an address, at which offset it
// has them, and how many bytes it has from there on. Where it has only some of them, the encoder
// fails with [ErrAgain], or with [ErrLonger] where the other side has the array already.
func (s *Sharing) FindArray(e *Encoder, at unsafe.Pointer, size uintptr, typ reflect.Type, form int) (n int, offset, room uintptr, ok bool) {
	start := uintptr(at)
	end := start + size
	c := s.arrays.after(start)
	for a := c.next(); a != nil && a.start < end; a = c.next() {
		if a.typ != typ || a.form != form {
			continue
		}
		if a.start <= start && end <= a.end {
			return a.n, start - a.start, a.end - start, true
		}
		if a.n < s.known {
			e.Fail(ErrLonger)
			return 0, 0, 0, false
		}
		s.wide = append(s.wide, array{start: min(start, a.start), end: max(end, a.end)})
		e.Fail(ErrAgain)
		return 0, 0, 0, false
	}
	s.lookForArray(at, size, typ, form)
	return 0, 0, 0, false
}

// Whole returns the array that size bytes at an address belong to, as far as it is known to be
// larger.
func (s *Sharing) Whole(at unsafe.Pointer, size uintptr) (unsafe.Pointer, uintptr) {
	start := uintptr(at)
	end := start + size
	for grown := true; grown; {
		grown = false
		for _, w := range s.wide {
			if w.start < end && start < w.end && (w.start < start || w.end > end) {
				start, end, grown = min(start, w.start), max(end, w.end), true
			}
		}
	}
	return unsafe.Add(at, int(start-uintptr(at))), end - start
}

// Number numbers a thing whose place is not known yet.
func (s *Sharing) Number(thing any) int {
	s.Things = append(s.Things, thing)
	return len(s.Things) - 1
}

// PlaceArray says where a thing is that is an array.
func (s *Sharing) PlaceArray(n int, at unsafe.Pointer, size uintptr, typ reflect.Type, form int) {
	if size > 0 {
		start := uintptr(at)
		s.arrays.insert(array{start, start + size, typ, form, n})
	}
}

// Restart forgets the things after the first n, which the other side has, to encode a message
// again.
func (s *Sharing) Restart(n int) {
	s.known = n
	s.Things = s.Things[:n]
	s.given = slices.DeleteFunc(s.given, func(a Again) bool { return a.Number >= n })
	s.arrays.deleteFrom(n)
	s.few = slices.DeleteFunc(s.few, func(p place) bool { return p.n >= n })
	for p, i := range s.places {
		if i >= n {
			delete(s.places, p)
		}
	}
}

// Part appends which part of its array a slice is.
func (e *Encoder) Part(offset, length, capacity int) {
	e.Uint(uint64(offset))
	e.Uint(uint64(length))
	e.Uint(uint64(capacity))
}

// Part takes which part of an array of the given length a slice is: the indices of a full slice
// expression.
func (d *Decoder) Part(whole int) (low, high, most int) {
	offset, length, capacity := d.Uint(), d.Uint(), d.Uint()
	if n := uint64(whole); offset > n || capacity > n-offset || length > capacity {
		d.Fail(ErrLength)
		return 0, 0, 0
	}
	return int(offset), int(offset + length), int(offset + capacity)
}

// SpareLimit is how many bytes of capacity beyond a slice's length cross at most; a slice that has
// more arrives with no capacity beyond its length.
const SpareLimit = 4 << 10

// Spare reports whether the elements of a kind cross beyond the length of a slice: they can be read
// while others write them, as long as they hold no pointers.
func Spare(k reflect.Kind) bool { return reflect.Bool <= k && k <= reflect.Complex128 }
