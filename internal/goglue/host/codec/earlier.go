package codec

import (
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
