package wire

import (
	"reflect"
	"slices"
	"sync/atomic"
	"unsafe"
)

// Lasting is what one side has of the things of a call that is over: the module may hold some of
// them. What either side changes of them crosses with later messages, whatever these are about.
//
//	lasting = count, (handle, length, update)…
//	update  = version, seen, count, numbers…, contents…
//
// An update has all that its sender has changed since the version that the other side has seen, so
// it does not matter whether messages pass each other or get lost. What the contents lead to is
// numbered in each update anew; where it is met first its number among the lasting things, whether
// it is new to the other side, and its content follow.
type Lasting struct {
	Things []any // by number; nil where this side has none

	// Handle is by what both sides know them, and Owner the goroutine of the host's call. Held says
	// that the module has more than it was given: it was seen to hold some.
	Handle uint64
	Owner  uint64
	Held   bool
	// Gone says that the module holds none of them any more.
	Gone atomic.Bool

	side    int    // 0 in the host, 1 in the module: who numbers what is new
	first   int    // how many things the call had
	version uint64 // of what this side has changed
	acked   uint64 // which of that the other side has seen
	seen    uint64 // which of the other side's this one has seen
	told    uint64 // which of that the other side was told
	changed map[int]uint64
	made    map[int]uint64
	index   Sharing // where the things are, while an update is written
}

// Begin takes over the things of a call, on the host's side or on the module's.
func (l *Lasting) Begin(things []any, module bool) {
	l.Things = slices.Clone(things)
	l.first = len(things)
	if module {
		l.side = 1
	}
}

// Placed is a thing that says where it is.
type Placed interface {
	// Place says where the thing with that number is.
	Place(s *Sharing, n int)
}

// LastingThing is a [Thing] that can last.
type LastingThing interface {
	Thing
	Placed
	// Lasts reports whether it can: an array may be too long.
	Lasts() bool
	IsMap() bool
	// Address tells it from others.
	Address() uintptr
	// Loosen lets go of what it is, and Tighten holds it again and reports whether it still exists.
	Loosen()
	Tighten() bool
	// Freeze lets go of what it held, too, for a collection. Thaw follows.
	Freeze()
	Thaw()
	// Differs reports whether the content is another one than both sides had, and keeps it then if
	// keep is set; Renew says that both sides have it.
	Differs(keep bool) bool
	Renew()
	// Settled reports whether the content is still what Differs kept. Else it counts as changed.
	Settled() bool
	// PutWhole and TakeWhole are Put and Take for the whole content, of an array, too.
	PutWhole(e *Encoder)
	TakeWhole(d *Decoder)
}

// Set makes a thing the one with a number.
func (l *Lasting) Set(n int, thing any) {
	if n >= len(l.Things) {
		l.Things = append(l.Things, make([]any, n+1-len(l.Things))...)
	}
	l.Things[n] = thing
}

// Thing returns the thing with a number, or nil.
func (l *Lasting) Thing(n int) any {
	if n < 0 || n >= len(l.Things) {
		return nil
	}
	return l.Things[n]
}

// Note notes that the things with these numbers have changed, and returns those of which the other
// side may have another content. Send reports whether there is anything to say.
func (l *Lasting) Note(changed []int) (numbers []int, send bool) {
	if len(changed) > 0 {
		l.version++
		if l.changed == nil {
			l.changed = map[int]uint64{}
		}
		for _, n := range changed {
			l.changed[n] = l.version
		}
	}
	for n, version := range l.changed {
		if version <= l.acked || l.Thing(n) == nil {
			delete(l.changed, n)
		} else if l.made[n] <= l.acked { // else what leads to it has it
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, len(l.changed) > 0 || l.told != l.seen || l.version > l.acked
}

// Touch lets the next update say that the module holds some of the things.
func (l *Lasting) Touch() {
	l.Held = true
	l.version++
}

// PutHead begins an update, which has the things with these numbers, and returns its table.
func (l *Lasting) PutHead(e *Encoder, numbers []int) *Sharing {
	e.Uint(l.version)
	e.Uint(l.seen)
	e.Uint(bit(l.Held))
	l.told = l.seen
	l.index = Sharing{}
	for n, t := range l.Things {
		if t, ok := t.(Placed); ok {
			t.Place(&l.index, n)
		}
	}
	s := &Sharing{of: l}
	for _, a := range l.index.arrays { // parts of them cross as such
		s.wide = append(s.wide, array{start: a.start, end: a.end})
	}
	e.Len(len(numbers), false)
	for _, n := range numbers {
		e.Uint(uint64(n))
		t := l.Things[n]
		local := s.Number(t)
		if t, ok := t.(Placed); ok {
			t.Place(s, local)
		}
	}
	return s
}

// PutEnd ends an update.
func (l *Lasting) PutEnd() { l.index = Sharing{} }

// TakeHead begins to take an update. News is false where this side has seen it, or may not take it:
// then it comes again. May says that it may even if the module is not known to hold anything. Else
// the numbers follow, and s is the table of the contents. Passed reports of a thing whether the other side had
// not seen what this one has changed of it.
func (l *Lasting) TakeHead(d *Decoder, may bool) (s *Sharing, numbers []int, passed func(n int) bool, news bool) {
	version, seen, held := d.Uint(), d.Uint(), d.Uint()
	l.acked = max(l.acked, min(seen, l.version))
	l.Held = l.Held || held != 0
	switch {
	case version <= l.seen:
		l.told = 0
		return nil, nil, nil, false
	case !may && !l.Held:
		return nil, nil, nil, false
	}
	l.seen = version
	s = &Sharing{of: l}
	count, _ := d.Len(1)
	for range count {
		n := int(d.UintN(31))
		t := l.Thing(n)
		if t == nil {
			d.Fail(ErrTag)
			return nil, nil, nil, false
		}
		numbers = append(numbers, n)
		s.Number(t)
	}
	return s, numbers, func(n int) bool { return l.changed[n] > seen }, d.Err() == nil
}

// SkipLasting takes updates that cannot be used: they come again.
func SkipLasting(d *Decoder) {
	for d.Uint() != 0 && d.Err() == nil {
		d.Raw(int(min(d.Uint(), uint64(len(d.Rest())))))
	}
}

func bit(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

// PutNumber appends, after the head of a new thing, which of the lasting ones it is. Without any it
// appends nothing.
func (s *Sharing) PutNumber(e *Encoder, thing any, at unsafe.Pointer, typ reflect.Type, form int) {
	if s.of == nil {
		return
	}
	n, ok := s.of.index.Find(at, typ, form)
	if !ok {
		n = s.of.add(thing)
		s.of.index.Place(n, at, typ, form)
	}
	s.of.putNumber(e, n)
}

// Array is a thing that can be an array.
type Array interface {
	// Array says where it is. Size is 0 where it is none.
	Array() (at unsafe.Pointer, size uintptr)
}

// Longer reports whether a thing is an array that turned out to be a part of a larger one.
func (s *Sharing) Longer(thing any) bool {
	a, ok := thing.(Array)
	if !ok {
		return false
	}
	at, size := a.Array()
	_, whole := s.Whole(at, size)
	return size > 0 && whole != size
}

// Unseen is a thing that is compared only when it crosses.
type Unseen interface {
	// Unseen reports whether this side has changed it, and keeps the content then.
	Unseen() bool
}

// putNumber appends the number of a thing, and whether the other side has another content.
func (l *Lasting) putNumber(e *Encoder, n int) {
	if t, ok := l.Things[n].(Unseen); ok && t.Unseen() {
		if l.changed == nil {
			l.changed = map[int]uint64{}
		}
		l.changed[n] = l.version
	}
	e.Uint(uint64(n)<<1 | bit(l.changed[n] > l.acked || l.made[n] > l.acked))
}

// PutArrayNumber is PutNumber for arrays.
func (s *Sharing) PutArrayNumber(e *Encoder, thing any, at unsafe.Pointer, size uintptr, typ reflect.Type, form int) {
	if s.of == nil {
		return
	}
	n, ok := -1, false
	for i := s.of.index.after(uintptr(at)); i < len(s.of.index.arrays) && !ok; i++ {
		a := &s.of.index.arrays[i]
		if a.start > uintptr(at) {
			break
		}
		n, ok = a.n, a.start == uintptr(at) && a.end == uintptr(at)+size && a.typ == typ && a.form == form
	}
	if !ok {
		n = s.of.add(thing)
		s.of.index.PlaceArray(n, at, size, typ, form)
	}
	s.of.putNumber(e, n)
}

// add numbers a thing that the other side has not.
func (l *Lasting) add(thing any) int {
	n := l.first + l.side
	for ; n < len(l.Things) && l.Things[n] != nil; n += 2 {
	}
	l.Set(n, thing)
	if l.made == nil {
		l.made = map[int]uint64{}
	}
	l.made[n] = l.version
	return n
}

// Number is what PutNumber appended.
type Number struct {
	Thing any // what this side has by it, or nil
	// Old says that the sender has not changed it since this side had it: the content counts only
	// where this side has it no more. Passed says that this side has changed it, which the sender
	// has not seen.
	Old, Passed bool

	n int
}

// TakeNumber takes what PutNumber appended. SetNumber follows.
func (s *Sharing) TakeNumber(d *Decoder) Number {
	if s.of == nil {
		return Number{n: -1}
	}
	head := d.UintN(32)
	n := int(head >> 1)
	if ahead := n - len(s.of.Things); ahead > maxAhead || ahead > 0 && !d.Charge(ahead*int(unsafe.Sizeof(any(nil)))) {
		d.Fail(ErrTag)
		return Number{n: -1}
	}
	return Number{Thing: s.of.Thing(n), Old: head&1 == 0, Passed: s.of.changed[n] > s.of.acked, n: n}
}

// maxAhead is how many things one update may number that the other side has not met.
const maxAhead = 1 << 16

// SetNumber makes a thing the one with a number that TakeNumber returned.
func (s *Sharing) SetNumber(n Number, thing any) {
	if n.n >= 0 {
		s.of.Set(n.n, thing)
	}
}

// Lasts reports whether the contents are those of lasting things.
func (s *Sharing) Lasts() bool { return s != nil && s.of != nil }

// MaxLastingElements is how many elements the array of a slice has at most that lasts. What changes
// of a longer one crosses with the calls that it is given to.
const MaxLastingElements = 4096

// Lasting returns the lasting thing that is at a place, and its number.
func (s *Sharing) Lasting(at unsafe.Pointer, typ reflect.Type, form int) (n int, thing any, ok bool) {
	if s.of == nil {
		return 0, nil, false
	}
	if n, ok = s.of.index.Find(at, typ, form); ok {
		thing = s.of.Things[n]
	}
	return n, thing, ok
}
