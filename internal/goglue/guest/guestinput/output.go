//go:build unix

package guestinput

import (
	"sync"

	"github.com/loadgo/load/internal/wire"
)

// maxQueued is how many bytes of results wait to be written together.
const maxQueued = 16 << 10

// Output is what is written to the connection. It is safe for concurrent use.
type Output struct {
	mu   sync.Mutex
	ring *wire.RingWriter // nil until the host uses its own
}

// Open uses the ring in memory that the host has shared.
func (o *Output) Open(memory []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ring = wire.NewRingWriter(memory, func(data []byte) bool { return Write(data) == nil })
}

// Answer writes the result of a call. A small result waits until the frames that have arrived are
// dealt with, so that one write, and one waking of the host, answers several calls.
func (o *Output) Answer(in *Input, frame *wire.Encoder) {
	if frame.Size() > maxQueued-len(in.Queued) {
		o.Flush(in)
		o.Send(frame)
		return
	}
	_ = frame.Send(0, func(part []byte) error {
		in.Queued = append(in.Queued, part...)
		return nil
	})
}

// Flush writes the results that wait.
func (o *Output) Flush(in *Input) {
	if len(in.Queued) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ring.Begin(len(in.Queued)) {
		o.ring.Append(in.Queued)
		o.ring.End()
	} else {
		_ = Write(in.Queued)
	}
	in.Queued = in.Queued[:0]
}

// Send writes a frame.
func (o *Output) Send(frame *wire.Encoder) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.ring.Begin(frame.Size()) {
		_ = frame.Send(0, Write)
		return
	}
	_ = frame.Send(0, func(part []byte) error { o.ring.Append(part); return nil })
	o.ring.End()
}
