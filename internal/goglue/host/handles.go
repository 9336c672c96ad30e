package host

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/adapted"
	"github.com/loadgo/load/internal/wire"
)

// hostValues are the values of the host that a module refers to, and its calls of them.
type hostValues struct {
	mu         sync.Mutex
	last       uint64
	values     map[uint64]*hostValue
	identities map[any]uint64 // the handles of those that can be recognised
	scopes     map[uint64]*wire.Sharing
	lastScope  uint64
	callable   int                           // how many of the values have methods
	calls      map[uint64]context.CancelFunc // that go on, by number; nil as long as there is no context to end
	running    atomic.Int64                  // len(calls), for who may not lock
	ended      bool
}

// hostValue is something of the host that the module refers to by a handle: a function, something
// that implements an interface, an error, or a value of type any.
type hostValue struct {
	value    reflect.Value
	methods  []hostMethod
	identity any // see identify
	refs     int // how often the module got the handle and did not release it
}

// identity is by what a value is recognised when it is given again, so that it is one value in the
// module, too.
type identity struct {
	form  any // how it is given
	value any
}

// reference stands for a map or a slice, which cannot be compared.
type reference struct {
	t        reflect.Type
	at       uintptr
	len, cap int
}

// identify returns the identity of a value, or nil if it has none: it is not equal to itself, or
// cannot be compared.
func identify(form any, v reflect.Value) any {
	switch v.Kind() {
	case reflect.Map:
		return identity{form, reference{t: v.Type(), at: v.Pointer()}}
	case reflect.Slice:
		if v.Cap() > 0 {
			return identity{form, reference{v.Type(), v.Pointer(), v.Len(), v.Cap()}}
		}
		return nil
	}
	if !v.Comparable() {
		return nil
	}
	value := v.Interface()
	if _, ok := value.(adapted.Given); ok || value != value {
		return nil
	}
	return identity{form, value}
}

// give keeps a value for the module and appends the reference to it.
func (i *Instance) give(e *wire.Encoder, v *hostValue, modes []uint64) {
	e.Byte(wire.TagHost)
	i.refer(e, v)
	e.Len(len(modes), false)
	for _, mode := range modes {
		e.Uint(mode)
	}
	e.Uint(i.hostValues.scopeOf(e.Sharing))
}

// refer keeps a value for the module and appends its handle.
func (i *Instance) refer(e *wire.Encoder, v *hostValue) {
	handle := i.hostValues.put(v)
	e.Given = append(e.Given, handle)
	e.Uint(handle)
	if len(v.methods) > 0 {
		i.transport.Given()
	}
}

// put returns the handle of a value: that which it has already, where it can be recognised.
func (h *hostValues) put(v *hostValue) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.identity != nil {
		known, ok := h.identities[v.identity]
		if ok {
			h.values[known].refs++
			return known
		}
	}
	h.last++
	if h.ended {
		return h.last
	}
	if h.values == nil {
		h.values, h.identities = map[uint64]*hostValue{}, map[any]uint64{}
	}
	v.refs = 1
	h.callable += callable(v)
	h.values[h.last] = v
	if v.identity != nil {
		h.identities[v.identity] = h.last
	}
	return h.last
}

// release undoes so many puts.
func (h *hostValues) release(handle, times uint64) {
	v := h.values[handle]
	if v == nil {
		return
	}
	if v.refs -= int(min(times, uint64(v.refs))); v.refs > 0 {
		return
	}
	h.callable -= callable(v)
	delete(h.values, handle)
	if v.identity != nil && h.identities[v.identity] == handle {
		delete(h.identities, v.identity)
	}
}

// callable is 1 for a value that has methods.
func callable(v *hostValue) int {
	if len(v.methods) > 0 {
		return 1
	}
	return 0
}

// scopeOf returns the number by which the module refers to the things of the call that a message
// belongs to, or 0.
func (h *hostValues) scopeOf(s *wire.Sharing) uint64 {
	if s == nil || !s.Call {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.Scope == 0 {
		h.lastScope++
		s.Scope = h.lastScope
		if h.scopes == nil {
			h.scopes = map[uint64]*wire.Sharing{}
		}
		h.scopes[s.Scope] = s
	}
	return s.Scope
}

// await lets messages wait for earlier ones of a call only as long as those can come: while the
// module calls the host in it, until the context ends.
func (i *Instance) await(ctx context.Context, s *wire.Sharing, function int) {
	s.Await = func() (lost func() error, stop func()) {
		ctx, cancel := i.within(ctx, function)
		stopWaking := context.AfterFunc(ctx, s.Wake)
		lost = func() error {
			if s.Scope == 0 || i.hostValues.running.Load() == 0 {
				return wire.ErrLost
			}
			return context.Cause(ctx)
		}
		return lost, func() {
			stopWaking()
			cancel()
		}
	}
}

// scope returns the things of a call that goes on, or nil.
func (h *hostValues) scope(number uint64) *wire.Sharing {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.scopes[number]
}

// over says that a call is over: its things are the caller's again.
func (h *hostValues) over(s *wire.Sharing) {
	if s.Scope == 0 {
		return
	}
	s.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.scopes, s.Scope)
}

// given returns the value that the module refers to, or nil.
func (i *Instance) given(handle uint64) *hostValue {
	i.hostValues.mu.Lock()
	defer i.hostValues.mu.Unlock()
	return i.hostValues.values[handle]
}

// Holds reports whether the module refers to values of the host that it may call at any time.
func (i *Instance) Holds() bool {
	i.hostValues.mu.Lock()
	defer i.hostValues.mu.Unlock()
	return i.hostValues.callable > 0
}

// takeBack forgets the values that a message referred to which the module does not get.
func (i *Instance) takeBack(e *wire.Encoder) {
	if len(e.Given) == 0 {
		return
	}
	i.hostValues.mu.Lock()
	defer i.hostValues.mu.Unlock()
	for _, handle := range e.Given {
		i.hostValues.release(handle, 1)
	}
	e.Given = nil
}

// ReleaseHost forgets the values in the body of a HostRelease frame, which follows the frame's
// kind.
func (i *Instance) ReleaseHost(body []byte) {
	d := wire.NewDecoder(body)
	i.hostValues.mu.Lock()
	defer i.hostValues.mu.Unlock()
	for n := d.Uint(); n > 0 && d.Err() == nil; n-- {
		i.hostValues.release(d.Uint(), d.Uint())
	}
}

// comesHome reports whether a value of an interface can be one that the host gave.
func (i *Instance) comesHome(n int) bool {
	if typ := &i.api.Types[n]; typ.Kind != api.KindInterface || !typ.Given {
		return false
	}
	return slices.ContainsFunc(i.api.Funcs, func(f api.Func) bool {
		return slices.ContainsFunc(f.In, func(in int) bool { return in == n || i.api.Types[in].Elem == n })
	})
}

var errGone = errors.New("the module returned a value of the host that it had let go")

// takeOwn takes the handle of a value of the host.
func (i *Instance) takeOwn(d *incoming, v reflect.Value) {
	own := (peer{i}).Own(d.Uint())
	switch {
	case !own.IsValid():
		d.Fail(errGone)
	case !own.Type().AssignableTo(v.Type()):
		d.Fail(fmt.Errorf("a %s does not fit %s", own.Type(), v.Type()))
	default:
		v.Set(own)
	}
}

// decodeInterface decodes what an interface holds: a value of the host as itself.
func (i *Instance) decodeInterface(n int) decoder {
	return func(d *incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagHandle:
			if o := i.takeObject(d, n); o != nil {
				v.Set(reflect.ValueOf(o))
			}
		case wire.TagHost:
			i.takeOwn(d, v)
		default:
			d.Fail(i.badForm(anyType, n))
		}
	}
}
