package wire

import (
	"iter"
	"reflect"
	"sync/atomic"
	"unsafe"
)

// Lasting is what one side has of the things of a call that is over: the module may hold some of
// them. What either side changes of them crosses with later messages, whatever these are about.
//
//	lasting = (handle, length, update)…, 0
//	update  = version, seen, news, count, numbers…, contents…
//
// An update has all that its sender has changed since the version that the other side has seen, so
// it does not matter whether messages pass each other or get lost; its version is 0 where that is
// nothing. What the contents lead to is numbered in each update anew; where it is met first its
// number among the lasting things, whether the other side has another content, and its content
// follow.
type Lasting struct {
	// Handle is by what both sides know them, and Owner the goroutine of the host's call.
	Handle uint64
	Owner  uint64
	// Gone says that the module holds none of them any more.
	Gone atomic.Bool

	entries entries
	side    int     // 0 in the host, inModule there: who numbers what is new
	next    int     // the number of what this side adds next
	theirs  int     // the highest number that the other side has used
	version uint64  // of what this side has changed
	acked   uint64  // which of that the other side has seen
	seen    uint64  // which of the other side's this one has seen
	told    uint64  // which of that the other side was told
	index   Sharing // where the things are, while an update is written
	began   int     // what was next when it was begun, or 0
	forgotten
}

const inModule = 1

// Begin takes over those things of a call that can last, on the host's side or on the module's.
func (l *Lasting) Begin(things []any, lasts func(thing any) bool, module bool) {
	for n, thing := range things {
		if lasts(thing) {
			l.entries.add(entry{n: n, thing: thing, known: true})
		}
	}
	if module {
		l.side = inModule
	}
	l.next, l.theirs = len(things)+l.side, len(things)
}

// Thing returns the thing with a number, or nil.
func (l *Lasting) Thing(n int) any {
	if own := l.entries.find(n); own != nil {
		return own.thing
	}
	return nil
}

// Size is how many things there are.
func (l *Lasting) Size() int { return len(l.entries.all) }

// All has the things that this side has not lost.
func (l *Lasting) All() iter.Seq2[int, any] {
	return func(yield func(int, any) bool) {
		for i := range l.entries.all {
			if e := &l.entries.all[i]; e.lost == 0 && !yield(e.n, e.thing) {
				return
			}
		}
	}
}

// Remove removes things that go over to another call on both sides.
func (l *Lasting) Remove(is func(thing any) bool) {
	l.entries.remove(func(e *entry) bool { return e.lost == 0 && is(e.thing) })
}

// Note notes that the things with some numbers have changed, and that those with others exist no
// more. It returns those of which the other side may have another content. Send reports whether
// there is anything to say.
func (l *Lasting) Note(changed, lost []int) (numbers []int, send bool) {
	if len(changed)+len(lost) > 0 {
		l.version++
	}
	for _, n := range changed {
		l.entries.find(n).changed = l.version
	}
	for _, n := range lost {
		l.entries.find(n).lost = l.version
	}
	again := l.version + 1
	l.entries.sort() // the other side takes the numbers in their order
	for i := range l.entries.all {
		switch e := &l.entries.all[i]; {
		case e.lost > l.acked:
		case e.lost > 0: // the other side had given it meanwhile, which did not arrive
			e.lost, l.version = again, again
		case e.changed > l.acked && e.known: // else what leads to it has it
			numbers = append(numbers, e.n)
		}
	}
	return numbers, l.told != l.seen || l.version > l.acked
}

// PutHead begins an update, which has the things with these numbers, and returns its table.
func (l *Lasting) PutHead(e *Encoder, numbers []int) *Sharing {
	version := l.version
	if version <= l.acked {
		version = 0
	}
	e.Uint(version)
	e.Uint(l.seen)
	l.putNews(e)
	l.told = l.seen
	if l.began > 0 { // it is written again: what was added has not crossed
		l.entries.remove(func(e *entry) bool { return e.n >= l.began && (e.n-l.began)%2 == 0 })
		l.next = l.began
	}
	l.index, l.began = Sharing{}, l.next
	for n, t := range l.All() {
		if t, ok := t.(Placed); ok {
			t.Place(&l.index, n)
		}
	}
	s := &Sharing{of: l}
	c := l.index.arrays.after(0)
	for a := c.next(); a != nil; a = c.next() { // parts of them cross as such
		s.wide = append(s.wide, array{start: a.start, end: a.end})
	}
	e.Len(len(numbers), false)
	for _, n := range numbers {
		own := l.entries.find(n)
		own.given = l.version
		e.Uint(uint64(n))
		local := s.Number(own.thing)
		if t, ok := own.thing.(Placed); ok {
			t.Place(s, local)
		}
	}
	return s
}

// PutEnd ends an update.
func (l *Lasting) PutEnd() { l.index, l.began = Sharing{}, 0 }

// TakeHead begins to take an update. News is false where this side has seen it, or may not take it:
// then it comes again. May says that it may take it. Else the numbers follow, and s is the table of
// the contents. Passed reports of a thing whether the other side had not seen what this one has
// changed of it.
func (l *Lasting) TakeHead(d *Decoder, may bool) (s *Sharing, numbers []int, passed func(n int) bool, news bool) {
	version, seen := d.Uint(), d.Uint()
	l.acked = max(l.acked, min(seen, l.version))
	l.confirmed()
	switch {
	case version <= l.seen:
		if version > 0 {
			l.told = 0
		}
		return nil, nil, nil, false
	case !may:
		return nil, nil, nil, false
	}
	l.seen = version
	l.takeNews(d, seen)
	s = &Sharing{of: l}
	count, _ := d.Len(1)
	for before := -1; count > 0; count-- {
		n := int(d.UintN(62))
		own := l.entries.find(n)
		if own == nil || n <= before { // each once, so that there are no more than things
			d.Fail(ErrTag)
			return nil, nil, nil, false
		}
		own.lost, own.known = 0, true
		before, numbers = n, append(numbers, n)
		s.Number(own.thing)
	}
	return s, numbers, func(n int) bool { return l.changedSince(n, seen) }, d.Err() == nil
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

// putNumber appends the number of a thing, and whether the other side has another content.
func (l *Lasting) putNumber(e *Encoder, n int) {
	own := l.entries.find(n)
	if t, ok := own.thing.(Unseen); ok && t.Unseen() {
		own.changed = l.version
	}
	own.given = l.version
	e.Uint(uint64(n)<<1 | bit(own.changed > l.acked || !own.known))
}

// PutArrayNumber is PutNumber for arrays.
func (s *Sharing) PutArrayNumber(e *Encoder, thing any, at unsafe.Pointer, size uintptr, typ reflect.Type, form int) {
	if s.of == nil {
		return
	}
	n, ok := s.of.index.arrays.exact(uintptr(at), uintptr(at)+size, typ, form)
	if !ok {
		n = s.of.add(thing)
		s.of.index.PlaceArray(n, at, size, typ, form)
	}
	s.of.putNumber(e, n)
}

// add numbers a thing that the other side has not. No number is used twice.
func (l *Lasting) add(thing any) int {
	n := l.next
	l.next += 2
	l.entries.add(entry{n: n, thing: thing})
	return n
}

// Number is what PutNumber appended.
type Number struct {
	Thing any // what this side has by it, or nil
	// Old says that the sender has not changed it since this side had it: the content counts only
	// where this side has it no more. Passed says that this side has changed it, which the sender
	// has not seen.
	Old, Passed bool

	lasts  any // what has lasted since an earlier call
	choice int // which of those that were named it is
	n      int
}

// TakeNumber takes what PutNumber appended. SetNumber follows.
func (s *Sharing) TakeNumber(d *Decoder) Number {
	if s.of == nil {
		return Number{n: -1}
	}
	l := s.of
	head := d.UintN(63)
	n := int(head >> 1)
	own := l.entries.find(n)
	if own == nil {
		if !l.mayBegin(n) {
			d.Fail(ErrTag)
			return Number{n: -1}
		}
		return Number{n: n}
	}
	own.lost, own.known = 0, true
	return Number{Thing: own.thing, Old: head&1 == 0, Passed: own.changed > l.acked, n: n}
}

// maxAhead is how many things one update may number that the other side has not met.
const maxAhead = 1 << 16

// mayBegin reports whether the other side may give a number to something new.
func (l *Lasting) mayBegin(n int) bool {
	_, gone := l.gone[n]
	own := n >= l.next && (n-l.next)%2 == 0
	return !gone && !own && n-l.theirs <= 2*maxAhead
}

// SetNumber makes a thing the one with a number that TakeNumber returned.
func (s *Sharing) SetNumber(n Number, thing any) {
	if n.n < 0 {
		return
	}
	l := s.of
	if l.theirs = max(l.theirs, n.n); n.Thing == nil {
		l.version++
	}
	own := l.entries.find(n.n)
	if own == nil {
		own = l.entries.add(entry{n: n.n})
	}
	own.thing, own.known = thing, true
	if n.Thing == nil {
		own.got = l.version
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
		thing = s.of.Thing(n)
	}
	return n, thing, ok
}
