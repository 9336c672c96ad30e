package codec

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/loadgo/load/internal/goroutine"
	"github.com/loadgo/load/internal/wire"
)

// Lasting has what calls shared that are over, as long as the module may hold some of it: see
// [wire.Lasting]. It is safe for concurrent use.
type Lasting struct {
	// Brought is told where an update has brought something, for the calls that go on; nil for none.
	Brought func(at []uintptr)

	mu sync.Mutex
	// holder is the goroutine that has locked it, or 0.
	holder atomic.Uint64
	sets   []*wire.Lasting
	count  atomic.Int32 // of the sets
	// doing is what goroutines do that wait for calls, or are called by the module; running is how
	// many of them run functions of the host.
	doing   map[uint64]doing
	running int
	again   map[uint64]*wire.Sharing // by goroutine: what gives again what lasts
}

// Any reports whether the module may hold anything. A call that reads or writes an update asks for
// nothing itself.
func (l *Lasting) Any() bool {
	return l.count.Load() > 0 && (l.holder.Load() == 0 || l.holder.Load() != goroutine.ID())
}

// lock locks the table, where the goroutine has not: what an update leads to may be asked for by
// calls of the module.
func (l *Lasting) lock() (unlock func()) {
	id := goroutine.ID()
	if l.holder.Load() == id {
		return func() {}
	}
	l.mu.Lock()
	l.holder.Store(id)
	return func() {
		l.holder.Store(0)
		l.mu.Unlock()
	}
}

// Add lets the things of a call last. Again are those that the module has since earlier calls.
func (l *Lasting) Add(set *wire.Lasting, s *wire.Sharing, again []wire.Again) {
	agree(s, again)
	if set.Gone.Load() || len(s.Things) == 0 {
		return
	}
	set.Begin(s.Things, lasts, false)
	set.Again(s)
	set.Owner = goroutine.ID()
	keepLasting(set)
	defer l.lock()()
	l.renew(s, true)
	l.sets = append(l.sets, set)
	l.count.Store(int32(len(l.sets)))
}

// Renew is told of the things of a call that is over and do not last: some may have been given
// before, and both sides have the same of them now.
func (l *Lasting) Renew(s *wire.Sharing) {
	if l.Any() {
		defer l.lock()()
		l.renew(s, false)
	}
}

func (l *Lasting) renew(s *wire.Sharing, over bool) {
	at := wire.Addresses(s.Things, false)
	for _, set := range l.sets {
		set.Renew(at, over, true)
	}
}

// Agree is told of the things of a call that goes on, with a message of the call, while no function
// of the host runs: what the sides have the same of is the same where it was given before, too.
func (l *Lasting) Agree(s *wire.Sharing) {
	if !l.Any() || !l.mu.TryLock() { // who has it may wait for this call
		return
	}
	l.holder.Store(goroutine.ID())
	defer func() {
		l.holder.Store(0)
		l.mu.Unlock()
	}()
	at := wire.Addresses(s.Things, true)
	for _, set := range l.sets {
		set.Renew(at, false, true)
	}
}

// lasts reports whether a thing can last.
func lasts(t any) bool {
	switch t := t.(type) {
	case *shared:
		return t.Value.IsValid() && (t.Value.Kind() != reflect.Slice || t.Value.Len() <= wire.MaxLastingElements)
	case *skipped:
		return t.count <= wire.MaxLastingElements
	case wire.LastingThing:
		return t.Lasts()
	}
	return false
}

// keepLasting remembers what both sides have of things.
func keepLasting(set *wire.Lasting) {
	for _, t := range set.All() {
		switch t := t.(type) {
		case *shared:
			t.keep()
		case wire.LastingThing:
			t.Renew()
		}
	}
}

// prune forgets what the module holds no more, and calls whose things all last since earlier ones.
func (l *Lasting) prune() {
	l.sets = slices.DeleteFunc(l.sets, func(s *wire.Lasting) bool { return s.Gone.Load() || s.Size() == 0 })
	l.count.Store(int32(len(l.sets)))
}

// belongs reports whether the goroutine with that number may read and write the things of a set:
// others may be using them, whatever the module says that it holds. The goroutine that gave them
// may, and what the module calls while that one waits and no function of the host runs.
func (l *Lasting) belongs(set *wire.Lasting, id uint64, called bool) bool {
	owner := l.doing[set.Owner]
	return owner.settles == 0 && (set.Owner == id || called && owner.activity == waits && l.running == 0)
}

// Put appends what the host has changed of lasting things. Called says that the module waits for it.
func (l *Lasting) Put(e *wire.Encoder, called bool) {
	defer l.lock()()
	l.prune()
	id := goroutine.ID()
	for _, set := range l.sets {
		if !l.belongs(set, id, called) {
			continue
		}
		changed, err := changedLasting(set)
		if err != nil {
			e.Fail(err)
			return
		}
		numbers, send := set.Note(changed, nil)
		if !send {
			continue
		}
		u := wire.Encoder{Room: e.Room}
		putLasting(&u, set, numbers)
		e.Uint(set.Handle)
		e.Uint(uint64(u.Size()))
		e.Join(&u, 0)
		e.Fail(u.Err)
	}
	e.Uint(0)
}

func putLasting(u *wire.Encoder, set *wire.Lasting, numbers []int) {
	defer set.PutEnd()
	for {
		sharing := set.PutHead(u, numbers)
		u.Sharing = sharing
		for _, n := range numbers {
			switch t := set.Thing(n).(type) {
			case *shared:
				t.putWhole(u, t.Value)
			case wire.LastingThing:
				t.PutWhole(u)
			}
		}
		u.Sharing = nil
		if u.Err != wire.ErrAgain { // else an array became longer: who leads to it has all of it
			break
		}
		room := u.Room
		u.Truncate(0)
		u.Room = room
		numbers = slices.DeleteFunc(numbers, func(n int) bool { return sharing.Longer(set.Thing(n)) })
	}
	keepNew(set)
}

// keepNew remembers what both sides have of things that an update brought.
func keepNew(set *wire.Lasting) {
	for _, t := range set.All() {
		switch t := t.(type) {
		case *shared:
			if !t.kept() {
				t.keep()
			}
		case wire.LastingThing:
			t.Keep()
		}
	}
}

// changedLasting returns the numbers of the things that the host has changed. Maps are not looked
// at: others may be changing them.
func changedLasting(set *wire.Lasting) (changed []int, err error) {
	for n, t := range set.All() {
		is := false
		switch t := t.(type) {
		case *shared:
			if is = t.Value.IsValid() && t.Value.Kind() != reflect.Map && t.differs(); is {
				if t.partial {
					return nil, t.lacking()
				}
				t.renew()
			}
		case wire.LastingThing:
			is = !t.IsMap() && t.Differs(true)
		}
		if is {
			changed = append(changed, n)
		}
	}
	return changed, nil
}

// Take takes what the module has changed of lasting things. Called says that the module has sent it
// with a call.
func (l *Lasting) Take(d *Incoming, called bool) error {
	defer l.lock()()
	sharing := d.Sharing
	defer func() { d.Sharing = sharing }()
	var failure error
	var sets map[uint64]*wire.Lasting
	var brought []uintptr
	defer func() {
		if l.Brought != nil && len(brought) > 0 {
			l.Brought(brought)
		}
	}()
	unconfirmed := 0
	id := goroutine.ID()
	if !called {
		l.settled(id)
	}
	for handle := d.Uint(); handle != 0 && d.Err() == nil; handle = d.Uint() {
		size := int(min(d.Uint(), uint64(len(d.Rest()))))
		if sets == nil {
			sets, unconfirmed = l.byHandle()
		}
		set := sets[handle]
		if set == nil { // the call that gave it is not over here
			d.Raw(size)
			continue
		}
		delete(sets, handle) // once: each costs as much as the set is large
		own, full := l.belongs(set, id, called), unconfirmed > maxUnconfirmed
		unconfirmed -= set.Unconfirmed()
		failure = errors.Join(failure, takeLasting(d, set, size, own && !full, func(at uintptr) { brought = append(brought, at) }))
		if unconfirmed += set.Unconfirmed(); own && full {
			d.Fail(wire.ErrUnconfirmed)
		}
	}
	return cmp.Or(failure, d.Err())
}

// maxUnconfirmed is how many things of all calls the host has let go without knowing that the
// module knows.
const maxUnconfirmed = 1 << 18

// byHandle returns the sets by their handles, and how many things of theirs are unconfirmed.
func (l *Lasting) byHandle() (sets map[uint64]*wire.Lasting, unconfirmed int) {
	sets = make(map[uint64]*wire.Lasting, len(l.sets))
	for _, s := range l.sets {
		sets[s.Handle] = s
		unconfirmed += s.Unconfirmed()
	}
	return sets, unconfirmed
}

// takeLasting takes an update, and tells where it brought something that a call may share, too.
func takeLasting(d *Incoming, set *wire.Lasting, size int, own bool, brought func(at uintptr)) error {
	rest := len(d.Rest())
	sharing, numbers, passed, news := set.TakeHead(&d.Decoder, own)
	if !news {
		d.Raw(size - (rest - len(d.Rest())))
		return nil
	}
	d.Sharing = sharing
	defer keepNew(set)
	var failure error
	for _, n := range numbers {
		switch t := set.Thing(n).(type) {
		case *shared:
			if t.takeErr != nil {
				return fmt.Errorf("the module holds a %s: %w", t.t, t.takeErr)
			}
			if passed(n) || t.differs() {
				failure = wire.ErrBoth
			}
			t.takeWhole(d)
		case *skipped:
			t.content(d)
		case wire.LastingThing:
			if passed(n) || t.Differs(false) {
				failure = wire.ErrBoth
			}
			t.TakeWhole(&d.Decoder)
			brought(t.Address())
		}
	}
	return failure
}
