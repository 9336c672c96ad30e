package engine

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Usage is what the host does with an instance: the calls that run, how many there were, and the
// objects that the host holds. An engine keeps one for each instance, begins and ends every call
// with it, and returns it from [Counted]. The zero Usage is ready; it is safe for concurrent use
// and must not be copied.
type Usage struct {
	running atomic.Int64 // calls that run; negative, by refusing, once no more may begin
	calls   atomic.Int64
	failed  atomic.Int64
	took    atomic.Pointer[histogram] // nil until a call ended by EndSince
	first   atomic.Pointer[func(time.Duration)]

	mu   sync.Mutex
	idle chan struct{}           // closed when the last call has ended after Refuse
	done bool                    // idle is closed
	held map[ObjectRef]time.Time // since when
}

// refusing is added to the number of running calls when no more may begin.
const refusing = math.MinInt64

// Counted is an optional ability of an instance and of an [ObjectRef]: it tells what the host does
// with the instance. The loader then lets calls that run finish before it closes the instance, and
// knows which modules are idle.
type Counted interface {
	Usage() *Usage
}

// Begin is called before a call. The error is [ErrUnloaded] where no call may begin any more;
// otherwise End must follow.
func (u *Usage) Begin() error {
	if u.running.Add(1) < 0 {
		u.Leave()
		return ErrUnloaded
	}
	return nil
}

// End is called after a call, with what it ended by: a panic, a crash, a cancellation. An error
// value that the module's function returned is a result like any other, and not meant.
func (u *Usage) End(err error) {
	u.calls.Add(1)
	if err != nil {
		u.failed.Add(1)
	}
	u.Leave()
}

// Leave follows Begin in the place of End after what keeps the instance but is not a call by
// the program: an import, or the host reads a variable.
func (u *Usage) Leave() {
	if u.running.Add(-1) == refusing {
		u.ended()
	}
}

// ended wakes who waits for the last call.
func (u *Usage) ended() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.done {
		u.done = true
		close(u.drained())
	}
}

// drained is called with mu held.
func (u *Usage) drained() chan struct{} {
	if u.idle == nil {
		u.idle = make(chan struct{})
	}
	return u.idle
}

// Refuse lets no more calls begin. Those that run go on. It is idempotent.
func (u *Usage) Refuse() {
	for {
		n := u.running.Load()
		if n < 0 {
			return
		}
		if u.running.CompareAndSwap(n, n+refusing) {
			if n == 0 {
				u.ended()
			}
			return
		}
	}
}

// Calls returns how many calls have ended.
func (u *Usage) Calls() int64 { return u.calls.Load() }

// Failed returns how many of them ended with an error.
func (u *Usage) Failed() int64 { return u.failed.Load() }

// Refused reports whether calls are refused.
func (u *Usage) Refused() bool { return u.running.Load() < 0 }

// Running returns how many calls run.
func (u *Usage) Running() int {
	n := u.running.Load()
	if n < 0 {
		n -= refusing
	}
	return int(n)
}

// Drain refuses further calls and waits for those that run. It returns how many still run when ctx
// ends.
func (u *Usage) Drain(ctx context.Context) int {
	u.Refuse()
	u.mu.Lock()
	idle := u.drained()
	u.mu.Unlock()
	select {
	case <-idle:
		return 0
	default:
	}
	select {
	case <-idle:
		return 0
	case <-ctx.Done():
		return u.Running()
	}
}

// hold notes that the host has an object of the instance.
func (u *Usage) hold(ref ObjectRef) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.held == nil {
		u.held = make(map[ObjectRef]time.Time)
	}
	u.held[ref] = time.Now()
}

// drop notes that it has not any more.
func (u *Usage) drop(ref ObjectRef) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.held, ref)
}

// Objects returns how many objects the host holds.
func (u *Usage) Objects() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.held)
}

// HeldObjects are the objects of one type that the host still holds.
type HeldObjects struct {
	Type  string    `json:"type"` // as [Object.TypeName] has it
	Count int       `json:"count"`
	Since time.Time `json:"since"` // when the host got the oldest of them
}

// Held lists what the host holds, what it holds for longest first.
func (u *Usage) Held() []HeldObjects {
	byType := make(map[string]HeldObjects)
	u.mu.Lock()
	for ref, since := range u.held {
		h, ok := byType[ref.TypeName()]
		if !ok || since.Before(h.Since) {
			h.Since = since
		}
		h.Type = ref.TypeName()
		h.Count++
		byType[h.Type] = h
	}
	u.mu.Unlock()
	var all []HeldObjects
	for _, h := range byType {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b HeldObjects) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Type, b.Type)) })
	return all
}

// UsageOf returns the usage of an instance or a reference, or nil where it has none.
func UsageOf(v any) *Usage {
	if c, ok := v.(Counted); ok {
		return c.Usage()
	}
	return nil
}
