//go:build unix

package guestinput

import (
	"sync"

	"github.com/loadgo/load/internal/wire"
)

// keepBuffer is the size up to which the buffer for answers is kept for the next one.
const keepBuffer = 1 << 20

// Run is one call of the module: the frame, which may be part of what the reader reads into, is
// copied, because another goroutine may be the reader before the call has decoded it.
type Run struct {
	body []byte
	own  bool         // the frame came in memory of its own
	Out  wire.Encoder // the answer
}

var runs = sync.Pool{New: func() any { return new(Run) }}

// NewRun returns the call of a Call frame.
func NewRun(body []byte) *Run {
	r := runs.Get().(*Run)
	if r.own = len(body) >= LargeFrame; r.own {
		r.body = body
	} else {
		r.body = append(r.body[:0], body...)
	}
	return r
}

// Args is what follows the frame's kind.
func (r *Run) Args() wire.Decoder {
	if r.own {
		return wire.NewOwner(r.body[1:])
	}
	return wire.NewDecoder(r.body[1:])
}

// Within returns the number of the call of the host in which the call is made, or 0.
func (r *Run) Within() uint64 {
	within, _, _ := wire.Within(r.body[1:])
	return within
}

// Function returns the number of the function that is called.
func (r *Run) Function() uint64 {
	_, rest, _ := wire.Within(r.body[1:])
	head := wire.NewDecoder(rest)
	head.Uint() // the call's number
	return head.Uint()
}

// Done makes the memory of a run ready for the next one.
func (r *Run) Done() {
	if r.own {
		r.body = nil
	}
	r.Out.Truncate(0)
	if cap(r.Out.Buf) > keepBuffer {
		r.Out.Buf = nil
	}
	runs.Put(r)
}
