package guest

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/internal/goglue/guest/guestgoroutine"
	"github.com/loadgo/load/internal/wire"
)

// lastingTable has the things of calls that are over which the module may hold.
type lastingTable struct {
	lock  guestgoroutine.Lock
	own   guestgoroutine.Goroutines
	sets  []*lastingSet
	count atomic.Int32  // of the sets
	calls atomic.Int32  // that run, and do not wait for the host
	young int           // how many things nobody has looked for yet
	timer bool          // a look is coming
	took  time.Duration // the last look
	spent time.Duration // by comparing since

	late struct { // sets of calls that ran while the lock was out
		sync.Mutex
		sets []*lastingSet
	}
}

type lastingSet struct {
	wire.Lasting
	host  *Host // while it lives, and is not left, the host knows the set
	young bool
}

// What bounds the things that nobody has looked for: each message compares them. There is a look when
// that has taken as long as the last one did.
const (
	leastYoung = 256
	youngDelay = 20 * time.Millisecond
)

// beside reports whether calls run beside the goroutine, which runs one itself or does not.
func (t *lastingTable) beside(within bool) bool { return t.calls.Load() > int32(Bit(within)) }

// enter locks the table, and reports whether it has: not within code of the module's that the table
// runs.
func (t *lastingTable) enter() bool {
	if !t.lock.Lock() {
		return false
	}
	t.late.Lock()
	defer t.late.Unlock()
	t.add(t.late.sets...)
	t.late.sets = nil
	return true
}

func (t *lastingTable) add(sets ...*lastingSet) {
	for _, s := range sets {
		for _, thing := range s.All() {
			if text, ok := thing.(guarded); ok {
				text.guard(&t.lock)
			}
		}
		t.young += s.Size()
	}
	t.sets = append(t.sets, sets...)
	t.count.Store(int32(len(t.sets)))
}

// state says what may be read: see beside.
func (t *lastingTable) state(within bool) guestgoroutine.State {
	if t.beside(within) {
		return guestgoroutine.None
	}
	return t.own.State()
}

// retain lets the things of a call last which the module may hold.
func (t *lastingTable) retain(c *Call, host *Host) {
	things := c.In.Sharing.Things
	if len(things) == 0 {
		return
	}
	set := &lastingSet{host: host, young: true}
	set.Handle = host.handle
	entered := t.enter()
	if entered {
		defer t.lock.Unlock()
		t.part(c.In.Sharing, c.ctx == nil || c.ctx.Err() == nil)
	}
	set.Begin(things, lasts, true)
	if entered {
		t.renew(wire.Addresses(things, false), true, true)
	}
	set.loosen()
	if !entered {
		t.late.Lock()
		defer t.late.Unlock()
		t.late.sets = append(t.late.sets, set)
		return
	}
	t.add(set)
	if t.young > leastYoung && t.spent > t.took && t.state(true) == guestgoroutine.All {
		t.look(false)
	}
	t.lookSoon()
}

// lookSoon lets things be looked for that nobody has looked for yet.
func (t *lastingTable) lookSoon() {
	if t.timer || t.young == 0 {
		return
	}
	t.timer = true
	t.own.After(max(youngDelay, 50*t.took), t.lookNow)
}

func (t *lastingTable) lookNow() {
	if !t.enter() {
		t.own.After(youngDelay, t.lookNow)
		return
	}
	defer t.lock.Unlock()
	t.timer = false
	t.look(t.state(false) != guestgoroutine.All)
	t.lookSoon()
}

// lasts reports whether a thing can last.
func lasts(thing any) bool {
	switch t := thing.(type) {
	case interface{ elements() int }:
		return t.elements() <= wire.MaxLastingElements
	case lasting:
		return true
	case wire.LastingThing:
		return t.Lasts()
	}
	return false
}

// renew is told of the addresses of things of a call that is over: some may have been given before,
// and both sides have the same of them now. They go over to the new set, or stay in the old one.
func (t *lastingTable) renew(at map[uintptr]bool, over, maps bool) {
	for _, set := range t.sets {
		set.Renew(at, over, maps)
	}
}

// agree is told of the addresses of what both sides have the same of by a message of a call that
// goes on: it is the same where it was given before, too.
func (t *lastingTable) agree(at map[uintptr]bool, within bool) {
	if len(at) == 0 || !t.enter() {
		return
	}
	defer t.lock.Unlock()
	if state := t.state(within); state != guestgoroutine.None {
		t.renew(at, false, state == guestgoroutine.All)
	}
}

func (s *lastingSet) loosen() {
	for _, thing := range s.All() {
		switch thing := thing.(type) {
		case lasting:
			thing.loosen()
		case wire.LastingThing:
			thing.Loosen()
		}
	}
}

// tighten holds what the module still holds, and reports whether that is anything.
func (s *lastingSet) tighten() (any bool) {
	for _, thing := range s.All() {
		any = tighten(thing) || any
	}
	return any
}

func tighten(thing any) bool {
	if own, ok := thing.(lasting); ok {
		return own.tighten()
	}
	return thing.(wire.LastingThing).Tighten()
}

// each freezes or thaws the things. Where calls go on beside they may be changing maps, which stay as
// they are.
func (s *lastingSet) each(beside bool, do func(lasting), doAny func(wire.LastingThing)) {
	for _, thing := range s.All() {
		switch thing := thing.(type) {
		case lasting:
			if !beside || !isMap(thing) {
				do(thing)
			}
		case wire.LastingThing:
			if !beside || !thing.IsMap() {
				doAny(thing)
			}
		}
	}
}

func isMap(thing lasting) bool {
	_, is := thing.(interface{ entries() int })
	return is
}

// look finds out what the module holds, by a collection. Where calls go on beside, what exists may be
// what was given to them: it is looked for again.
func (t *lastingTable) look(beside bool) {
	if t.young == 0 {
		return
	}
	start := time.Now()
	for _, s := range t.sets {
		s.each(beside, lasting.freeze, wire.LastingThing.Freeze)
	}
	runtime.GC()
	t.took = time.Since(start)
	t.young, t.spent = 0, 0
	t.sets = slices.DeleteFunc(t.sets, func(s *lastingSet) bool {
		s.each(beside, lasting.thaw, wire.LastingThing.Thaw)
		held := s.tighten()
		s.loosen()
		switch {
		case !held:
			s.host.leave()
		case s.young && beside:
			t.young += s.Size()
		default:
			s.young = false
		}
		return !held
	})
	t.count.Store(int32(len(t.sets)))
}
