package gowasm

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/sys"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/budget"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/output"
	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/internal/wire"
)

// module is a running module: one guest, or a pool of them. It implements [host.Transport].
type module struct {
	name       string
	sink       event.Sink
	refusals   refusals
	maxMessage int
	stdout     *output.Stream
	stderr     *output.Stream
	runtime    wazero.Runtime
	cache      wazero.CompilationCache // nil where there is no store
	memories   wasmrun.Memories
	direct     map[string]bool // the names of what can be called without a message
	guests     []*guest
	host       hostSide
	next       atomic.Uint32 // whose turn it is of those that are all busy

	// ctx is what guests are called with. It ends when the module does.
	ctx    context.Context
	cancel context.CancelFunc

	broken  atomic.Pointer[error] // why nothing can be called any more
	started atomic.Bool           // its initialisation is over
	freed   chan struct{}         // closed when everything is given back
	once    sync.Once
}

// hostSide is the part of a [host.Instance] that answers the module's own calls and frames.
type hostSide interface {
	TakesContext(function int) bool
	AdmitCall(s *inflight.Stall, size int) (inflight.Admission, bool)
	WaitForRoom(ctx context.Context, ended <-chan struct{}) bool
	Outgoing() *budget.Budget
	Begin(body []byte)
	Refuse(body []byte) *wire.Encoder
	Answer(body []byte, granted int, send func(*wire.Encoder))
	Failure(symbol string, outcome wire.Outcome, d *wire.Decoder) error
	CancelHost(body []byte)
	ReleaseHost(body []byte)
	End()
}

// err returns why the module cannot be called, or nil.
func (m *module) err() error {
	if err := m.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// errMixed is what a call gets whose arguments nobody can put together.
var errMixed = errors.New("the objects live in different instances of the module; set gowasm.Config.Pool to 1 to use them together")

// guest returns the guest that a call with these handles is for.
func (m *module) guest(handles []uint64) (*guest, error) {
	if len(handles) == 0 {
		return m.idle(), nil
	}
	g := m.guestOf(handles[0])
	for _, h := range handles[1:] {
		if m.guestOf(h) != g {
			return nil, errMixed
		}
	}
	return g, nil
}

// guestOf returns the guest that a handle is from.
func (m *module) guestOf(handle uint64) *guest {
	if len(m.guests) == 1 {
		return m.guests[0]
	}
	return m.guests[handle%uint64(len(m.guests))]
}

// idle returns a guest that is not busy, or any where all are.
func (m *module) idle() *guest {
	if len(m.guests) == 1 {
		return m.guests[0]
	}
	for _, g := range m.guests {
		if g.gate.idle() {
			return g
		}
	}
	return m.guests[int(m.next.Add(1))%len(m.guests)]
}

// crash makes the error of a module that did not survive a call. wazero says of such a module that
// it is
// not closed, and lets it be called: it is broken all the same.
func (m *module) crash(err error) error {
	return &engine.CrashError{Module: m.name, Reason: endReason(err), Stderr: m.stderr.Tail()}
}

// endReason says how a guest ended.
func endReason(err error) string {
	var exit *sys.ExitError
	switch {
	case errors.As(err, &exit):
		return "exit status " + strconv.FormatUint(uint64(exit.ExitCode()), 10)
	case strings.Contains(err.Error(), "wasm error: unreachable"):
		// So the Go runtime ends after a fatal error, which elsewhere exits with this status.
		return "exit status 2"
	}
	reason, _, _ := strings.Cut(err.Error(), "\n")
	return reason
}

// retire ends the module: every call that comes, and every one that the module ends by itself,
// returns the error of the first retire. What runs in a guest ends at the next checkpoint; then all
// is given back.
func (m *module) retire(err error) {
	if !m.broken.CompareAndSwap(nil, &err) {
		return
	}
	if m.started.Load() && errors.Is(err, engine.ErrCrashed) {
		m.sink.Emit(event.Crashed{Name: m.name, Err: err})
	}
	m.cancel()
	for _, g := range m.guests {
		g.gate.shutdown()
	}
	go func() {
		for _, g := range m.guests {
			<-g.gate.drained
		}
		m.free()
	}()
}

// free gives back what the module holds. Nothing of it runs any more.
func (m *module) free() {
	m.once.Do(func() {
		m.host.End()
		m.stdout.Flush()
		m.stderr.Flush()
		ctx := context.Background()
		_ = m.runtime.Close(ctx)
		if m.cache != nil {
			_ = m.cache.Close(ctx)
		}
		m.memories.Release()
		close(m.freed)
	})
}

// closing is how long close waits for what cannot be stopped: a call of the system, or of the
// host's output.
const closing = time.Second

// close ends the module on behalf of the host, and waits until everything is given back. It does
// not wait for a function of the host that the module called: that may be the one that closes the
// module.
func (m *module) close(ctx context.Context) error {
	m.retire(engine.ErrUnloaded)
	for _, g := range m.guests {
		if g.gate.outside() {
			return nil
		}
	}
	timer := time.NewTimer(closing)
	defer timer.Stop()
	select {
	case <-m.freed:
		return nil
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
