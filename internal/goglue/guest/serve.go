//go:build unix

package guest

import (
	"runtime"
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
	hello := wire.NewFrame(wire.Hello)
	hello.Uint(wire.Format)
	hello.String(table.Sum)
	hello.Finish()
	s.send(hello)
	go s.watch()
	s.read(newInput())
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
			go s.takeOver(s.in.rest())
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

// takeOver goes on reading in place of a reader that runs a slow call.
func (s *server) takeOver(in *input) {
	s.flush(in)
	s.read(in)
}

// read is the reader until the connection ends or another goroutine takes over.
func (s *server) read(in *input) {
	for {
		if !in.ready() {
			s.flush(in)
		}
		body := in.frame()
		switch body[0] {
		case wire.Call:
			head := wire.NewDecoder(body[1:])
			head.Uint() // the call's number
			function := head.Uint()
			if function >= uint64(len(s.slow)) || s.slow[function].Load() {
				s.flush(in)
				go s.read(in.rest())
				s.run(in, body[1:])
				s.send(&in.out)
				return
			}
			s.callee, s.in = function, in
			turn := s.turn.Add(1)
			if s.idle.Load() && s.idle.CompareAndSwap(true, false) {
				s.wake <- struct{}{}
			}
			s.run(in, body[1:])
			if !s.turn.CompareAndSwap(turn, turn+1) {
				s.send(&in.out)
				return
			}
			s.answer(in)
		case wire.Cancel:
			s.module.Cancel(body[1:])
		case wire.Release:
			s.module.Release(body[1:])
		default:
			syscall.Exit(exitProtocol)
		}
	}
}

// run runs a call; its result is in.out.
func (s *server) run(in *input, body []byte) {
	args := wire.NewDecoder(body)
	if len(body) >= largeFrame {
		args = wire.NewOwner(body)
	}
	s.module.Run(args, &in.out)
}

// answer writes the result of a call. A small result waits until the frames that have arrived are dealt with,
// so that one write, and one waking of the host, answers several calls.
func (s *server) answer(in *input) {
	if in.out.Size() <= maxQueued-len(in.queued) {
		_ = in.out.Send(0, func(part []byte) error {
			in.queued = append(in.queued, part...)
			return nil
		})
	} else {
		s.flush(in)
		s.send(&in.out)
	}
	in.out.Truncate(0)
	if cap(in.out.Buf) > keepBuffer {
		in.out.Buf = nil
	}
}

// flush writes the results that wait.
func (s *server) flush(in *input) {
	if len(in.queued) == 0 {
		return
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = write(in.queued)
	in.queued = in.queued[:0]
}

func (s *server) send(frame *wire.Encoder) {
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = frame.Send(0, write)
}

// write writes to the connection; a module whose host is gone ends.
func write(data []byte) error {
	for len(data) > 0 {
		n, err := syscall.Write(HostFD, data)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			syscall.Exit(exitHostGone)
		default:
			data = data[n:]
		}
	}
	return nil
}

const (
	// keepBuffer is the size up to which the buffer for answers is kept for the next one.
	keepBuffer = 1 << 20
	// maxQueued is how many bytes of results wait to be written together.
	maxQueued = 16 << 10
	// largeFrame is the size from which a frame gets memory of its own, which its arguments keep.
	largeFrame = 64 << 10
)

// input is what a reader has read from the connection, and its answers.
type input struct {
	buf        []byte
	start, end int // of what was read and is not used yet
	out        wire.Encoder
	queued     []byte // results that wait to be written
	hot        bool   // the last frames came soon after each other: the next one may, too
}

func newInput() *input { return &input{buf: make([]byte, largeFrame)} }

// rest returns an input for another reader, which goes on where this one stops.
func (in *input) rest() *input {
	next := newInput()
	next.end = copy(next.buf, in.buf[in.start:in.end])
	next.queued, in.queued = in.queued, nil
	return next
}

// ready tells whether a whole frame has been read already.
func (in *input) ready() bool {
	there := in.end - in.start - wire.HeaderSize
	return there >= 0 && wire.BodySize(in.buf[in.start:]) <= there
}

// frame returns the body of the next frame, which is valid until the next call of frame, or for ever where
// it is large. It does not return when the connection ends.
func (in *input) frame() []byte {
	if in.start == in.end {
		in.start, in.end = 0, 0
	}
	in.fill(wire.HeaderSize)
	n := wire.BodySize(in.buf[in.start:])
	if n < 1 || n > wire.MaxFrame {
		syscall.Exit(exitProtocol)
	}
	in.start += wire.HeaderSize
	if n >= largeFrame {
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
func (in *input) fill(n int) {
	if in.start+n > len(in.buf) {
		in.end = copy(in.buf, in.buf[in.start:in.end])
		in.start = 0
	}
	for in.end-in.start < n {
		in.end += in.receive(in.buf[in.end:])
	}
}

// Waking a thread takes longer than a short call. So while calls come one after the other the reader looks
// for the next one for a moment before it sleeps.
const (
	spinFor = 30 * time.Microsecond
	// soon is the longest sleep after which the next frame is worth looking for.
	soon = 200 * time.Microsecond
)

// receive reads from the connection; a module whose host is gone ends.
func (in *input) receive(to []byte) int {
	if in.hot && manyCPUs {
		for start := time.Now(); time.Since(start) < spinFor; {
			n, _, err := syscall.Recvfrom(HostFD, to, syscall.MSG_DONTWAIT)
			if err == nil && n > 0 {
				return n
			}
			if err != syscall.EAGAIN && err != syscall.EINTR {
				syscall.Exit(exitHostGone)
			}
		}
	}
	start := time.Now()
	for {
		n, err := syscall.Read(HostFD, to)
		switch {
		case err == syscall.EINTR:
		case err != nil || n <= 0:
			syscall.Exit(exitHostGone)
		default:
			in.hot = time.Since(start) < soon
			return n
		}
	}
}

var manyCPUs = runtime.NumCPU() > 1
