package goprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/goglue"
	"github.com/loadgo/load/internal/wire"
)

// conn carries calls to the child. It implements [goglue.Transport].
type conn struct {
	file    *os.File
	process *process
	config  Config
	hello   chan []byte
	broken  atomic.Pointer[error] // why nothing can be called any more
	writing sync.Mutex            // frames are not mixed

	mu       sync.Mutex
	last     uint64
	pending  map[uint64]*pending
	releases []uint64
}

// pending is a call that was not answered yet.
type pending struct {
	symbol    string
	answer    chan answer
	abandoned bool // its caller has gone; set under the connection's lock
}

type answer struct {
	body []byte
	err  error
}

func newConn(file *os.File, p *process, config Config) *conn {
	return &conn{file: file, process: p, config: config, hello: make(chan []byte, 1), pending: map[uint64]*pending{}}
}

// Call implements [goglue.Transport].
func (c *conn) Call(ctx context.Context, symbol string, function int, mode uint64, message *wire.Encoder) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	call := &pending{symbol: symbol, answer: make(chan answer, 1)}
	c.mu.Lock()
	if err := c.broken.Load(); err != nil {
		c.mu.Unlock()
		return nil, *err
	}
	c.last++
	number := c.last
	c.pending[number] = call
	c.mu.Unlock()

	var head [goglue.Headroom]byte
	e := wire.Encoder{Buf: head[:wire.HeaderSize]}
	e.Byte(wire.Call)
	e.Uint(number)
	e.Uint(uint64(function))
	e.Uint(mode)
	from := goglue.Headroom - len(e.Buf)
	wire.PutHeader(e.Buf, message.Size()-from-wire.HeaderSize)
	copy(message.Buf[from:], e.Buf)
	c.send(message, from)
	if ctx.Done() == nil {
		a := <-call.answer
		return a.body, a.err
	}
	select {
	case a := <-call.answer:
		return a.body, a.err
	case <-ctx.Done():
		c.abandon(number, call)
		return nil, context.Cause(ctx)
	}
}

// abandon leaves a call whose caller has gone. The module is told, and watched if it does not end.
func (c *conn) abandon(number uint64, call *pending) {
	c.mu.Lock()
	call.abandoned = true
	c.mu.Unlock()
	cancel := wire.NewFrame(wire.Cancel)
	cancel.Uint(number)
	cancel.Finish()
	go c.send(cancel, 0) // the connection may be full
	time.AfterFunc(c.config.Grace, func() {
		c.mu.Lock()
		_, busy := c.pending[number]
		c.mu.Unlock()
		if !busy {
			return
		}
		c.process.sink(load.Overrun{Name: c.process.name, Symbol: call.symbol, Grace: c.config.Grace, Killed: c.config.KillOverrun})
		if c.config.KillOverrun {
			c.process.kill(fmt.Sprintf("it stayed busy for %v after a call of %s was cancelled", c.config.Grace, call.symbol))
		}
	})
}

// releaseDelay is how long handles are collected before the module is told to forget them.
const releaseDelay = 5 * time.Millisecond

// Release implements [goglue.Transport].
func (c *conn) Release(handle uint64) {
	if c.broken.Load() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.releases = append(c.releases, handle)
	if len(c.releases) == 1 {
		time.AfterFunc(releaseDelay, c.release)
	}
}

func (c *conn) release() {
	c.mu.Lock()
	handles := c.releases
	c.releases = nil
	c.mu.Unlock()
	frame := wire.NewFrame(wire.Release)
	frame.Uint(uint64(len(handles)))
	for _, h := range handles {
		frame.Uint(h)
	}
	frame.Finish()
	c.send(frame, 0)
}

// send writes a frame, from the given byte on.
func (c *conn) send(frame *wire.Encoder, from int) {
	c.writing.Lock()
	err := frame.Send(from, func(data []byte) error {
		_, err := c.file.Write(data)
		return err
	})
	c.writing.Unlock()
	if err != nil {
		c.lost()
	}
}

// read takes the module's frames until the connection ends.
func (c *conn) read() {
	defer c.file.Close()
	var header [wire.HeaderSize]byte
	in := &reader{file: c.file, buf: make([]byte, 16<<10)}
	for {
		if err := in.full(header[:]); err != nil {
			c.lost()
			return
		}
		n := wire.BodySize(header[:])
		if n < 1 || n > wire.MaxFrame {
			c.garbage()
			return
		}
		body, err := in.body(n)
		if err != nil {
			c.lost()
			return
		}
		if !c.deliver(body) {
			c.garbage()
			return
		}
	}
}

// deliver hands a frame to whom it belongs and tells whether it made sense.
func (c *conn) deliver(body []byte) bool {
	switch body[0] {
	case wire.Hello:
		select {
		case c.hello <- body[1:]:
			return true
		default:
			return false
		}
	case wire.Result:
	default:
		return false
	}
	d := wire.NewDecoder(body[1:])
	number, outcome := d.Uint(), d.Byte()
	c.mu.Lock()
	call := c.pending[number]
	delete(c.pending, number)
	c.mu.Unlock()
	if call == nil {
		return false
	}
	a := answer{body: d.Rest()}
	switch outcome {
	case wire.Done:
	case wire.Panicked:
		a = answer{err: &load.PanicError{Value: d.String(), Stack: d.String()}}
	case wire.Refused:
		a = answer{err: errors.New(d.String())}
	default:
		return false
	}
	call.answer <- a
	return d.Err() == nil
}

// garbage ends a child that sends what no module sends.
func (c *conn) garbage() {
	c.process.kill("it broke the protocol: something else wrote to the host's connection")
	<-c.process.ended
}

// lost is called when the connection has ended: the child is about to end, or is ended now.
func (c *conn) lost() {
	select {
	case <-c.process.ended:
		return
	case <-time.After(time.Second):
		c.process.kill("it closed its connection to the host")
	}
}

// fail answers every call in flight, and all later ones, with the error.
func (c *conn) fail(err error) {
	if !c.broken.CompareAndSwap(nil, &err) {
		return
	}
	if errors.Is(err, load.ErrCrashed) && len(c.hello) == 0 {
		c.process.sink(load.Crashed{Name: c.process.name, Err: err})
	}
	c.mu.Lock()
	calls := c.pending
	c.pending = nil
	c.mu.Unlock()
	for _, call := range calls {
		call.answer <- answer{err: err}
	}
}

// reader reads frames from the connection; large ones go straight into their own memory.
type reader struct {
	file       *os.File
	buf        []byte
	start, end int
}

func (r *reader) full(to []byte) error {
	for len(to) > 0 {
		if r.start == r.end {
			if len(to) >= len(r.buf) {
				_, err := io.ReadFull(r.file, to)
				return err
			}
			n, err := r.file.Read(r.buf)
			if err != nil {
				return err
			}
			r.start, r.end = 0, n
		}
		n := copy(to, r.buf[r.start:r.end])
		r.start += n
		to = to[n:]
	}
	return nil
}

// trusted is the size up to which memory is made for a frame before it has arrived.
const trusted = 8 << 20

// body returns the next n bytes in memory of their own.
func (r *reader) body(n int) ([]byte, error) {
	body := make([]byte, min(n, trusted))
	if err := r.full(body); err != nil {
		return nil, err
	}
	for len(body) < n {
		more := min(n-len(body), len(body))
		body = append(body, make([]byte, more)...)
		if err := r.full(body[len(body)-more:]); err != nil {
			return nil, err
		}
	}
	return body, nil
}
