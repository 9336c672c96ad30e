//go:build unix

package guest

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/loadgo/load/internal/goglue/guest/guestinput"
	"github.com/loadgo/load/internal/goglue/guest/guestwait"
	"github.com/loadgo/load/internal/wire"
)

// Serve says hello to the host and answers its calls until the connection ends, and then exits. The
// module's own initialisation is over when it is called.
func Serve(table Table) {
	s := &server{slow: make([]atomic.Int32, len(table.Funcs)+wire.FuncCount), wake: make(chan struct{})}
	s.module = NewModule(table, s)
	hello := wire.NewFrame(wire.Hello)
	hello.Uint(wire.Format)
	hello.String(table.Sum)
	hello.Finish()
	s.out.Send(hello)
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

	out     guestinput.Output
	waiters guestwait.Table
}

// openRings maps the rings that the host has shared.
func (s *server) openRings() *wire.RingReader {
	memory, err := syscall.Mmap(wire.RingFD, 0, wire.RingMemory, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		print("load: the memory shared with the host cannot be mapped: ", err.Error(), "\n")
		syscall.Exit(guestinput.ExitProtocol)
	}
	_ = syscall.Close(wire.RingFD)
	s.out.Open(wire.ToHost(memory))
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
	// watchRounds is how many intervals without a call let the watch sleep. To wake it makes a call
	// some 10 µs longer; each interval takes about as much, and of a hundred modules that are called
	// in turn a hundred watches look.
	watchRounds = 3
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
		body := in.Frame(s.out.Flush, false)
		if body[0] != wire.Call {
			s.handle(body)
			continue
		}
		r := guestinput.NewRun(body)
		if s.waiters.Run(r) {
			continue
		}
		var ok bool
		function := r.Function()
		if s.isSlow(function) {
			s.handOver(in)
			if in, ok = s.finish(r); !ok {
				return
			}
			continue
		}
		s.free(in, function)
		s.run(r)
		if in, ok = s.take(); !ok {
			s.out.Send(&r.Out)
			r.Done()
			return
		}
		s.out.Answer(in, &r.Out)
		r.Done()
	}
}

// handOver makes another goroutine the reader.
func (s *server) handOver(in *guestinput.Input) {
	s.out.Flush(in)
	s.module.lasting.own.Go(func() { s.read(in) })
}

// readUntil is the reader until something comes for a waiter, which it returns. Calls that arrive
// meanwhile for nobody who waits get goroutines of their own: they must not hold it up. What a
// frame has woken runs before the thread sleeps for the next one: waking another thread for it
// takes longer.
func (s *server) readUntil(in *guestinput.Input, w *guestwait.Waiter) guestwait.Arrival {
	callee := s.callee
	for !w.Ready() {
		if body := in.Frame(s.out.Flush, true); body[0] != wire.Call {
			s.handle(body)
		} else if r := guestinput.NewRun(body); !s.waiters.Run(r) {
			s.module.lasting.own.Go(func() { s.runApart(r) })
		}
		if !w.Ready() {
			runtime.Gosched()
		}
	}
	next := w.Next()
	if next.Run != nil {
		if callee = next.Run.Function(); s.isSlow(callee) {
			s.handOver(in)
			return next
		}
	}
	s.free(in, callee)
	return next
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
		rest := d.Rest()
		if len(body) < guestinput.LargeFrame {
			rest = append([]byte(nil), rest...)
		}
		if !s.waiters.Answer(number, rest) {
			syscall.Exit(guestinput.ExitProtocol)
		}
	default:
		syscall.Exit(guestinput.ExitProtocol)
	}
}

// HostCall implements [Transport].
func (s *server) HostCall(c *Call, frame *wire.Encoder) []byte {
	w := s.waiters.Begin(c.Number())
	s.out.Send(frame)
	defer c.Sent()()
	return s.await(c, w)
}

// await waits for the answer of a call of the host, and runs what the host calls meanwhile in the
// goroutine that answers.
func (s *server) await(c *Call, w *guestwait.Waiter) []byte {
	for {
		var next guestwait.Arrival
		if in, ok := s.take(); ok {
			next = s.readUntil(in, w)
		} else {
			next = w.Next()
		}
		if next.Run == nil {
			w.Done()
			return next.Answer
		}
		s.within(c, w, next.Run)
	}
}

// within runs a call for who waits for an answer. If it ends the goroutine, so does the function of
// the host that has called, and what that answers is taken here: the goroutine goes on to end.
func (s *server) within(c *Call, w *guestwait.Waiter, r *guestinput.Run) {
	returned := false
	defer func() {
		w.Ran()
		s.out.Send(&r.Out)
		r.Done()
		if !returned {
			_ = c.answered(s.await(c, w))
		}
	}()
	s.module.Run(r.Args(), &r.Out)
	returned = true
}

// Post implements [Transport].
func (s *server) Post(frame *wire.Encoder) { s.out.Send(frame) }

// run runs a call for the reader. Where the call ends its goroutine, another one answers, and is
// the reader.
func (s *server) run(r *guestinput.Run) {
	returned := false
	defer func() {
		if !returned {
			s.module.lasting.own.Go(func() { s.goOn(r) })
		}
	}()
	s.module.Run(r.Args(), &r.Out)
	returned = true
}

// goOn answers a call whose goroutine has ended, and takes over where that was the reader.
func (s *server) goOn(r *guestinput.Run) {
	in, ok := s.take()
	s.out.Send(&r.Out)
	r.Done()
	if ok {
		s.read(in)
	}
}

// runApart runs a call in a goroutine of its own, which is the reader then if nobody is.
func (s *server) runApart(r *guestinput.Run) {
	if in, ok := s.finish(r); ok {
		s.read(in)
	}
}

// finish runs a call and sends its result, also where the call ends the goroutine. Then it takes
// the role of the reader if that is free: what the call has asked of the host may have freed it.
func (s *server) finish(r *guestinput.Run) (*guestinput.Input, bool) {
	defer func() {
		s.out.Send(&r.Out)
		r.Done()
	}()
	s.module.Run(r.Args(), &r.Out)
	return s.take()
}
