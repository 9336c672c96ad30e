package guest

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/loadgo/load/internal/goglue/guest/guesterror"
	"github.com/loadgo/load/internal/wire"
)

// hostTable is what the module keeps of the host's values: the numbers of its calls, the references
// that it has, and the handles that it no longer needs.
type hostTable struct {
	lastCall atomic.Uint64
	mu       sync.Mutex
	known    map[uint64]weak.Pointer[Host]
	released []received
}

// received is how often a handle of the host arrived.
type received struct{ handle, times uint64 }

// Host is a reference to a value of the host: a function, something that implements an interface,
// an error, or a value of type any. There is one for each handle, so that one value of the host is
// one here, too. The host keeps the value until the reference is collected.
type Host struct {
	_      func() // at the beginning: to reflection, a generated type is a pointer to it, in which encoders find nothing to write
	module *Module
	handle uint64
	modes  []uint64 // by method
	got    *received
	givers wire.Givers
	tied   any // the one value that stands for it
	gone   runtime.Cleanup

	reading atomic.Int64 // how many of its Reads go on
}

// Host takes a reference to a value of the host.
func (c *Call) Host() *Host { return c.module.Host(&c.In) }

// Host takes a reference to a value of the host.
func (m *Module) Host(in *wire.Decoder) *Host {
	handle := in.Uint()
	n, _ := in.Len(1)
	modes := make([]uint64, n)
	for i := range modes {
		modes[i] = in.Uint()
	}
	h, number := m.host.reference(m, handle, modes), in.Uint()
	if number != 0 && in.Sharing != nil && in.Sharing.While != nil {
		h.givers.Add(in.Sharing.While, number)
	}
	return h
}

// Refer takes the handle of a value of the host that is only given back.
func (m *Module) Refer(in *wire.Decoder) *Host { return m.host.reference(m, in.Uint(), nil) }

// reference returns the reference of a handle that has just arrived.
func (t *hostTable) reference(m *Module, handle uint64, modes []uint64) *Host {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.known[handle].Value()
	if h == nil {
		h = &Host{module: m, handle: handle, modes: modes, got: &received{handle: handle}}
		if t.known == nil {
			t.known = map[uint64]weak.Pointer[Host]{}
		}
		t.known[handle] = weak.Make(h)
		h.gone = runtime.AddCleanup(h, m.releaseHost, h.got)
	}
	h.got.times++
	return h
}

// leave lets the host forget the value now. Nobody else has the reference.
func (h *Host) leave() {
	h.gone.Stop()
	t := &h.module.host
	t.mu.Lock()
	delete(t.known, h.handle)
	t.mu.Unlock()
	h.module.releaseHost(h.got)
}

// Tie makes a value the one that stands for the reference, where none does, and returns that which
// does.
func (h *Host) Tie(v any) any {
	t := &h.module.host
	t.mu.Lock()
	defer t.mu.Unlock()
	if h.tied == nil {
		h.tied = v
	}
	return h.tied
}

// HostHandle tells which value of the host it is. Types that the generator makes embed a Host, so a
// value that returns to the host is recognised by this method.
func (h *Host) HostHandle() uint64 { return h.handle }

// Methods is how many methods the host answers for.
func (h *Host) Methods() int { return len(h.modes) }

type fromHost = guesterror.Host

// releaseDelay is how long handles are collected before the host is told to forget them.
const releaseDelay = 5 * time.Millisecond

func (m *Module) releaseHost(got *received) {
	t := &m.host
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[got.handle].Value() == nil {
		delete(t.known, got.handle)
	}
	t.released = append(t.released, *got)
	if len(t.released) == 1 {
		m.lasting.own.After(releaseDelay, m.postReleases)
	}
}

func (m *Module) postReleases() {
	m.host.mu.Lock()
	released := m.host.released
	m.host.released = nil
	m.host.mu.Unlock()
	frame := wire.NewFrame(wire.HostRelease)
	frame.Uint(uint64(len(released)))
	for _, r := range released {
		frame.Uint(r.handle)
		frame.Uint(r.times)
	}
	frame.Finish()
	m.transport.Post(frame)
}
