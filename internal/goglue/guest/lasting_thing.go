package guest

import (
	"reflect"
	"slices"
	"unsafe"

	"github.com/loadgo/load/internal/goglue/guest/guestgoroutine"
	"github.com/loadgo/load/internal/wire"
)

// lasting is a thing that the module may hold when the call is over. Nothing here keeps it alive,
// but for what it held.
type lasting interface {
	thing
	wire.Placed
	// loosen lets go of what the thing is, and tighten holds it again and reports whether it still
	// exists.
	loosen()
	tighten() bool
	// freeze lets go of what it held, too, for a collection. Thaw follows.
	freeze()
	thaw()
	// revive makes a new one where it does not exist, to take what nobody needs.
	revive()
	head() uint64
	// again makes what a call shares, of a table, in which it is this again; part ends that.
	again(of *wire.Sharing, alone func() bool) thing
	part(own any)
	// settled reports whether the content is still what was kept. Else it counts as changed.
	settled() bool
}

// guarded is a thing that asks code of the module, with the lock of the table out.
type guarded interface{ guard(l *guestgoroutine.Lock) }

// lost is what is known of something that nothing here keeps alive.
type lost[T any] struct {
	weak    wire.Weak[T]
	print   wire.Print // of what it held, while it is frozen
	changed bool       // it has, while it was
	own     thing      // what a call shares that goes on, in which it is again
	of      *wire.Sharing
}

// joined reports whether a call shares it that goes on. What both sides have of it is what they have
// of that.
func (l *lost[T]) joined() bool { return l != nil && l.own != nil }

// differs reports whether what the call shares has changed. Where that is kept, by remember, it does
// not cross with the call, too; it has not changed while a message of the call is under way.
func (l *lost[T]) differs(keep bool, remember func()) (is bool) {
	if !keep {
		return l.own.changed(false)
	}
	l.of.Try(func() { is = l.own.changed(true) })
	if is {
		remember()
	}
	return is
}

// agree notes that both sides have the same, of what a call shares, too.
func (l *lost[T]) agree() {
	if l.joined() {
		l.of.Try(l.own.keep)
	}
}

func (l *lost[T]) share(own thing, of *wire.Sharing) thing {
	l.own, l.of = own, of
	return own
}

func (l *lost[T]) part(own any) {
	if l.own == own {
		l.own, l.of = nil, nil
	}
}

// dirty reports whether a thing has changed while it was frozen.
func (l *lost[T]) dirty(keep bool) bool {
	if l == nil || !l.changed {
		return false
	}
	l.changed = !keep
	return true
}

func (f form) head() uint64 { return wire.ShareNew + f.mode() }

func (p *pointee[T]) loosen() {
	if p.at == nil {
		return
	}
	if p.last == nil {
		p.last = new(lost[T])
		p.keep()
	}
	if p.last.weak == (wire.Weak[T]{}) {
		p.last.weak = wire.MakeWeak(p.at, unsafe.Sizeof(*p.at))
	}
	p.at = nil
}

func (p *pointee[T]) tighten() bool {
	if p.at == nil {
		p.at = p.last.weak.Value()
	}
	return p.at != nil
}

func (p *pointee[T]) freeze() {
	p.last.print.Take(unsafe.Pointer(&p.was), unsafe.Sizeof(p.was))
	p.was = *new(T)
}

func (p *pointee[T]) thaw() {
	if p.tighten() {
		p.remember()
		p.last.changed = p.last.changed || !p.last.print.Is(unsafe.Pointer(&p.was), unsafe.Sizeof(p.was))
	}
	p.last.print = wire.Print{}
}

func (p *pointee[T]) revive() {
	if p.at = new(T); p.last != nil {
		p.last.weak = wire.Weak[T]{}
	}
}

func (p *pointee[T]) settled() bool {
	same := wire.Same(unsafe.Pointer(p.at), unsafe.Pointer(&p.was), unsafe.Sizeof(p.was))
	p.last.changed = p.last.changed || !same
	return same
}

// Place implements [wire.Placed].
func (p *pointee[T]) Place(s *wire.Sharing, n int) {
	if p.at != nil {
		s.Place(n, unsafe.Pointer(p.at), reflect.TypeFor[T](), 0)
	}
}

func (p *textual[T]) loosen() {
	if p.at == nil {
		return
	}
	if p.last == nil {
		p.last = new(lost[T])
	}
	if p.last.weak == (wire.Weak[T]{}) {
		p.keep()
		p.last.weak = wire.MakeWeak(p.at, unsafe.Sizeof(*p.at))
	}
	p.at = nil
}

func (p *textual[T]) tighten() bool {
	if p.at == nil && p.last != nil {
		p.at = p.last.weak.Value()
	}
	return p.at != nil
}

func (p *textual[T]) freeze() {}
func (p *textual[T]) thaw()   {}
func (p *textual[T]) revive() {
	if p.at = new(T); p.last != nil {
		p.last.weak = wire.Weak[T]{}
	}
}
func (p *textual[T]) head() uint64 { return wire.ShareNew }

func (p *textual[T]) settled() bool                { return true }
func (p *textual[T]) guard(l *guestgoroutine.Lock) { p.lock = l }

// Place implements [wire.Placed].
func (p *textual[T]) Place(s *wire.Sharing, n int) {
	if p.at != nil {
		s.Place(n, unsafe.Pointer(p.at), reflect.TypeFor[T](), 0)
	}
}

func (l *list[E]) loosen() {
	if l.all == nil {
		return
	}
	if l.last == nil {
		l.over()
		l.last, l.count = new(lost[E]), len(l.all)
		l.keep()
	}
	if l.last.weak == (wire.Weak[E]{}) {
		l.last.weak = wire.MakeWeak(unsafe.SliceData(l.all), uintptr(len(l.all))*unsafe.Sizeof(*new(E)))
	}
	l.all = nil
}

func (l *list[E]) tighten() bool {
	if l.all == nil && l.last != nil {
		if at := l.last.weak.Value(); at != nil {
			l.all = unsafe.Slice(at, l.count)
		}
	}
	return l.all != nil
}

func (l *list[E]) freeze() {
	l.last.print.Take(unsafe.Pointer(unsafe.SliceData(l.was)), uintptr(len(l.was))*unsafe.Sizeof(*new(E)))
	l.was = nil
}

func (l *list[E]) thaw() {
	if l.tighten() {
		l.remember()
		at := unsafe.Pointer(unsafe.SliceData(l.was))
		l.last.changed = l.last.changed || !l.last.print.Is(at, uintptr(len(l.was))*unsafe.Sizeof(*new(E)))
	}
	l.last.print = wire.Print{}
}

func (l *list[E]) revive()       { l.all, l.last.weak = make([]E, l.count), wire.Weak[E]{} }
func (l *list[E]) elements() int { return len(l.all) }

// Array implements [wire.Array].
func (l *list[E]) Array() (at unsafe.Pointer, size uintptr) {
	return unsafe.Pointer(unsafe.SliceData(l.all)), uintptr(len(l.all)) * unsafe.Sizeof(*new(E))
}

func (l *list[E]) settled() bool {
	at, size := l.Array()
	same := wire.Same(at, unsafe.Pointer(unsafe.SliceData(l.was)), size)
	l.last.changed = l.last.changed || !same
	return same
}

// Place implements [wire.Placed].
func (l *list[E]) Place(s *wire.Sharing, n int) {
	if l.all != nil {
		s.PlaceArray(n, unsafe.Pointer(unsafe.SliceData(l.all)), uintptr(len(l.all))*unsafe.Sizeof(*new(E)), reflect.TypeFor[E](), 0)
	}
}

func (t *table[K, V]) loosen() {
	if t.at == nil {
		return
	}
	if t.last == nil {
		t.last = new(lost[byte])
		t.keep()
	}
	if t.last.weak == (wire.Weak[byte]{}) {
		t.last.weak = wire.MakeWeak((*byte)(mapAddress(t.at)), 0)
	}
	t.at = nil
}

func (t *table[K, V]) tighten() bool {
	if t.at == nil && t.last != nil {
		at := unsafe.Pointer(t.last.weak.Value())
		t.at = *(*map[K]V)(unsafe.Pointer(&at))
	}
	return t.at != nil
}

func (t *table[K, V]) freeze() {
	t.last.changed = t.last.changed || t.tighten() && t.was.Differ(t.at)
	t.was = nil
	t.loosen()
}

func (t *table[K, V]) thaw() {
	if t.tighten() {
		t.remember()
	}
}

func (t *table[K, V]) revive() {
	if t.at = map[K]V{}; t.last != nil {
		t.last.weak = wire.Weak[byte]{}
	}
}
func (t *table[K, V]) entries() int  { return len(t.at) }
func (t *table[K, V]) settled() bool { return true }

// Place implements [wire.Placed].
func (t *table[K, V]) Place(s *wire.Sharing, n int) {
	if t.at != nil {
		s.Place(n, mapAddress(t.at), reflect.TypeFor[V](), 0)
	}
}

func (p *pointee[T]) again(of *wire.Sharing, _ func() bool) thing {
	return p.last.share(&pointee[T]{at: p.at, was: p.was}, of)
}

func (p *textual[T]) again(of *wire.Sharing, _ func() bool) thing {
	return p.last.share(&textual[T]{at: p.at, was: p.was, read: p.read, write: p.write}, of)
}

func (l *list[E]) again(of *wire.Sharing, _ func() bool) thing {
	return l.last.share(&list[E]{all: l.all, was: slices.Clone(l.was)}, of)
}

func (t *table[K, V]) again(of *wire.Sharing, alone func() bool) thing {
	return t.last.share(&table[K, V]{at: t.at, was: t.was, alone: alone}, of)
}

func (p *pointee[T]) part(own any)  { p.last.part(own) }
func (p *textual[T]) part(own any)  { p.last.part(own) }
func (l *list[E]) part(own any)     { l.last.part(own) }
func (t *table[K, V]) part(own any) { t.last.part(own) }
