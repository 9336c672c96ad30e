package wire

import (
	"errors"
	"maps"
	"slices"
)

// forgotten are the numbers of lasting things that a side has no more. Each update tells which
// numbers are new to its sender, and which are gone:
//
//	news = count, (number·4 + what)…
//
// A side that finds that a thing exists no more keeps its number, and how it crosses: the other
// side may be sending it. It asks the other side to let go of it, until that one says that it has.
// It does so at once, unless it has given the thing since: then the first one makes it again. What
// was given counts as known to the other side when that one says so, since messages get lost.
type forgotten struct {
	// gone are those that this side has let go when it was asked, by the version that says so, until
	// the other side has seen that.
	gone map[int]uint64
}

// What is told of a number.
const (
	newsGot  = iota // the sender has it now
	newsLost        // the sender has it no more, and the other side is to let go of it
	newsGone        // the sender has let go of it
)

// maxForgotten is how many numbers one update asks to let go at most: the others follow when these
// are. MaxUnconfirmed is how many of a call a side has let go without knowing that the other
// one knows.
const (
	maxForgotten   = 4096
	maxUnconfirmed = 1 << 16
)

// ErrUnconfirmed is a side that lets go of things, and does not say what it has seen of the
// answers.
var ErrUnconfirmed = errors.New("the other side lets go of more and more variables and confirms none")

// Unconfirmed is how many things this side has let go without knowing that the other one knows.
func (l *Lasting) Unconfirmed() int { return len(l.gone) }

// putNews appends what is new, and what this side has no more.
func (l *Lasting) putNews(e *Encoder) {
	var all []uint64
	for _, n := range slices.Sorted(maps.Keys(l.gone)) {
		all = append(all, uint64(n)<<2+newsGone)
	}
	lost := 0
	for i := range l.entries.all {
		switch own := &l.entries.all[i]; {
		case own.lost > 0 && lost < maxForgotten:
			lost++
			all = append(all, uint64(own.n)<<2+newsLost)
		case own.lost == 0 && own.got > l.acked:
			all = append(all, uint64(own.n)<<2+newsGot)
		}
	}
	e.Len(len(all), false)
	for _, n := range all {
		e.Uint(n)
	}
}

// takeNews takes what is new to the other side, and what that has no more. Seen is what it had seen
// then.
func (l *Lasting) takeNews(d *Decoder, seen uint64) {
	count, _ := d.Len(1)
	if count == 0 {
		return
	}
	asked := false
	removed := map[int]bool{}
	for range count {
		head := d.UintN(63)
		n := int(head >> 2)
		own := l.entries.find(n)
		switch head & 3 {
		case newsGot:
			if own != nil {
				own.known = true
			}
			continue
		case newsLost, newsGone:
		default:
			d.Fail(ErrTag)
			return
		}
		if own != nil && own.given > seen { // it is on its way to the other side
			continue
		}
		if own != nil {
			removed[n] = true
		}
		if head&3 == newsGone {
			continue
		}
		asked = true
		if l.gone == nil {
			l.gone = map[int]uint64{}
		}
		if l.gone[n] = l.version + 1; len(l.gone) > maxUnconfirmed {
			d.Fail(ErrUnconfirmed)
			break
		}
	}
	l.entries.remove(func(e *entry) bool { return removed[e.n] })
	if asked {
		l.version++
	}
}

// confirmed lets go of the numbers of which the other side knows that they are gone.
func (l *Lasting) confirmed() {
	maps.DeleteFunc(l.gone, func(_ int, version uint64) bool { return version <= l.acked })
}

// changedSince reports whether this side has changed a thing in a version that the other side had
// not seen.
func (l *Lasting) changedSince(n int, seen uint64) bool {
	own := l.entries.find(n)
	return own != nil && own.changed > seen
}
