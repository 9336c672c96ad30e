package codec

import (
	"github.com/loadgo/load/internal/goroutine"
	"github.com/loadgo/load/internal/wire"
)

// doing is what a goroutine does, in the innermost of the calls that it is in.
type doing struct {
	activity
	depth int // of the calls
	// settles is the depth of the outermost call that the module has answered and whose answer is not
	// taken over yet, or 0. The module has let the things of the call last, and the host has not:
	// until then they disagree about what lasts, and what is called to understand the answer takes and
	// gives no updates.
	settles int
}

type activity int

const (
	nothing activity = iota
	waits            // for a call
	runs             // a function of the host
)

// Wait notes that the goroutine waits for a call, until done is called: what is called meanwhile
// may change what it has given.
func (l *Lasting) Wait() (done func()) { return l.note(waits) }

// Run notes that the goroutine runs a function of the host which the module has called, until done
// is called: it may be using what others have given that wait.
func (l *Lasting) Run() (done func()) {
	if l.count.Load() == 0 {
		return func() {}
	}
	return l.note(runs)
}

func (l *Lasting) note(now activity) (done func()) {
	id := goroutine.ID()
	set := func(to doing) {
		if l.doing[id].activity == runs {
			l.running--
		}
		switch to.activity {
		case nothing:
			delete(l.doing, id)
			return
		case runs:
			l.running++
		}
		if l.doing == nil {
			l.doing = map[uint64]doing{}
		}
		l.doing[id] = to
	}
	defer l.lock()()
	before := l.doing[id]
	set(doing{activity: now, depth: before.depth + 1, settles: before.settles})
	part := l.join(id, before.depth)
	return func() {
		defer l.lock()()
		set(before)
		part()
	}
}

// Answered notes that the module has answered the call, of a mode, for which the goroutine waits.
// Take, which is not asked by the module, or the end of the wait tells that the answer is taken
// over.
func (l *Lasting) Answered(mode uint64) {
	if mode&wire.ModeLasting == 0 {
		return
	}
	defer l.lock()()
	id := goroutine.ID()
	if now := l.doing[id]; now.settles == 0 {
		now.settles = now.depth
		l.doing[id] = now
	}
}

// settled notes that the goroutine takes an answer over.
func (l *Lasting) settled(id uint64) {
	if now := l.doing[id]; now.settles > 0 && now.settles == now.depth {
		now.settles = 0
		l.doing[id] = now
	}
}
