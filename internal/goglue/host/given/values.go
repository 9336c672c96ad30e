// Package given is what the host gives to a module and keeps: its functions, values that implement
// interfaces, errors and others that the module only refers to, and the calls that the module makes
// of them.
package given

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/adapted"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/internal/wire/dynamic"
)

// Values are the values of the host that a module refers to, and its calls of them.
type Values struct {
	module  Module
	api     *api.API
	codec   *codec.Codec
	dynamic *dynamic.Codec
	memory  *inflight.Memory

	mu         sync.Mutex
	last       uint64
	values     map[uint64]*Value
	identities map[any]uint64                // the handles of those that can be recognised
	callable   int                           // how many of the values have methods
	calls      map[uint64]context.CancelFunc // that go on, by number; nil as long as there is no context to end
	running    atomic.Int64                  // len(calls), for who may not lock
	ended      bool
	turns      map[any]*turns // of the readers and writers that are in use
	scopes
}

// Module is what the calls need of the module that makes them.
type Module interface {
	// Given is told whenever the module gets a reference to a value of the host: from then on it
	// may call the host at any time. It does not block.
	Given()
	// EncodeError encodes an error, DecodeObject builds what decodes a reference to a value of type
	// n.
	EncodeError(e *wire.Encoder, v reflect.Value)
	DecodeObject(n int) codec.Decoder
	// OpaqueMode is [wire.ModeOpaque] if values of a host's type have parts that stay in the
	// module.
	OpaqueMode(t reflect.Type, n int) uint64
	// Returned lets the module have what a function set of the fields of its parameters, which have
	// these handles.
	Returned(handles []uint64) error
}

// New returns the table for a module, empty.
func New(module Module, described *api.API, c *codec.Codec, d *dynamic.Codec, memory *inflight.Memory) *Values {
	h := &Values{module: module, api: described, codec: c, dynamic: d, memory: memory}
	c.Lasting.Brought = h.brought
	return h
}

// Value is something of the host that the module refers to by a handle: a function, something
// that implements an interface, an error, or a value of type any.
type Value struct {
	Value    reflect.Value
	Methods  []Method
	Identity any // see Identify
	// Lent says that the module got a copy, too, and tells what it changed of that.
	Lent bool
	// Released is called when the module has released it; it must not wait.
	Released func()
	refs     int // how often the module got the handle and did not release it
	givers   []*scope
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

// Identify returns the identity of a value, or nil if it has none: it is not equal to itself, or
// cannot be compared.
func Identify(form any, v reflect.Value) any {
	switch v.Kind() {
	case reflect.Map:
		return identity{form, reference{t: v.Type(), at: v.Pointer()}}
	case reflect.Slice:
		if v.Cap() > 0 {
			return identity{form, reference{v.Type(), v.Pointer(), v.Len(), v.Cap()}}
		}
		return nil
	}
	if v.Kind() != reflect.Pointer && !v.Comparable() {
		return nil
	}
	value := v.Interface()
	switch value.(type) {
	case adapted.Given, adapted.Once:
		return nil
	}
	if value != value {
		return nil
	}
	return identity{form, value}
}

// Give keeps a value for the module and appends the reference to it.
func (h *Values) Give(e *wire.Encoder, v *Value, modes []uint64) {
	e.Byte(wire.TagHost)
	handle := h.Refer(e, v)
	e.Len(len(modes), false)
	for _, mode := range modes {
		e.Uint(mode)
	}
	e.Uint(h.gives(e.Sharing, handle))
}

// Refer keeps a value for the module and appends its handle, which it returns.
func (h *Values) Refer(e *wire.Encoder, v *Value) uint64 {
	handle := h.put(v)
	e.Given = append(e.Given, handle)
	e.Uint(handle)
	if len(v.Methods) > 0 {
		h.module.Given()
	}
	return handle
}

// put returns the handle of a value: that which it has already, where it can be recognised.
func (h *Values) put(v *Value) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.Identity != nil {
		known, ok := h.identities[v.Identity]
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
		h.values, h.identities = map[uint64]*Value{}, map[any]uint64{}
	}
	v.refs = 1
	h.callable += callable(v)
	h.values[h.last] = v
	if v.Identity != nil {
		h.identities[v.Identity] = h.last
	}
	return h.last
}

// release undoes so many puts.
func (h *Values) release(handle, times uint64) {
	v := h.values[handle]
	if v == nil {
		return
	}
	if v.refs -= int(min(times, uint64(v.refs))); v.refs > 0 {
		return
	}
	h.callable -= callable(v)
	delete(h.values, handle)
	if v.Released != nil {
		v.Released()
	}
	if v.Identity != nil && h.identities[v.Identity] == handle {
		delete(h.identities, v.Identity)
	}
}

// callable is 1 for a value that has methods.
func callable(v *Value) int {
	if len(v.Methods) > 0 {
		return 1
	}
	return 0
}

// Given returns the value that the module refers to, or nil.
func (h *Values) Given(handle uint64) *Value {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.values[handle]
}

// Holds reports whether the module refers to values of the host that it may call at any time.
func (h *Values) Holds() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.callable > 0
}

// TakeBack forgets the values that a message referred to which the module does not get.
func (h *Values) TakeBack(e *wire.Encoder) {
	if len(e.Given) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, handle := range e.Given {
		h.release(handle, 1)
	}
	e.Given = e.Given[:0]
}

// ReleaseHost forgets the values in the body of a HostRelease frame, which follows the frame's
// kind.
func (h *Values) ReleaseHost(body []byte) {
	d := wire.NewDecoder(body)
	h.mu.Lock()
	defer h.mu.Unlock()
	for n := d.Uint(); n > 0 && d.Err() == nil; n-- {
		h.release(d.Uint(), d.Uint())
	}
}

// Busy reports whether the module is calling the host.
func (h *Values) Busy() bool { return h.running.Load() > 0 }

// Kept is Still for who needs no variable: what is in none cannot change.
func Kept(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return Still(v)
	}
	return v
}

// Still returns a value that does not change when the variable does that it was in.
func Still(v reflect.Value) reflect.Value {
	kept := reflect.New(v.Type()).Elem()
	kept.Set(v)
	return kept
}
