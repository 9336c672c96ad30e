package given

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goroutine"
	"github.com/loadgo/load/internal/wire"
)

// scopes are the calls of the module that go on and have given something, and the functions of the
// host that run for them. What a call shares is written for the module while these do not run: see
// [wire.Sharing]. So it is the host that knows which calls gave a function, whatever the module
// says. Values.mu guards them.
type scopes struct {
	going     map[uint64]*scope
	lastScope uint64
	inside    map[uint64][]*wire.Sharing // by goroutine: of the functions that it runs, innermost last
	entered   atomic.Int64               // len(inside), for who may not lock
}

// scope is a call of the module that goes on.
type scope struct {
	things *wire.Sharing
	gave   []*Value
	over   chan struct{} // closed when what the module changed is there; nil as long as nobody waits
}

// end says that what the module changed in the call is there. Values.mu is locked.
func (s *scope) end() {
	if s.over != nil {
		close(s.over)
		s.over = nil
	}
	for _, v := range s.gave {
		v.givers = slices.DeleteFunc(v.givers, func(o *scope) bool { return o == s })
	}
	s.gave = nil
}

// gives notes that a message of the call with these things gives a value, and returns the number by
// which the module refers to the call, or 0 if the message belongs to none.
func (h *Values) gives(things *wire.Sharing, handle uint64) uint64 {
	if things == nil || !things.Call {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if things.Scope == 0 {
		h.lastScope++
		things.Scope = h.lastScope
		if h.going == nil {
			h.going = map[uint64]*scope{}
		}
		h.going[things.Scope] = &scope{things: things}
	}
	s, v := h.going[things.Scope], h.values[handle]
	if s != nil && v != nil && !slices.Contains(v.givers, s) {
		v.givers = append(v.givers, s)
		s.gave = append(s.gave, v)
	}
	return things.Scope
}

// giver returns the things of the call with that number if it goes on and gave the value, or nil.
func (h *Values) giver(number uint64, v *Value) *wire.Sharing {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.going[number]; s != nil && v != nil && slices.Contains(v.givers, s) {
		return s.things
	}
	return nil
}

// tables returns the things of all calls that go on. Values.mu is locked.
func (h *Values) tables() []*wire.Sharing {
	all := make([]*wire.Sharing, 0, len(h.going))
	for _, s := range h.going {
		all = append(all, s.things)
	}
	return all
}

// endScopes forgets the calls, whose things it returns. Values.mu is locked.
func (h *Values) endScopes() []*wire.Sharing {
	all := h.tables()
	for _, s := range h.going {
		s.end()
	}
	h.going = nil
	return all
}

// TakeAnswer takes what the module has changed in a call of the things in d, when it has answered.
func (h *Values) TakeAnswer(d *codec.Incoming) error {
	things := d.Sharing
	err := things.Take(&d.Decoder, func(passed func(int) bool) error { return h.codec.TakeChanges(d, passed) })
	h.settled(things)
	return err
}

// settled says that what the module changed in a call is there.
func (h *Values) settled(things *wire.Sharing) {
	if things.Scope == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.going[things.Scope]; s != nil {
		s.end()
	}
}

// Over says that a call is over: its things are the caller's again.
func (h *Values) Over(things *wire.Sharing) {
	if things.Scope == 0 {
		return
	}
	things.Close()
	h.settled(things)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.going, things.Scope)
}

// update takes what the module changed of the things of a call that goes on.
func (c *Call) update(scope uint64) error {
	if scope == 0 {
		return nil
	}
	h := c.values
	outer := h.giver(scope, c.called)
	if outer == nil {
		if c.in.Uint() > 0 {
			return wire.ErrOver
		}
		return nil // it was over before the module could say what it changed
	}
	c.in.Sharing = outer
	defer func() { c.in.Sharing = nil }()
	err := outer.TakeCall(&c.in.Decoder, func(passed func(int) bool) error { return h.codec.TakeUpdate(&c.in, outer, passed) })
	if err == nil {
		c.outer = outer
		h.enter(outer)
	}
	return err
}

// settle is called before a function of the host that may look at what a call shares. If the module
// names no call that gave it, all of these are over there, and what they changed is on its way.
func (c *Call) settle() error {
	if c.outer != nil {
		return nil
	}
	var late <-chan time.Time
	for {
		over := c.values.unsettled(c.called)
		if over == nil {
			return nil
		}
		if late == nil {
			late = time.After(wire.MaxBeside)
		}
		select {
		case <-over:
		case <-late:
			return wire.ErrGoesOn
		}
	}
}

// unsettled returns what is closed when a call is over that gave a value, or nil if none goes on.
func (h *Values) unsettled(v *Value) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(v.givers) == 0 {
		return nil
	}
	s := v.givers[0]
	if s.over == nil {
		s.over = make(chan struct{})
	}
	return s.over
}

// enter notes that the goroutine runs a function which the call with these things gave, until
// leave.
func (h *Values) enter(things *wire.Sharing) {
	id := goroutine.ID()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.setInside(id, append(h.inside[id], things))
}

func (h *Values) leave() {
	id := goroutine.ID()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.setInside(id, h.inside[id][:len(h.inside[id])-1])
}

// setInside says for which calls a goroutine runs functions. Values.mu is locked.
func (h *Values) setInside(id uint64, inside []*wire.Sharing) {
	if h.inside == nil {
		h.inside = map[uint64][]*wire.Sharing{}
	}
	if h.inside[id] = inside; len(inside) == 0 {
		delete(h.inside, id)
	}
	h.entered.Store(int64(len(h.inside)))
}

// Waiting is a goroutine that waits for a call of the module.
type Waiting struct {
	values *Values
	id     uint64
	inside []*wire.Sharing
}

// Wait notes that the goroutine waits for a call of the module, until it is answered: the functions
// of the host in which it makes the call read nothing meanwhile.
func (h *Values) Wait() Waiting {
	w := Waiting{values: h}
	if h.entered.Load() == 0 {
		return w
	}
	w.id = goroutine.ID()
	h.mu.Lock()
	w.inside = h.inside[w.id]
	h.setInside(w.id, nil)
	h.mu.Unlock()
	for _, things := range w.inside {
		things.Leave()
	}
	return w
}

// Answered notes that the module has answered the call, of a mode.
func (w Waiting) Answered(mode uint64) {
	h := w.values
	if w.inside != nil {
		for _, things := range w.inside {
			things.Enter()
		}
		h.mu.Lock()
		h.setInside(w.id, w.inside)
		h.mu.Unlock()
	}
	h.codec.Lasting.Answered(mode)
}

// brought tells the calls that go on where an update of lasting things has brought something.
func (h *Values) brought(at []uintptr) {
	h.mu.Lock()
	going := slices.Collect(maps.Values(h.going))
	h.mu.Unlock()
	for _, s := range going {
		s.things.Brought(at)
	}
}
