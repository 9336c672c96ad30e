package wire

import (
	"runtime"
	"time"
)

// Patience decides whether a reader looks for the next message for a moment before it sleeps:
// waking a thread takes longer than a short call. Each kind of wait has its own. Where both sides
// share a processor, looking only keeps the other side from working: after a look that found
// nothing, the next 1, 2, 4, … and at most 64 are left out. Where others compute on the processors
// of both, who looks gives his away for the time that the system lets them compute, a hundred times
// what it takes to sleep and wake: after such a look none is worth it for 2, 4, 8, … and at most 64
// times that time.
type Patience struct {
	soon      bool // the last messages came soon after each other: the next one may, too
	left, out int
	until     time.Time // others had the processor: no look before
	times     int       // of the time that they had it
}

const (
	// lookFor is how long a reader looks for the next message: longer than what most requests take
	// on the other side.
	lookFor = 100 * time.Microsecond
	// soonAfter is the longest sleep after which the next message is worth looking for.
	soonAfter = 200 * time.Microsecond
	// maxLeftOut is how many looks are left out at most, or times the processor was lost.
	maxLeftOut = 64
	// lostAfter is how long a thread that gives its processor away must be without it to show that
	// others compute there: longer than a short call on the other side, and less than the system
	// lets a thread compute at a time.
	lostAfter = 500 * time.Microsecond
	// RingLooks is how many looks into a ring take as long as a few at a socket.
	RingLooks = 64
)

// With one processor, looking keeps everybody else from working.
var severalProcessors = runtime.GOMAXPROCS(0) > 1

// Look looks for the next message for a moment, where that is worth it, and reports whether found
// has reported one. Found is asked so often at a time; between two times giveWay is called, if it
// is not nil, and lets others of this process work.
func (p *Patience) Look(often int, found func() bool, giveWay func()) bool {
	if !p.worthIt() {
		return false
	}
	start, lost := time.Now(), false
	for now := start; now.Sub(start) < lookFor; {
		for range often {
			if found() {
				p.found(lost)
				return true
			}
		}
		yield() // both sides may be on one processor
		if giveWay != nil {
			giveWay()
		}
		before := now
		now = time.Now()
		lost = p.lost(before, now) || lost
	}
	p.failed()
	return false
}

// lost notes for how long the processor was given away and reports whether others computed on it.
func (p *Patience) lost(before, now time.Time) bool {
	gone := now.Sub(before)
	if gone <= lostAfter {
		return false
	}
	p.times = min(max(2, 2*p.times), maxLeftOut)
	p.until = now.Add(time.Duration(p.times) * gone)
	return true
}

// found notes a look that found something.
func (p *Patience) found(lost bool) {
	p.out = 0
	if !lost {
		p.times = 0
	}
}

func (p *Patience) worthIt() bool {
	if !severalProcessors || !p.soon || p.left > 0 {
		p.left = max(0, p.left-1)
		return false
	}
	return p.until.IsZero() || p.over(time.Now())
}

// over reports whether the time has passed in which no look is worth it.
func (p *Patience) over(now time.Time) bool {
	if now.Before(p.until) {
		return false
	}
	p.until = time.Time{}
	return true
}

func (p *Patience) failed() {
	p.out = min(max(1, 2*p.out), maxLeftOut)
	p.left = p.out
}

// Slept notes how long the reader has slept for a message.
func (p *Patience) Slept(d time.Duration) { p.soon = d < soonAfter }
