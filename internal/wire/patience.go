package wire

import (
	"runtime"
	"time"
)

// Patience decides whether a reader looks for the next message for a moment before it sleeps:
// waking a thread takes longer than a short call. Each kind of wait has its own. Where both sides
// share a processor, looking only keeps the other side from working: after a look that found
// nothing, the next 1, 2, 4, … and at most 64 are left out.
type Patience struct {
	soon      bool // the last messages came soon after each other: the next one may, too
	left, out int
}

const (
	// lookFor is how long a reader looks for the next message: longer than what most requests take
	// on the other side.
	lookFor = 100 * time.Microsecond
	// soonAfter is the longest sleep after which the next message is worth looking for.
	soonAfter = 200 * time.Microsecond
	// maxLeftOut is how many looks are left out at most.
	maxLeftOut = 64
	// RingLooks is how many looks into a ring take as long as a few at a socket.
	RingLooks = 64
)

// With one processor, looking keeps everybody else from working.
var severalProcessors = runtime.GOMAXPROCS(0) > 1

// Look looks for the next message for a moment, where that is worth it, and reports whether found
// has reported one. Found is asked so often at a time; between two times giveWay is called, if it is
// not nil, and lets others of this process work.
func (p *Patience) Look(often int, found func() bool, giveWay func()) bool {
	if !p.worthIt() {
		return false
	}
	for start := time.Now(); time.Since(start) < lookFor; {
		for range often {
			if found() {
				p.out = 0
				return true
			}
		}
		yield() // both sides may be on one processor
		if giveWay != nil {
			giveWay()
		}
	}
	p.failed()
	return false
}

func (p *Patience) worthIt() bool {
	if !severalProcessors || !p.soon || p.left > 0 {
		p.left = max(0, p.left-1)
		return false
	}
	return true
}

func (p *Patience) failed() {
	p.out = min(max(1, 2*p.out), maxLeftOut)
	p.left = p.out
}

// Slept notes how long the reader has slept for a message.
func (p *Patience) Slept(d time.Duration) { p.soon = d < soonAfter }
