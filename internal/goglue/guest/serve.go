//go:build !wasip1

package guest

import (
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// HostFD is the file descriptor of the connection to the host.
const HostFD = 3

// Exit statuses of a module that could not go on.
const (
	exitHostGone = 0  // the connection ended: the host closed it or died
	exitProtocol = 70 // the host sent what no host sends
)

// Serve says hello to the host and answers its calls until the connection ends, and then exits. The
// module's own initialisation is over when it is called.
func Serve(table Table) {
	s := &server{module: NewModule(table), slow: make([]atomic.Bool, len(table.Funcs)+wire.FuncCount), wake: make(chan struct{})}
	hello := wire.Encoder{Buf: make([]byte, wire.HeaderSize, 64)}
	hello.Byte(wire.Hello)
	hello.Uint(wire.Format)
	hello.String(table.Sum)
	wire.PutHeader(hello.Buf)
	s.write(hello.Buf)
	go s.watch()
	s.read(&input{})
	select {} // another goroutine is the reader now
}

// server answers calls. One goroutine at a time is the reader. It runs short calls itself, because
// handing them over would cost more than the calls; the watch makes another goroutine the reader when a
// call takes long, and remembers the function as slow.
type server struct {
	module *Module
	slow   []atomic.Bool // by function
	// turn is odd while the reader runs a call, and differs from one call to the next. Whoever moves it on
	// from there decides who is the reader: the caller that ends in time stays it, the watch makes a new one.
	turn   atomic.Uint64
	callee uint64 // the function of that call; written before turn becomes odd
	in     *input // what the reader reads from; likewise
	idle   atomic.Bool
	wake   chan struct{} // wakes an idle watch

	writing sync.Mutex
}

const (
	// watchInterval is how long a call may keep the reader before another one takes over.
	watchInterval = time.Millisecond
	// watchRounds is how many intervals without a call let the watch sleep.
	watchRounds = 100
)

func (s *server) watch() {
	for last, quiet := uint64(0), 0; ; {
		time.Sleep(watchInterval)
		turn := s.turn.Load()
		if turn == last {
			quiet++
		} else {
			quiet = 0
		}
		if turn&1 == 1 && turn == last && s.turn.CompareAndSwap(turn, turn+1) {
			s.slow[s.callee].Store(true)
			go s.read(s.in.rest())
		}
		last = turn
		if quiet < watchRounds || turn&1 == 1 {
			continue
		}
		s.idle.Store(true)
		if s.turn.Load() == turn || !s.idle.CompareAndSwap(true, false) {
			<-s.wake
		}
		quiet = 0
	}
}

// read is the reader until the connection ends or another goroutine takes over.
func (s *server) read(in *input) {
	for {
		body := in.frame()
		switch body[0] {
		case wire.Call:
			head := wire.NewDecoder(body[1:])
			head.Uint() // the call's number
			function := head.Uint()
			if function >= uint64(len(s.slow)) || s.slow[function].Load() {
				go s.read(in.rest())
				s.answer(in, body[1:])
				return
			}
			s.callee, s.in = function, in
			turn := s.turn.Add(1)
			if s.idle.Load() && s.idle.CompareAndSwap(true, false) {
				s.wake <- struct{}{}
			}
			s.answer(in, body[1:])
			if !s.turn.CompareAndSwap(turn, turn+1) {
				return
			}
		case wire.Cancel:
			s.module.Cancel(body[1:])
		case wire.Release:
			s.module.Release(body[1:])
		default:
			syscall.Exit(exitProtocol)
		}
	}
}

// answer runs a call and writes its result.
func (s *server) answer(in *input, body []byte) {
	out := s.module.Run(body, append(in.out[:0], 0, 0, 0, 0))
	wire.PutHeader(out)
	s.write(out)
	if cap(out) <= keepBuffer {
		in.out = out
	}
}

func (s *server) write(frame []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	for len(frame) > 0 {
		n, err := syscall.Write(HostFD, frame)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			syscall.Exit(exitHostGone)
		default:
			frame = frame[n:]
		}
	}
}

// keepBuffer is the size up to which buffers are kept for the next frame.
const keepBuffer = 4 << 20

// input is what a reader has read from the connection, and the buffer for its answers.
type input struct {
	buf        []byte
	start, end int // of what was read and is not used yet
	out        []byte
}

// rest returns an input for another reader, which goes on where this one stops.
func (in *input) rest() *input {
	left := in.buf[in.start:in.end]
	next := &input{buf: make([]byte, max(len(left), 16<<10)), end: len(left)}
	copy(next.buf, left)
	return next
}

// frame returns the body of the next frame, which is valid until the next call of frame. It does not
// return when the connection ends.
func (in *input) frame() []byte {
	if in.start == in.end {
		in.start, in.end = 0, 0
		if len(in.buf) > keepBuffer {
			in.buf = nil
		}
	}
	in.fill(wire.HeaderSize)
	n := wire.BodySize(in.buf[in.start:])
	if n < 1 || n > wire.MaxFrame {
		syscall.Exit(exitProtocol)
	}
	in.fill(wire.HeaderSize + n)
	body := in.buf[in.start+wire.HeaderSize : in.start+wire.HeaderSize+n]
	in.start += wire.HeaderSize + n
	return body
}

// fill reads until n bytes are there.
func (in *input) fill(n int) {
	if in.end-in.start >= n {
		return
	}
	if in.start+n > len(in.buf) {
		buf := in.buf
		if n > len(buf) {
			buf = make([]byte, max(n, 16<<10))
		}
		in.end = copy(buf, in.buf[in.start:in.end])
		in.start, in.buf = 0, buf
	}
	for in.end-in.start < n {
		got, err := syscall.Read(HostFD, in.buf[in.end:])
		switch {
		case err == syscall.EINTR:
		case err != nil || got <= 0:
			syscall.Exit(exitHostGone)
		default:
			in.end += got
		}
	}
}
