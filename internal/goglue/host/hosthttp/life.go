package hosthttp

import (
	"context"
	"errors"
	"sync"

	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
)

// life is how long a response may be used, and by whom. A module that goes on after its call was
// cancelled must not write to it: it belongs to the server again when ServeHTTP returns. Neither
// must two use it at a time, whatever goroutines of the module do: a writer and its header are not
// made for that, and two who change a map at once end the program.
type life struct {
	mu    sync.Mutex
	ended bool
	begun bool // somebody has used it
	users sync.WaitGroup
	busy  bool          // somebody uses it
	next  chan struct{} // closed when nobody does any more; nil if nobody waits for that
	reads int           // how many reads of the request's body go on
	asks  int           // how many reads of the module a handler of the host waits for, which uses it
	// Made for who uses it in the module's name, who must not wait for the module any longer.
	ctx    context.Context
	cancel context.CancelFunc
	// What handlers that panicked have changed in the request: one of the module, and of the host.
	left, panicked guesthttp.Message
}

var (
	errRequestOver = errors.New("the request is over")
	errLent        = errors.New("a handler of the host has the response, and waits for the module")
)

// stay keeps the server waiting for the response until leave is called.
func (l *life) stay() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return errRequestOver
	}
	l.begun = true
	l.users.Add(1)
	return nil
}

func (l *life) leave() { l.users.Done() }

// use lets the response be used until done is called. It waits for others who use it, at most until
// the request is over. Nobody waits for a handler of the host that waits for the module: it would
// wait for itself.
func (r *hostResponse) use() error {
	if err := r.life.stay(); err != nil {
		return err
	}
	err := r.life.turn(r.until)
	if err != nil {
		r.life.leave()
	}
	return err
}

// done ends a use.
func (l *life) done() {
	l.pass()
	l.leave()
}

// turn waits until nobody uses the response. Where until is given, it fails if the context ends
// first, or for who would wait for itself.
func (l *life) turn(until func() context.Context) error {
	for {
		l.mu.Lock()
		if !l.busy {
			l.busy = true
			l.mu.Unlock()
			return nil
		}
		if l.asks > 0 && until != nil {
			l.mu.Unlock()
			return errLent
		}
		if l.next == nil {
			l.next = make(chan struct{})
		}
		next := l.next
		l.mu.Unlock()
		var over <-chan struct{}
		if until != nil {
			over = until().Done()
		}
		select {
		case <-next:
		case <-over:
			return errRequestOver
		}
	}
}

// pass lets the next one use the response.
func (l *life) pass() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
	if l.next != nil {
		close(l.next)
		l.next = nil
	}
}

// ask counts the reads of the module that a handler of the host waits for.
func (l *life) ask(reads bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reads {
		l.asks++
	} else {
		l.asks--
	}
}

// aside lets others use the response while who uses it reads from the module, which may use it.
func (r *hostResponse) aside(reads bool) {
	if reads {
		r.life.pass()
	} else {
		_ = r.life.turn(nil)
	}
}

// used reports whether the module, or a handler of the host that it called, may have written to the
// response.
func (l *life) used() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.begun
}

// until returns a context that ends with the response or with the request's context.
func (r *hostResponse) until() context.Context {
	l := r.life
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		l.ctx, l.cancel = context.WithCancel(r.request.Context())
	}
	if l.ended {
		l.cancel()
	}
	return l.ctx
}

// end lets nobody use the response any more, and waits for those who do.
func (l *life) end() {
	l.mu.Lock()
	l.ended = true
	if l.cancel != nil {
		l.cancel()
	}
	l.mu.Unlock()
	l.users.Wait()
}
