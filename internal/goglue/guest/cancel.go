package guest

import (
	"context"
	"sync"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// cancelTable finds the cancel function of a call in progress, and of one that has returned an
// object.
type cancelTable struct {
	mu      sync.Mutex
	funcs   map[uint64]context.CancelFunc // by call
	lasting map[uint64]context.CancelFunc // by handle of the object
}

func newCancelTable() cancelTable {
	return cancelTable{funcs: map[uint64]context.CancelFunc{}, lasting: map[uint64]context.CancelFunc{}}
}

func (t *cancelTable) add(number uint64, left time.Duration) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	if left != 0 {
		ctx, cancel = context.WithTimeout(ctx, left)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.funcs[number] = cancel
	return ctx
}

func (t *cancelTable) end(number uint64) { t.call(t.funcs, number) }

func (t *cancelTable) endOf(handle uint64) { t.call(t.lasting, handle) }

func (t *cancelTable) call(funcs map[uint64]context.CancelFunc, key uint64) {
	t.mu.Lock()
	cancel := funcs[key]
	delete(funcs, key)
	t.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// returned ends the context of a call that is over, or lets it last where an object was returned.
func (t *cancelTable) returned(number, handle uint64) {
	if handle == 0 {
		t.end(number)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if cancel := t.funcs[number]; cancel != nil { // else it was cancelled
		t.lasting[handle] = cancel
	}
	delete(t.funcs, number)
}

// forget lets go of the context of an object that the host has dropped. It goes on: others may use
// the object.
func (t *cancelTable) forget(handle uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.lasting, handle)
}

// Cancel ends the context of the call in the body of a Cancel frame.
func (m *Module) Cancel(body []byte) {
	in := wire.NewDecoder(body)
	m.cancels.end(in.Uint())
}
