package guest

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// lastingTable has the things of calls that are over which the module may hold.
type lastingTable struct {
	mu    sync.Mutex
	sets  []*lastingSet
	count atomic.Int32  // of the sets
	calls atomic.Int32  // that run, and do not wait for the host
	young int           // how many things nobody has looked for yet
	timer bool          // a look is coming
	took  time.Duration // the last look
	spent time.Duration // by comparing since
}

type lastingSet struct {
	wire.Lasting
	host  *Host // while it lives, the host knows the set
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

// retain lets the things of a call last which the module may hold.
func (t *lastingTable) retain(c *Call, host *Host) {
	things := c.In.Sharing.Things
	if len(things) == 0 {
		return
	}
	set := &lastingSet{host: host, young: true}
	set.Begin(things, true)
	set.Handle = host.handle
	t.mu.Lock()
	defer t.mu.Unlock()
	t.renew(things, true)
	for n, thing := range set.Things {
		if !lasts(thing) {
			set.Things[n] = nil
		}
	}
	set.loosen()
	t.sets = append(t.sets, set)
	t.count.Store(int32(len(t.sets)))
	t.young += len(things)
	if t.young > leastYoung && t.spent > t.took && !t.beside(true) {
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
	time.AfterFunc(max(youngDelay, 50*t.took), func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.timer = false
		t.look(t.beside(false))
		t.lookSoon()
	})
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

// renew is told of the things of a call that is over: some may have been given before, and both
// sides have the same of them now. They go over to the new set, or stay in the old one.
func (t *lastingTable) renew(things []any, over bool) {
	if len(t.sets) == 0 {
		return
	}
	at := map[uintptr]bool{}
	for _, thing := range things {
		if thing, ok := thing.(wire.LastingThing); ok {
			at[thing.Address()] = true
		}
	}
	if len(at) == 0 {
		return
	}
	for _, set := range t.sets {
		for n, thing := range set.Things {
			own, ok := thing.(wire.LastingThing)
			if !ok || !own.Tighten() {
				continue
			}
			if at[own.Address()] {
				if over {
					set.Things[n] = nil
				} else {
					own.Renew()
				}
			}
			own.Loosen()
		}
	}
}

func (s *lastingSet) loosen() {
	for _, thing := range s.Things {
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
	for _, thing := range s.Things {
		switch thing := thing.(type) {
		case lasting:
			any = thing.tighten() || any
		case wire.LastingThing:
			any = thing.Tighten() || any
		}
	}
	return any
}

// each freezes or thaws the things. Where calls go on beside they may be changing maps, which stay as
// they are.
func (s *lastingSet) each(beside bool, do func(lasting), doAny func(wire.LastingThing)) {
	for _, thing := range s.Things {
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
		case !held || !s.young:
		case beside:
			t.young += len(s.Things)
		default:
			s.young = false
			s.Touch()
		}
		return !held
	})
	t.count.Store(int32(len(t.sets)))
}

// put appends what the module has changed of lasting things. Where calls go on beside, they may be
// changing them: what they have changed crosses with a later message.
func (t *lastingTable) put(c *Call, beside bool) {
	if beside {
		c.Out.Uint(0)
		return
	}
	out, form, holds, returned := c.Out, c.form(), c.Holds, c.returned
	defer func() {
		out.Join(&c.Out, 0)
		out.Fail(c.Out.Err)
		c.Out, c.Holds, c.returned = out, holds, returned
		c.Values, c.Texts = form.values, form.texts
	}()
	c.Out = wire.Encoder{}
	t.mu.Lock()
	defer t.mu.Unlock()
	start := time.Now()
	defer func() { t.spent += time.Since(start) }()
	t.sets = slices.DeleteFunc(t.sets, func(s *lastingSet) bool {
		held := s.tighten()
		if held && c.Out.Err == nil {
			s.put(c)
		}
		s.loosen()
		return !held
	})
	t.count.Store(int32(len(t.sets)))
	c.Out.Uint(0)
}

func (s *lastingSet) put(c *Call) {
	var changed []int
	for n, thing := range s.Things {
		is := false
		switch thing := thing.(type) {
		case lasting:
			is = thing.tighten() && thing.changed(true)
		case wire.LastingThing:
			is = thing.Tighten() && thing.Differs(true)
		}
		if is {
			changed = append(changed, n)
		}
	}
	numbers, send := s.Note(changed)
	if !send {
		return
	}
	numbers = slices.DeleteFunc(numbers, func(n int) bool { return !s.alive(n) })
	sets := c.Out
	for again := true; again; {
		c.Out = wire.Encoder{}
		c.Out.Sharing = s.PutHead(&c.Out, numbers)
		for _, n := range numbers {
			switch thing := s.Things[n].(type) {
			case lasting:
				thing.put(c)
			case wire.LastingThing:
				thing.PutWhole(&c.Out)
			}
		}
		if again = c.Out.Err == wire.ErrAgain; again { // an array became longer: who leads to it has all of it
			c.module.held.forget(c.Out.Given)
			numbers = slices.DeleteFunc(numbers, func(n int) bool {
				_, isList := s.Things[n].(interface{ elements() int })
				return isList
			})
		}
	}
	s.PutEnd()
	sets.Uint(s.Handle)
	sets.Uint(uint64(c.Out.Size()))
	sets.Join(&c.Out, 0)
	sets.Fail(c.Out.Err)
	c.Out = sets
}

// alive reports whether a thing exists.
func (s *lastingSet) alive(n int) bool {
	switch thing := s.Things[n].(type) {
	case lasting:
		return thing.tighten()
	case wire.LastingThing:
		return thing.Tighten()
	}
	return false
}

// putLasting appends a thing that the host has not met in the message.
func (c *Call) putLasting(n int, t lasting) {
	t.Place(c.Out.Sharing, c.Out.Sharing.Number(t))
	c.Out.Uint(t.head())
	c.Out.Uint(uint64(n))
	values, texts, holds := c.Values, c.Texts, c.Holds
	t.put(c)
	c.Values, c.Texts, c.Holds = values, texts, holds
}

// takeLasting takes what comes before the arguments of a call.
func (c *Call) takeLasting() {
	if c.mode&wire.ModeLasting != 0 {
		c.module.lasting.take(c)
	}
	if c.mode&wire.ModeLast != 0 {
		c.last = c.module.Refer(&c.In)
	}
}

// endLasting lets the things of a call last, and appends what follows its results.
func (c *Call) endLasting() {
	if c.Out.Err != nil || len(c.Out.Buf) <= c.outcome || c.Out.Buf[c.outcome] == wire.Refused {
		return
	}
	t := &c.module.lasting
	switch {
	case c.last != nil:
		t.retain(c, c.last)
	case c.In.Sharing != nil && t.count.Load() > 0:
		t.mu.Lock()
		t.renew(c.In.Sharing.Things, false)
		t.mu.Unlock()
	}
	if c.mode&wire.ModeLasting != 0 {
		t.put(c, t.beside(true))
	}
}

// take takes what the host has changed of lasting things.
func (t *lastingTable) take(c *Call) {
	defer c.share(c.In.Sharing)
	t.mu.Lock()
	defer t.mu.Unlock()
	for handle := c.In.Uint(); handle != 0 && c.In.Err() == nil; handle = c.In.Uint() {
		size := c.In.Uint()
		i := slices.IndexFunc(t.sets, func(s *lastingSet) bool { return s.Handle == handle })
		if i < 0 { // nobody holds it
			c.In.Raw(int(min(size, uint64(len(c.In.Rest())))))
			continue
		}
		t.sets[i].take(c, int(min(size, uint64(len(c.In.Rest())))))
	}
}

func (s *lastingSet) take(c *Call, size int) {
	rest := len(c.In.Rest())
	s.tighten()
	defer s.loosen()
	sharing, numbers, passed, news := s.TakeHead(&c.In, true)
	if !news {
		c.In.Raw(size - (rest - len(c.In.Rest())))
		return
	}
	c.share(sharing)
	both := false
	for _, n := range numbers {
		switch thing := s.Things[n].(type) {
		case lasting:
			if !thing.tighten() {
				thing.revive()
			} else if passed(n) || thing.changed(false) {
				both = true
			}
			thing.take(c)
			thing.keep()
		case wire.LastingThing:
			if thing.Tighten() && (passed(n) || thing.Differs(false)) {
				both = true
			}
			thing.TakeWhole(&c.In)
		default:
			c.BadTag()
		}
	}
	if both {
		c.Refuse(wire.ErrBoth.Error())
	}
}
