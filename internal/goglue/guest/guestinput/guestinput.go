//go:build unix

// Package guestinput is the end of the connection to the host in a module that is a process: it
// reads what the host sends, and writes what the module answers.
package guestinput

import (
	"syscall"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// HostFD is the file descriptor of the connection to the host.
const HostFD = 3

// Exit statuses of a module that could not go on.
const (
	ExitHostGone = 0  // the connection ended: the host closed it or died
	ExitProtocol = 70 // the host sent what no host sends
)

// LargeFrame is the size from which a frame gets memory of its own, which its arguments keep.
const LargeFrame = 64 << 10

// Input is what the reader has read from the connection, and results that wait to be written.
type Input struct {
	open       func() *wire.RingReader // the host has shared rings
	ring       *wire.RingReader        // nil until a frame comes through it
	atRing     bool                    // the next frame does
	buf        []byte
	start, end int    // of what was read and is not used yet
	Queued     []byte // results that wait to be written
	maxFrame   int
	fromHost   []byte           // the last frame of the ring
	waits      [2]wire.Patience // for whatever comes, and for the answer of a call of the host
	patience   *wire.Patience   // of the current wait
}

// New returns the input of a connection. Open maps the rings that the host has shared.
func New(open func() *wire.RingReader, maxFrame int) *Input {
	return &Input{open: open, buf: make([]byte, LargeFrame), maxFrame: maxFrame}
}

// ready reports whether a whole frame is here already.
func (in *Input) ready() bool {
	if in.atRing {
		return in.ring.Ready()
	}
	there := in.end - in.start - wire.HeaderSize
	return there >= 0 && wire.BodySize(in.buf[in.start:]) <= there
}

// Frame returns the body of the next frame, which is valid until the next call of Frame, or for
// ever where it is large. It does not return when the connection ends. Before it waits, it writes
// the results that wait. Awaited says that an answer of the host is expected, which comes sooner
// than the next call.
func (in *Input) Frame(flush func(*Input), awaited bool) []byte {
	in.patience = &in.waits[0]
	if awaited {
		in.patience = &in.waits[1]
	}
	for {
		if !in.ready() {
			flush(in)
		}
		next := in.fromSocket
		if in.atRing {
			next = in.fromRing
		}
		if body := next(); body != nil {
			return body
		}
		in.atRing = !in.atRing
	}
}

// fromRing returns the next frame of the ring, or nil where it comes through the socket.
func (in *Input) fromRing() []byte {
	for !in.ring.Ready() {
		in.waitForRing()
	}
	n, err := in.ring.Next()
	if err != nil {
		syscall.Exit(ExitProtocol)
	}
	if n == wire.Elsewhere {
		return nil
	}
	body := in.fromHost[:n]
	in.ring.Take(body)
	return body
}

// waitForRing waits until the ring has something, or is interrupted.
func (in *Input) waitForRing() {
	if in.patience.Look(wire.RingLooks, in.ring.Ready, nil) || !in.ring.Sleep() {
		return
	}
	var wakeUp [1]byte
	in.sleep(wakeUp[:])
}

// fromSocket returns the next frame of the socket, or nil where it comes through the ring.
func (in *Input) fromSocket() []byte {
	if in.start == in.end {
		in.start, in.end = 0, 0
	}
	in.fill(wire.HeaderSize)
	n := wire.BodySize(in.buf[in.start:])
	if n == wire.Elsewhere {
		in.start += wire.HeaderSize
		if in.ring == nil {
			in.ring = in.open()
			in.fromHost = make([]byte, wire.MaxRingFrame)
		}
		return nil
	}
	if n < 1 || n > in.maxFrame {
		syscall.Exit(ExitProtocol)
	}
	in.start += wire.HeaderSize
	if n >= LargeFrame {
		body := make([]byte, n)
		got := copy(body, in.buf[in.start:in.end])
		in.start += got
		for got < n {
			got += in.receive(body[got:])
		}
		return body
	}
	in.fill(n)
	body := in.buf[in.start : in.start+n]
	in.start += n
	return body
}

// fill reads until n bytes, which fit the buffer, are there.
func (in *Input) fill(n int) {
	if in.start+n > len(in.buf) {
		in.end = copy(in.buf, in.buf[in.start:in.end])
		in.start = 0
	}
	for in.end-in.start < n {
		in.end += in.receive(in.buf[in.end:])
	}
}

// receive reads from the connection; a module whose host is gone ends.
func (in *Input) receive(to []byte) (n int) {
	found := func() bool {
		var err error
		n, _, err = syscall.Recvfrom(HostFD, to, syscall.MSG_DONTWAIT)
		if n <= 0 && err != syscall.EAGAIN && err != syscall.EINTR {
			syscall.Exit(ExitHostGone)
		}
		return n > 0
	}
	if in.patience.Look(1, found, nil) {
		return n
	}
	return in.sleep(to)
}

// sleep reads from the connection when something arrives there.
func (in *Input) sleep(to []byte) int {
	start := time.Now()
	for {
		n, err := syscall.Read(HostFD, to)
		switch {
		case err == syscall.EINTR:
		case err != nil || n <= 0:
			syscall.Exit(ExitHostGone)
		default:
			in.patience.Slept(time.Since(start))
			return n
		}
	}
}

// Write writes to the connection; a module whose host is gone ends.
func Write(data []byte) error {
	for len(data) > 0 {
		n, err := syscall.Write(HostFD, data)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			syscall.Exit(ExitHostGone)
		default:
			data = data[n:]
		}
	}
	return nil
}
