package goprocess

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/wire"
)

// pending is a call that was not answered yet. One that was is used again.
type pending struct {
	symbol  string
	sharing bool // where it fails, what it changed before follows
	// stays says that who waits for it answers what it calls of the host: its context does not send
	// the caller away, and where a function of the host ends the goroutine, nothing is left to do.
	stays   bool
	answers atomic.Bool // it has such a call to answer
	number  uint64
	answer  chan answer // has space for the one answer, and for such a call
	head    [host.Headroom]byte

	// What answers such a call, made once, and what it needs: see conn.replyWithin.
	reply  func(*wire.Encoder)
	conn   *conn
	within context.Context
}

func newPending(symbol string) *pending {
	p := &pending{symbol: symbol, answer: make(chan answer, 2)}
	p.reply = func(out *wire.Encoder) { p.conn.replyWithin(p.within, out) }
	return p
}

var pendings = sync.Pool{New: func() any { return newPending("") }}

// answer is the answer of a call, or a call of the host that the waiting goroutine is to answer.
type answer struct {
	reply host.Reply
	err   error
	asked asked // or nothing
}
