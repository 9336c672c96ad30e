//go:build unix

package guest

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/loadgo/load/internal/goglue/guest/guestinput"
	"github.com/loadgo/load/internal/wire"
)

const (
	// keepBuffer is the size up to which the buffer for answers is kept for the next one.
	keepBuffer = 1 << 20
	// maxQueued is how many bytes of results wait to be written together.
	maxQueued = 16 << 10
)

// Serve says hello to the host and answers its calls until the connection ends, and then exits. The
// module's own initialisation is over when it is called.
func Serve(table Table) {
	s := &server{slow: make([]atomic.Int32, len(table.Funcs)+wire.FuncCount), wake: make(chan struct{}), answers: map[uint64]chan []byte{}}
	s.module = NewModule(table, s)
	hello := wire.NewFrame(wire.Hello)
	hello.Uint(wire.Format)
	hello.String(table.Sum)
	hello.Finish()
	s.send(hello)
	s.module.lasting.own.Main()
	s.module.lasting.own.Go(s.watch)
	s.read(guestinput.New(s.openRings, wire.MaxFrame(s.module.maxMessage)))
	select {} // another goroutine is the reader now
}

// server answers calls. One goroutine at a time is the reader. It runs short calls itself, because
// handing them over would cost more than the calls. While it does, nobody reads, and the role is
// free: the watch takes it when a call takes long, and remembers the function as slow for a while;
// a call that calls the host takes it to wait for the answer; and the reader itself takes it back
// when its call was short.
type server struct {
	module *Module
	slow   []atomic.Int32 // by function: how many calls of it get goroutines of their own
	// turn is odd while the role is free. Whoever makes it even is the reader.
	turn   atomic.Uint64
	callee uint64            // the function that runs meanwhile; written before turn becomes odd
	in     *guestinput.Input // what the reader reads from; likewise
	idle   atomic.Bool
	wake   chan struct{} // wakes an idle watch

	writing sync.Mutex
	ring    *wire.RingWriter // nil until the host uses its own

	mu      sync.Mutex
	answers map[uint64]chan []byte // of the host, by call
}

// openRings maps the rings that the host has shared.
func (s *server) openRings() *wire.RingReader {
	memory, err := syscall.Mmap(wire.RingFD, 0, wire.RingMemory, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		print("load: the memory shared with the host cannot be mapped: ", err.Error(), "\n")
		syscall.Exit(guestinput.ExitProtocol)
	}
	_ = syscall.Close(wire.RingFD)
	s.writing.Lock()
	defer s.writing.Unlock()
	s.ring = wire.NewRingWriter(wire.ToHost(memory), func(data []byte) bool { return write(data) == nil })
	return wire.NewRingReader(wire.ToModule(memory))
}

// free leaves the role of the reader to who wants it while the function runs.
func (s *server) free(in *guestinput.Input, function uint64) {
	s.in, s.callee = in, function
	s.turn.Add(1)
	if s.idle.Load() && s.idle.CompareAndSwap(true, false) {
		s.wake <- struct{}{}
	}
}

// take makes the caller the reader if the role is free.
func (s *server) take() (*guestinput.Input, bool) {
	turn := s.turn.Load()
	if turn&1 == 1 && s.turn.CompareAndSwap(turn, turn+1) {
		return s.in, true
	}
	return nil, false
}

const (
	// watchInterval is how long a call may keep the reader before another one takes over.
	watchInterval = time.Millisecond
	// watchRounds is how many intervals without a call let the watch sleep.
	watchRounds = 100
	// slowCalls is for how many calls a function is slow: the machine may only have been busy, and
	// another goroutine costs more than a short call.
	slowCalls = 64
)

// isSlow reports whether the next call of a function is likely to keep the reader for long. It is
// for the reader.
func (s *server) isSlow(function uint64) bool {
	return function >= uint64(len(s.slow)) || s.slow[function].Load() > 0 && s.slow[function].Add(-1) >= 0
}

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
			s.slow[s.callee].Store(slowCalls)
			s.module.lasting.own.Go(func() { s.read(s.in) })
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

// read is the reader until the connection ends or another goroutine has taken the role.
func (s *server) read(in *guestinput.Input) {
	for {
		body := in.Frame(s.flush)
		if body[0] != wire.Call {
			s.handle(body)
			continue
		}
		r, function := newRun(body), calledFunction(body)
		if s.isSlow(function) {
			s.flush(in)
			s.module.lasting.own.Go(func() { s.read(in) })
			s.finish(r)
			return
		}
		s.free(in, function)
		s.run(r)
		var ok bool
		if in, ok = s.take(); !ok {
			s.send(&r.out)
			r.done()
			return
		}
		s.answer(in, r)
	}
}

// readUntil is the reader until the answer is there. Calls that arrive meanwhile get goroutines of
// their own: they must not hold the answer up. What a frame has woken runs before the thread sleeps
// for the next one: waking another thread for it takes longer.
func (s *server) readUntil(in *guestinput.Input, answer chan []byte) {
	for len(answer) == 0 {
		body := in.Frame(s.flush)
		if body[0] == wire.Call {
			r := newRun(body)
			s.module.lasting.own.Go(func() { s.finish(r) })
		} else {
			s.handle(body)
		}
		if len(answer) == 0 {
			runtime.Gosched()
		}
	}
	s.free(in, s.callee)
}

// handle deals with a frame that is not a call.
func (s *server) handle(body []byte) {
	switch body[0] {
	case wire.Cancel:
		s.module.Cancel(body[1:])
	case wire.Release:
		s.module.Release(body[1:])
	case wire.HostResult:
		d := wire.NewDecoder(body[1:])
		number := d.Uint()
		s.mu.Lock()
		answer := s.answers[number]
		delete(s.answers, number)
		s.mu.Unlock()
		if answer == nil {
			syscall.Exit(guestinput.ExitProtocol)
		}
		rest := d.Rest()
		if len(body) < guestinput.LargeFrame {
			rest = append([]byte(nil), rest...)
		}
		answer <- rest
	default:
		syscall.Exit(guestinput.ExitProtocol)
	}
}

// HostCall implements [Transport].
func (s *server) HostCall(c *Call, frame *wire.Encoder) []byte {
	answer := make(chan []byte, 1)
	s.mu.Lock()
	s.answers[c.Number()] = answer
	s.mu.Unlock()
	s.send(frame)
	defer c.Sent()()
	if in, ok := s.take(); ok {
		s.readUntil(in, answer)
	}
	return <-answer
}

// Post implements [Transport].
func (s *server) Post(frame *wire.Encoder) { s.send(frame) }

// calledFunction reads which function a Call frame calls.
func calledFunction(body []byte) uint64 {
	head := wire.NewDecoder(body[1:])
	head.Uint() // the call's number
	return head.Uint()
}

// run is one call of the module: the frame, which may be part of what the reader reads into, is
// copied, because another goroutine may be the reader before the call has decoded it.
type run struct {
	body []byte
	own  bool // the frame came in memory of its own
	out  wire.Encoder
}

var runs = sync.Pool{New: func() any { return new(run) }}

func newRun(body []byte) *run {
	r := runs.Get().(*run)
	if r.own = len(body) >= guestinput.LargeFrame; r.own {
		r.body = body
	} else {
		r.body = append(r.body[:0], body...)
	}
	return r
}

func (r *run) args() wire.Decoder {
	if r.own {
		return wire.NewOwner(r.body[1:])
	}
	return wire.NewDecoder(r.body[1:])
}

// done makes the memory of a run ready for the next one.
func (r *run) done() {
	if r.own {
		r.body = nil
	}
	r.out.Truncate(0)
	if cap(r.out.Buf) > keepBuffer {
		r.out.Buf = nil
	}
	runs.Put(r)
}

// run runs a call for the reader. Where the call ends its goroutine, another one answers, and is
// the reader.
func (s *server) run(r *run) {
	returned := false
	defer func() {
		if !returned {
			s.module.lasting.own.Go(func() { s.goOn(r) })
		}
	}()
	s.module.Run(r.args(), &r.out)
	returned = true
}

// goOn answers a call whose goroutine has ended, and takes over where that was the reader.
func (s *server) goOn(r *run) {
	in, ok := s.take()
	s.send(&r.out)
	r.done()
	if ok {
		s.read(in)
	}
}

// finish runs a call and sends its result, also where the call ends the goroutine.
func (s *server) finish(r *run) {
	defer func() {
		s.send(&r.out)
		r.done()
	}()
	s.module.Run(r.args(), &r.out)
}

// answer writes the result of a call. A small result waits until the frames that have arrived are
// dealt with, so that one write, and one waking of the host, answers several calls.
func (s *server) answer(in *guestinput.Input, r *run) {
	if r.out.Size() <= maxQueued-len(in.Queued) {
		_ = r.out.Send(0, func(part []byte) error {
			in.Queued = append(in.Queued, part...)
			return nil
		})
	} else {
		s.flush(in)
		s.send(&r.out)
	}
	r.done()
}

// flush writes the results that wait.
func (s *server) flush(in *guestinput.Input) {
	if len(in.Queued) == 0 {
		return
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.ring.Begin(len(in.Queued)) {
		s.ring.Append(in.Queued)
		s.ring.End()
	} else {
		_ = write(in.Queued)
	}
	in.Queued = in.Queued[:0]
}

func (s *server) send(frame *wire.Encoder) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if !s.ring.Begin(frame.Size()) {
		_ = frame.Send(0, write)
		return
	}
	_ = frame.Send(0, func(part []byte) error { s.ring.Append(part); return nil })
	s.ring.End()
}

// write writes to the connection; a module whose host is gone ends.
func write(data []byte) error {
	for len(data) > 0 {
		n, err := syscall.Write(guestinput.HostFD, data)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			syscall.Exit(guestinput.ExitHostGone)
		default:
			data = data[n:]
		}
	}
	return nil
}
