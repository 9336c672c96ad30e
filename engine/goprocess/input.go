package goprocess

import (
	"cmp"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

// input takes frames from the connection's socket and ring. It keeps its place when a read is
// interrupted.
type input struct {
	file        *os.File
	poller      *poller
	interrupted atomic.Bool // the goroutine that reads is to stop

	ring   *wire.RingReader // or nil
	atRing bool             // the next frame comes through the ring
	asleep bool             // the module was told that a byte at the socket wakes the reader
	held   []byte           // what came through the ring and has to wait for room

	maxFrame   int
	admit      func(kind wire.Kind, size int) (inflight.Admission, error)
	several    func() bool // callers of the module are there
	patience   wire.Patience
	buf        []byte
	start, end int                // of what was read and is not used yet
	body       []byte             // of a large frame of which a part has arrived
	got, want  int                // bytes of it
	admission  inflight.Admission // of it
}

// frame is what the module sent.
type frame struct {
	body      []byte // a kind and what it says, in memory of its own
	admission inflight.Admission
}

func newInput(file *os.File, p *poller, maxMessage int, admit func(wire.Kind, int) (inflight.Admission, error)) *input {
	return &input{file: file, admit: admit, poller: p, buf: make([]byte, bufferSize), maxFrame: wire.MaxFrame(cmp.Or(maxMessage, wire.MaxMessage))}
}

// interrupt sends away who reads, where the time has passed; the zero time lets read again.
func (in *input) interrupt(t time.Time) error {
	in.interrupted.Store(!t.IsZero())
	return in.file.SetReadDeadline(t)
}

const (
	bufferSize = 16 << 10
	// trusted is the size up to which memory is made for a frame before it has arrived.
	trusted = 8 << 20
)

var (
	// errFrame is a frame that no module sends.
	errFrame = errors.New("impossible frame")
	// errElsewhere says that the next frame comes the other way.
	errElsewhere = errors.New("the next frame comes the other way")
)

// frame returns the next frame. Its error is that of admit where the frame has to wait; nothing of
// it is lost.
func (in *input) frame() (frame, error) {
	for {
		var f frame
		var err error
		if in.atRing {
			f, err = in.fromRing()
		} else {
			f, err = in.fromSocket()
		}
		if err != errElsewhere {
			return f, err
		}
		in.atRing = !in.atRing
	}
}

// fromRing returns the next frame of the ring.
func (in *input) fromRing() (frame, error) {
	if in.held == nil {
		if err := in.waitForRing(); err != nil {
			return frame{}, err
		}
		n, err := in.ring.Next()
		switch {
		case err != nil:
			return frame{}, errFrame
		case n == wire.Elsewhere:
			return frame{}, errElsewhere
		}
		in.held = make([]byte, n)
		in.ring.Take(in.held)
	}
	admission, err := in.admit(in.held[0], len(in.held))
	if err != nil {
		return frame{}, err
	}
	body := in.held
	in.held = nil
	return frame{body, admission}, nil
}

// waitForRing waits until the ring has something.
func (in *input) waitForRing() error {
	for {
		switch {
		case in.interrupted.Load():
			return os.ErrDeadlineExceeded
		case in.asleep && in.ring.Ready() && in.ring.Awake():
			in.asleep = false
			return nil
		case in.asleep: // a byte comes
		case in.ring.Ready() || in.patience.Look(wire.RingLooks, in.ring.Ready, in.giveWay) || !in.ring.Sleep():
			return nil
		}
		in.asleep = true
		var wakeUp [1]byte
		if _, err := in.sleep(wakeUp[:]); err != nil {
			return err
		}
		in.asleep = false
	}
}

// fromSocket returns the next frame of the socket.
func (in *input) fromSocket() (frame, error) {
	for {
		if in.body != nil {
			return in.large()
		}
		if in.end-in.start >= wire.HeaderSize && in.ring != nil && wire.BodySize(in.buf[in.start:]) == wire.Elsewhere {
			in.start += wire.HeaderSize
			return frame{}, errElsewhere
		}
		if in.end-in.start > wire.HeaderSize {
			n := wire.BodySize(in.buf[in.start:])
			if n < 1 || n > in.maxFrame {
				return frame{}, errFrame
			}
			there := in.buf[in.start+wire.HeaderSize : in.end]
			var admission inflight.Admission
			if n <= len(there) || n > bufferSize-wire.HeaderSize {
				var err error
				if admission, err = in.admit(there[0], n); err != nil {
					return frame{}, err
				}
			}
			if n <= len(there) {
				in.start += wire.HeaderSize + n
				return frame{append([]byte(nil), there[:n]...), admission}, nil
			}
			if n > bufferSize-wire.HeaderSize {
				in.body, in.want = make([]byte, min(n, trusted)), n
				in.got = copy(in.body, there)
				in.start, in.end, in.admission = 0, 0, admission
				continue
			}
		}
		in.end = copy(in.buf, in.buf[in.start:in.end])
		in.start = 0
		n, err := in.read(in.buf[in.end:])
		if err != nil {
			return frame{}, err
		}
		in.end += n
	}
}

// large reads the rest of a large frame; memory is made as it arrives.
func (in *input) large() (frame, error) {
	for in.got < in.want {
		if in.got == len(in.body) {
			in.body = append(in.body, make([]byte, min(in.want-in.got, len(in.body)))...)
		}
		n, err := in.read(in.body[in.got:])
		if err != nil {
			return frame{}, err
		}
		in.got += n
	}
	body := in.body
	in.body = nil
	return frame{body, in.admission}, nil
}

// giveWay lets other callers work, who may want to send. Where there are none it would wake a
// thread in vain.
func (in *input) giveWay() {
	if in.several() {
		runtime.Gosched()
	}
}

// sleep reads from the socket when something arrives there.
func (in *input) sleep(to []byte) (int, error) {
	start := time.Now()
	n, err := in.file.Read(to)
	in.patience.Slept(time.Since(start))
	return n, err
}

// read reads from the socket.
func (in *input) read(to []byte) (n int, err error) {
	if in.patience.Look(1, func() bool { n, err = in.poller.look(to); return n > 0 || err != nil }, in.giveWay) {
		return n, err
	}
	return in.sleep(to)
}
