package wire

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// order puts the messages that bring the things of a call up to date in order, one for each
// direction. Several functions of the host may be called at once: each message has what its side
// has changed since the last one, so each has to be taken, and in that order. A message carries its
// number and that of the last one which its sender has taken:
//
//	update = 0 | number, taken, changes | number, taken, adopted, changes
//
// 0 is the message of a side for which the call is over. The third is that of a function of the
// host that has ended. While one function runs beside another, messages of both sides may pass each
// other: they bring nothing new then, whose numbers could not agree, and what crosses as a whole
// must not have changed on both sides. What holds pointers is not written under a function that
// runs, which could read half of it: see [Sharing.Alone].
type order struct {
	// Await is called, with the table locked, before a message waits. While lost returns an error,
	// what it waits for does not come; Wake lets it be asked again. Nil: it comes.
	Await func() (lost func() error, stop func())

	mu    sync.Mutex
	moved *sync.Cond // taken has changed, or closed
	ended bool       // no message follows
	gone  bool       // and none is taken
	sent  uint64
	taken uint64
	along int            // functions that run
	fault error          // a message was not sent whose changes are kept
	last  map[int]uint64 // by thing: the last message that had it
}

// Errors of functions of the host that are called while their call shares things.
var (
	ErrOver   = errors.New("the call that gave this function is over")
	ErrBoth   = errors.New("the module and the host have changed the same variable or map at the same time: let one of them change it, or hand it over by arguments and results")
	ErrBeside = errors.New("a variable or slice that holds pointers, strings or interfaces has changed while several functions of the host run in one call: call them one after the other, or hand over what they make as a result")
	ErrLost   = errors.New("the module counts messages of this call that it did not send")
	ErrGoesOn = errors.New("the module calls a function as if the call that gave it was over, and it goes on")
	ErrNew    = errors.New("something new was put where both sides see it while several functions of the host run in one call: call them one after the other, or hand it over as a result")
)

// Enter notes that a function of the host runs which the call was given. Leave follows.
func (o *order) Enter() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.along++
}

// Leave undoes Enter.
func (o *order) Leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leave()
}

func (o *order) leave() {
	if o.along--; o.along == 0 {
		o.wake()
	}
}

// End begins the answer of the call, after which no other message follows, and returns with the
// table locked; the result unlocks it.
func (s *Sharing) End(e *Encoder) (unlock func()) {
	s.mu.Lock()
	s.ended = true
	if s.fault != nil {
		e.Fail(s.fault)
	}
	e.Uint(s.sent + 1)
	e.Uint(s.taken)
	return s.mu.Unlock
}

// Close says that the things are the caller's again.
func (o *order) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended, o.gone = true, true
	o.wake()
}

// Wake lets messages that wait for earlier ones ask whether they still come.
func (o *order) Wake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wake()
}

func (o *order) wake() {
	if o.moved != nil {
		o.moved.Broadcast()
	}
}

// await waits, with the table locked, until the message before that number has been taken.
func (o *order) await(number uint64) error {
	return o.waitUntil(func() bool { return o.taken+1 >= number })
}

// waitUntil waits, with the table locked, until that is so or the call is over.
func (o *order) waitUntil(is func() bool) error {
	if is() || o.gone {
		return nil
	}
	if o.moved == nil {
		o.moved = sync.NewCond(&o.mu)
	}
	lost := func() error { return nil }
	if o.Await != nil {
		var stop func()
		lost, stop = o.Await()
		defer stop()
	}
	for !is() && !o.gone {
		if err := lost(); err != nil {
			return err
		}
		o.moved.Wait()
	}
	return nil
}

// MaxBeside is how long a message waits for functions of the host that run beside it: one may be
// waiting for what the message brings.
const MaxBeside = 10 * time.Second

// Beside reports, with the table locked, whether functions of the host run that the call was given.
func (o *order) Beside() bool { return o.along > 0 }

// Alone waits, with the table locked, as changes that are taken have it, until no function of the
// host runs that the call was given: one may be reading what is to be written. The error says that
// one runs on.
func (o *order) Alone() error {
	late := false
	timer := time.AfterFunc(MaxBeside, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		late = true
		o.wake()
	})
	defer timer.Stop()
	err := o.waitUntil(func() bool { return o.along == 0 || late })
	switch {
	case err != nil:
		return err
	case o.gone:
		return ErrOver
	case o.along > 0:
		return ErrBeside
	}
	return nil
}

// Brought is told where an update of lasting things has just brought something: both sides have that,
// so it does not count as changed here, unless another message of the call is under way.
func (s *Sharing) Brought(at []uintptr) {
	s.Try(func() {
		for _, t := range s.Things {
			if t, ok := t.(LastingThing); ok && t.Lasts() && slices.Contains(at, t.Address()) {
				t.Renew()
			}
		}
	})
}

// Try calls a function with the table locked, unless a message of the call is under way.
func (o *order) Try(do func()) {
	if o.mu.TryLock() {
		defer o.mu.Unlock()
		do()
	}
}

// BeginCall appends the update with which a call of the host begins, by changes, and by rest what
// follows it in the message: where that fails, the message is not sent. Leave follows where it does
// not. Where others run beside, they may be changing what is compared.
func (s *Sharing) BeginCall(e *Encoder, changes func(beside bool) error, rest func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.update(e, changes, rest)
	if err == nil {
		s.along++
	}
	return err
}

// EndCall is BeginCall for the update with which it ends, and undoes Enter.
func (s *Sharing) EndCall(e *Encoder, changes func(beside bool) error, rest func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave()
	return s.update(e, changes, rest)
}

func (s *Sharing) update(e *Encoder, changes func(beside bool) error, rest func() error) error {
	switch {
	case s.ended:
		e.Uint(0)
		return rest()
	case s.fault != nil:
		return s.fault
	}
	e.Uint(s.sent + 1)
	e.Uint(s.taken)
	known, beside := len(s.Things), s.along > 0
	err := changes(beside)
	if err == nil && beside && len(s.Things) > known {
		err = ErrNew
	}
	if err == nil {
		err = rest()
	}
	if err != nil {
		s.Restart(known)
		s.fault = err
		return err
	}
	s.sent++
	return nil
}

// Sends notes that the next message has the thing with that number.
func (s *Sharing) Sends(n int) {
	if s.last == nil {
		s.last = map[int]uint64{}
	}
	s.last[n] = s.sent + 1
}

// Take takes an update by changes, after all that were sent before it. Passed says of a thing
// whether the message that had it last has passed this one.
func (s *Sharing) Take(d *Decoder, changes func(passed func(n int) bool) error) error {
	number := d.Uint()
	if number == 0 {
		return d.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(d, number, changes)
}

// TakeCall is Take for the update with which a call of the host begins, and Enter where it can be
// taken.
func (s *Sharing) TakeCall(d *Decoder, changes func(passed func(n int) bool) error) error {
	number := d.Uint()
	s.mu.Lock()
	defer s.mu.Unlock()
	if number > 0 {
		if err := s.take(d, number, changes); err != nil {
			return err
		}
	} else if d.Err() != nil {
		return d.Err()
	}
	s.along++
	return nil
}

func (s *Sharing) take(d *Decoder, number uint64, changes func(passed func(n int) bool) error) error {
	seen := d.Uint()
	if err := s.await(number); err != nil {
		return err
	}
	if s.gone {
		return ErrOver
	}
	err := changes(func(n int) bool { return s.last[n] > seen })
	s.taken = max(s.taken, number)
	s.wake()
	return err
}

// Skip takes an update that cannot be used.
func (s *Sharing) Skip(d *Decoder) {
	_ = s.Take(d, func(func(int) bool) error { return nil })
}
