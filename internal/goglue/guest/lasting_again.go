package guest

import (
	"slices"

	"github.com/loadgo/load/internal/goglue/guest/guestgoroutine"
	"github.com/loadgo/load/internal/wire"
)

// givenAgain returns what lasts since an earlier call and the host gives again, as this call shares it.
// The module may hold it no more; and where others run beside, they may be changing it, so that the
// call has another one.
func (c *Call) givenAgain(handle uint64, n int, _ uint64) wire.Number {
	t := &c.module.lasting
	if !t.enter() {
		c.Refuse("a variable that the module keeps cannot be given again while a method runs that writes or reads a text of it")
	}
	defer t.lock.Unlock()
	state := t.state(true)
	if i := slices.IndexFunc(t.sets, func(s *lastingSet) bool { return s.Handle == handle }); i >= 0 && state != guestgoroutine.None {
		if thing, ok := t.sets[i].Thing(n).(lasting); ok && (state == guestgoroutine.All || !isMap(thing)) && thing.tighten() {
			old := thing.changed(false) // which the host has not seen
			own := thing.again(c.In.Sharing, func() bool { return t.state(true) == guestgoroutine.All })
			thing.loosen()
			return wire.KnownAgain(own, thing, old)
		}
	}
	return wire.KnownAgain(nil, nil, false)
}

// part ends that a call shares what lasts since earlier ones, so that it does not last since this one,
// too. Agreed says that the answer brings what the call has changed of it: one that is
// cancelled may not arrive.
func (t *lastingTable) part(s *wire.Sharing, agreed bool) {
	alone := t.state(true) == guestgoroutine.All
	for _, a := range s.TakenAgain() {
		own, thing := s.Things[a.Number], a.Thing.(lasting)
		thing.part(own)
		if agreed && (alone || !isMap(thing)) && thing.tighten() {
			thing.keep()
			thing.loosen()
		}
		if own, ok := own.(interface{ over() }); ok {
			own.over()
		}
		s.Things[a.Number] = nil
	}
}
