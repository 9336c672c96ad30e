package codec

import (
	"reflect"

	"github.com/loadgo/load/internal/goroutine"
	"github.com/loadgo/load/internal/wire"
)

// Known returns what the goroutine has since an earlier call of what the module gives in the answer
// of a call: see [wire.Earlier]. Others may be using what they have, and the module says what it
// likes, so they get another one.
func (l *Lasting) Known(handle uint64, n int, version uint64) wire.Number {
	defer l.lock()()
	id := goroutine.ID()
	now := l.doing[id]
	for _, set := range l.sets {
		if set.Handle != handle || set.Owner != id || now.settles == 0 || now.settles != now.depth {
			continue
		}
		known := set.Earlier(n, version)
		if s, ok := known.Thing.(*shared); ok && s.Value.IsValid() && s.differs() {
			known.Old = true // what the host has changed meanwhile crosses later
		}
		return known
	}
	return (&wire.Lasting{}).Earlier(0, 0)
}

// Given returns what the goroutine has given in earlier calls and the module may hold, for what it
// gives with a call of these things. Within a function that the module has called it is nothing: what
// is given there may be shared by the call that goes on, where it changes with the messages of that
// one.
func (l *Lasting) Given(s *wire.Sharing) *wire.Earlier {
	x := new(wire.Earlier)
	if !l.Any() {
		return x
	}
	defer l.lock()()
	id := goroutine.ID()
	if l.doing[id].depth > 0 {
		return x
	}
	for _, set := range l.sets {
		if set.Owner == id && !set.Gone.Load() {
			x.Add(set, func(thing any) bool {
				s, ok := thing.(*shared)
				return ok && !s.partial && s.putErr == nil // the module's own fields would be lost
			})
		}
	}
	if !x.Empty() {
		if l.again == nil {
			l.again = map[uint64]*wire.Sharing{}
		}
		l.again[id] = s
	}
	return x
}

// join notes that the goroutine waits for the outermost of its calls: what it has given again is what
// the call shares, until part is called.
func (l *Lasting) join(id uint64, depth int) (part func()) {
	s := l.again[id]
	if depth > 0 || s == nil {
		return func() {}
	}
	delete(l.again, id)
	given := s.GivenAgain()
	for i, a := range given {
		own, ok := s.Things[a.Number].(*shared)
		several := i > 0 && given[i-1].Number == a.Number || i+1 < len(given) && given[i+1].Number == a.Number
		if ok && !several { // else the module knows which it is
			last := a.Thing.(*shared)
			last.own, last.of = own, s
		}
	}
	return func() {
		for _, a := range s.GivenAgain() {
			if last := a.Thing.(*shared); last.of == s {
				last.own, last.of = nil, nil
			}
		}
	}
}

// agree is told of a call that is over what it has given of what lasts since earlier ones: both sides
// have the same, and it does not last since this one, too.
func agree(s *wire.Sharing, again []wire.Again) {
	for _, a := range again {
		own, ok := s.Things[a.Number].(*shared)
		last := a.Thing.(*shared)
		switch {
		case !ok:
		case own.kept():
			last.Base, last.text = own.Base, own.text
		case own.brought || own.Value.Kind() == reflect.Map:
			last.keep()
		}
		s.Things[a.Number] = nil
	}
}
