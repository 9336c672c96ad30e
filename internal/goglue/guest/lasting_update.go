package guest

import (
	"slices"
	"time"

	"github.com/loadgo/load/internal/goglue/guest/guestgoroutine"
	"github.com/loadgo/load/internal/wire"
)

// put appends what the module has changed of lasting things. Where calls or goroutines go on
// beside, they may be changing them: what they have changed crosses with a later message.
func (t *lastingTable) put(c *Call, within bool) {
	if t.beside(within) || !t.enter() {
		c.Out.Uint(0)
		return
	}
	defer t.lock.Unlock()
	state := t.state(within)
	if state == guestgoroutine.None {
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
	start := time.Now()
	defer func() { t.spent += time.Since(start) }()
	t.sets = slices.DeleteFunc(t.sets, func(s *lastingSet) bool {
		held := s.tighten()
		if (held || s.Size() == 0) && c.Out.Err == nil { // the host has let go of all, and hears that it is gone
			before := s.Size()
			s.put(c, state == guestgoroutine.Still)
			t.young += max(0, s.Size()-before) // they may hold each other here
		}
		s.loosen()
		if !held {
			s.host.leave()
		}
		return !held
	})
	t.count.Store(int32(len(t.sets)))
	t.lookSoon()
	c.Out.Uint(0)
}

// put appends what has changed. Where goroutines may go on it looks twice, and at no map.
func (s *lastingSet) put(c *Call, still bool) {
	var changed, lost []int
	for n, thing := range s.All() {
		exists, is := tighten(thing), false
		switch thing := thing.(type) {
		case lasting:
			if !exists { // what is known of its content would keep that alive
				thing.freeze()
				thing.thaw()
			}
			is = exists && !(still && isMap(thing)) && thing.changed(true) && (!still || thing.settled())
		case wire.LastingThing:
			if !exists {
				thing.Freeze()
				thing.Thaw()
			}
			is = exists && !(still && thing.IsMap()) && thing.Differs(true) && (!still || thing.Settled())
		}
		if !exists {
			lost = append(lost, n)
		} else if is {
			changed = append(changed, n)
		}
	}
	numbers, send := s.Note(changed, lost)
	if !send {
		return
	}
	sets := c.Out
	for again := true; again; {
		c.Out = wire.Encoder{}
		c.Out.Sharing = s.PutHead(&c.Out, numbers)
		for _, n := range numbers {
			switch thing := s.Thing(n).(type) {
			case lasting:
				thing.put(c)
			case wire.LastingThing:
				thing.PutWhole(&c.Out)
			}
		}
		if again = c.Out.Err == wire.ErrAgain; again { // an array became longer: who leads to it has all of it
			c.module.held.forget(c.Out.Given)
			table := c.Out.Sharing
			numbers = slices.DeleteFunc(numbers, func(n int) bool { return table.Longer(s.Thing(n)) })
		}
	}
	s.PutEnd()
	sets.Uint(s.Handle)
	sets.Uint(uint64(c.Out.Size()))
	sets.Join(&c.Out, 0)
	sets.Fail(c.Out.Err)
	c.Out = sets
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
		if c.Out.Sharing != nil {
			c.Out.Sharing.Earlier, c.Out.Sharing.Known = c.module.lasting.earlier, c.givenAgain
		}
	}
}

// earlier returns what earlier calls have let last.
func (t *lastingTable) earlier() *wire.Earlier {
	x := new(wire.Earlier)
	if t.count.Load() == 0 || !t.enter() {
		return x
	}
	defer t.lock.Unlock()
	for _, s := range t.sets {
		s.tighten()
		x.Add(&s.Lasting, func(any) bool { return true })
		s.loosen()
	}
	return x
}

// endLasting lets the things of a call last, and appends what follows its results.
func (c *Call) endLasting() {
	t := &c.module.lasting
	if c.Out.Err != nil || len(c.Out.Buf) <= c.outcome || c.Out.Buf[c.outcome] == wire.Refused {
		if s := c.In.Sharing; s != nil && len(s.TakenAgain()) > 0 && t.enter() {
			defer t.lock.Unlock()
			t.part(s, false)
		}
		return
	}
	c.In.Sharing.PutAgain(&c.Out)
	switch {
	case c.last != nil:
		t.retain(c, c.last)
	case c.In.Sharing != nil && t.count.Load() > 0 && t.enter():
		t.renew(wire.Addresses(c.In.Sharing.Things, false), false, true)
		t.lock.Unlock()
	}
	if c.mode&wire.ModeLasting != 0 {
		t.put(c, true)
	}
}

// take takes what the host has changed of lasting things.
func (t *lastingTable) take(c *Call) {
	if !t.enter() {
		wire.SkipLasting(&c.In)
		return
	}
	defer t.lock.Unlock()
	defer c.share(c.In.Sharing)
	for handle := c.In.Uint(); handle != 0 && c.In.Err() == nil; handle = c.In.Uint() {
		size := c.In.Uint()
		i := slices.IndexFunc(t.sets, func(s *lastingSet) bool { return s.Handle == handle })
		if i < 0 { // nobody holds it
			c.In.Raw(int(min(size, uint64(len(c.In.Rest())))))
			continue
		}
		before := t.sets[i].Size()
		t.sets[i].take(c, int(min(size, uint64(len(c.In.Rest())))))
		t.young += max(0, t.sets[i].Size()-before)
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
	for _, n := range numbers { // before what leads to them
		exists := tighten(s.Thing(n))
		switch thing := s.Thing(n).(type) {
		case lasting:
			if both = both || exists && (passed(n) || thing.changed(false)); !exists {
				thing.revive()
			}
		case wire.LastingThing:
			if both = both || exists && (passed(n) || thing.Differs(false)); !exists {
				thing.Revive()
			}
		}
	}
	for _, n := range numbers {
		switch thing := s.Thing(n).(type) {
		case lasting:
			thing.take(c)
			thing.keep()
		case wire.LastingThing:
			thing.TakeWhole(&c.In)
		}
	}
	if both {
		c.Refuse(wire.ErrBoth.Error())
	}
}
