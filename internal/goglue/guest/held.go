package guest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"unsafe"

	"github.com/loadgo/load/internal/wire"
)

// heldTable keeps the values that the host refers to. Handles are never used twice, so that a stale
// one is noticed.
type heldTable struct {
	mu     sync.Mutex
	last   uint64
	step   uint64 // between handles
	values map[uint64]any
	// known are the handles of pointers, and of what can be compared in an interface: the host
	// recognises one by it.
	known map[any]uint64
	shown map[uint64]map[int]any // of structs by handle: the fields that the host has, by number
	again map[uint64]int         // how often the host has such a handle beyond the first time
}

// put returns a handle of a value: that which an equal one has already, where it may be shared. A
// call with a context has handles of its own, by which the context ends.
func (t *heldTable) put(v any, shared bool) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	shared = shared && recognised(v)
	if shared {
		if handle, ok := t.known[v]; ok {
			t.again[handle]++
			return handle
		}
	}
	t.last += t.step
	t.values[t.last] = v
	if shared {
		t.known[v] = t.last
	}
	return t.last
}

// recognised reports whether a value equals itself when it comes again. One in a box is a variable,
// and no value.
func recognised(v any) bool {
	if _, isBox := v.(boxed); isBox {
		return false
	}
	if value := reflect.ValueOf(v); value.Kind() != reflect.Pointer && !value.Comparable() {
		return false
	}
	same, err := equal(v, v) // a NaN is not
	return same && err == nil
}

// drop lets go of a handle as often as it was put, and reports whether it is gone. It is called
// with mu held.
func (t *heldTable) drop(handle uint64) bool {
	if t.again[handle] > 0 {
		if t.again[handle]--; t.again[handle] == 0 {
			delete(t.again, handle)
		}
		return false
	}
	if v, ok := t.values[handle]; ok && recognised(v) && t.known[v] == handle {
		delete(t.known, v)
	}
	delete(t.values, handle)
	delete(t.shown, handle)
	return true
}

func (t *heldTable) get(handle uint64) (any, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.values[handle]
	return v, ok
}

var errReleased = errors.New("the object was released")

// held takes a handle from the arguments and returns the value as it is kept.
func (c *Call) held() any { return c.heldBy(c.In.Uint()) }

func (c *Call) heldBy(handle uint64) any {
	v, ok := c.module.held.get(handle)
	if !ok {
		c.Refuse(errReleased.Error())
	}
	return v
}

// forget forgets handles that the host does not get.
func (t *heldTable) forget(handles []uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, handle := range handles {
		t.drop(handle)
	}
}

// Release forgets the handles in the body of a Release frame.
func (m *Module) Release(body []byte) {
	in := wire.NewDecoder(body)
	m.held.mu.Lock()
	defer m.held.mu.Unlock()
	for n := in.Uint(); n > 0 && in.Err() == nil; n-- {
		handle := in.Uint()
		if m.held.drop(handle) {
			m.cancels.Forget(handle)
		}
	}
}

// boxed is a value that is not a pointer and is kept where it has an address, so that the methods
// of its pointer can be called too.
type boxed interface {
	value() any
	pointer() any
}

type box[T any] struct{ v T }

func (b *box[T]) value() any   { return b.v }
func (b *box[T]) pointer() any { return &b.v }

// hold keeps a value and appends its handle.
func (c *Call) hold(v any) {
	c.Out.Byte(wire.TagHandle)
	c.returned = c.module.held.put(v, c.ctx == nil)
	c.Out.Uint(c.returned)
	if c.Sharing() {
		c.Out.Given = append(c.Out.Given, c.returned)
	}
}

// Hold answers with a handle of a value whose type has the given number in the API.
func Hold[T any](c *Call, v T, typ uint64) {
	c.hold(&box[T]{v})
	c.Out.Uint(typ)
}

// HoldPointer answers with a handle of a pointer, or nil.
func HoldPointer[T any](c *Call, p *T, typ uint64) {
	if p == nil {
		c.Out.Byte(wire.TagNil)
		return
	}
	if c.Values && c.Sharing() {
		if n, ok := c.Out.Sharing.Find(unsafe.Pointer(p), reflect.TypeFor[T](), 0); ok { // the host's own
			c.Out.Byte(wire.TagValue)
			c.Out.Uint(wire.ShareRef + uint64(n))
			return
		}
		if n, t, ok := c.Out.Sharing.Lasting(unsafe.Pointer(p), reflect.TypeFor[T](), 0); ok {
			c.Out.Byte(wire.TagValue)
			c.putLasting(n, t.(lasting))
			return
		}
	}
	c.hold(p)
	c.Out.Uint(typ)
}

// HoldInterface answers with a handle of the value in an interface, or nil. A value of the host
// returns as itself to a host that wants it so.
func HoldInterface(c *Call, v any) {
	if v == nil {
		c.Out.Byte(wire.TagNil)
		return
	}
	if own, ok := v.(fromHost); ok && (c.Values || c.Texts) {
		c.Out.Byte(wire.TagHost)
		c.Out.Uint(own.HostHandle())
		return
	}
	c.Out.Byte(wire.TagHandle)
	c.returned = c.module.putHandle(&c.Out, v, c.ctx == nil)
}

// PutHandle holds a value and appends its handle, which it returns, and its dynamic type: the
// type's number in the API, or 0 and its name.
func (m *Module) PutHandle(out *wire.Encoder, v any) uint64 { return m.putHandle(out, v, true) }

func (m *Module) putHandle(out *wire.Encoder, v any, shared bool) uint64 {
	handle := m.held.put(v, shared)
	out.Uint(handle)
	if out.Sharing != nil {
		out.Given = append(out.Given, handle)
	}
	typ := m.table.TypeOf(v)
	out.Uint(typ)
	if typ == 0 {
		out.String(m.table.TypeName(v))
	}
	return handle
}

// TakeHandle takes a handle and returns the value as a program that holds it would see it.
func (m *Module) TakeHandle(in *wire.Decoder) (any, error) {
	v, ok := m.held.get(in.Uint())
	if !ok {
		return nil, errReleased
	}
	if box, ok := v.(boxed); ok {
		return box.value(), nil
	}
	return v, nil
}

// Held returns the value of type T behind the handle that follows in the arguments.
func Held[T any](c *Call) T { return as[T](c, c.held()) }

func as[T any](c *Call, v any) T {
	switch v := v.(type) {
	case *box[T]:
		return v.v
	case T:
		return v
	case *T: // a pointer serves where its value is wanted, as in a method call
		return *v
	}
	if b, ok := v.(boxed); ok {
		if t, ok := b.value().(T); ok {
			return t
		}
		if t, ok := b.pointer().(T); ok {
			return t
		}
	}
	var want [0]T
	c.Refuse("the object is a " + c.module.table.TypeName(v) + ", which does not fit " + c.module.table.TypeName(want)[3:])
	panic("unreachable")
}

// HeldPointer returns the *T behind the handle that follows in the arguments; a boxed T gives its
// address.
func HeldPointer[T any](c *Call) *T { return pointerTo[T](c, c.held()) }

// Receiver returns the *T whose method is called: that behind the handle that follows, or what
// given takes where the handle is 0 and the value itself follows.
func Receiver[T any](c *Call, given func(*Call) *T) *T {
	handle := c.In.Uint()
	if handle == 0 {
		return given(c)
	}
	return pointerTo[T](c, c.heldBy(handle))
}

func pointerTo[T any](c *Call, v any) *T {
	switch v := v.(type) {
	case *T:
		return v
	case *box[T]:
		return &v.v
	case T:
		return &v
	}
	var want [0]*T
	c.Refuse("the object is a " + c.module.table.TypeName(v) + ", which does not fit " + c.module.table.TypeName(want)[3:])
	panic("unreachable")
}

// Tag takes the tag of a value that has more than one form.
func (c *Call) Tag() wire.Tag { return c.In.Byte() }

// BadTag ends the call: the form does not exist for the type.
func (c *Call) BadTag() {
	if err := c.In.Err(); err != nil {
		c.Refuse(err.Error())
	}
	c.Refuse("an argument has a form that its type does not have")
}

// Marshalled answers with what a value's own method wrote.
func (c *Call) Marshalled(text []byte, err error) {
	if err != nil {
		c.Out.Fail(err)
	}
	c.Out.Byte(wire.TagText)
	c.Out.Bytes(text)
}

// Unmarshalled ends the call where a value's own method cannot read what the host's wrote.
func (c *Call) Unmarshalled(err error) {
	if err != nil {
		c.Refuse(err.Error())
	}
}

// Receive waits for a value of a channel and returns it with those that are there already, at most
// most of them, and whether the channel is open.
func Receive[T any](ctx context.Context, ch <-chan T, most int) (values []T, open bool) {
	select {
	case v, ok := <-ch:
		if !ok {
			return nil, false
		}
		values = append(values, v)
	case <-ctx.Done():
		return nil, true
	}
	for len(values) < most {
		select {
		case v, ok := <-ch:
			if !ok {
				return values, false
			}
			values = append(values, v)
		default:
			return values, true
		}
	}
	return values, true
}

// Keys returns the keys of a map, in no order.
func Keys[M ~map[K]V, K comparable, V any](m M) []K {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}

// read answers with the next bytes of an io.Reader.
func (m *Module) read(c *Call) {
	r := Held[interface{ Read([]byte) (int, error) }](c)
	size := c.In.UintN(24)
	c.Ready()
	_, err := c.Out.BytesOf(r, int(size))
	c.Error(err)
}

// equal compares as == does.
func equal(a, b any) (equal bool, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("values of this type cannot be compared")
		}
	}()
	return a == b, nil
}

// Typed takes a value of a type of the API that is in an interface, after [wire.TagTyped]: the
// number of its type, and the value in one of the forms of that type.
func (c *Call) Typed() any {
	if c.module.table.Typed == nil {
		c.BadTag()
	}
	return c.module.table.Typed(c, c.In.UintN(31))
}

// TakeTyped is [Call.Typed] in a value of type any.
func (m *Module) TakeTyped(in *wire.Decoder) any {
	c := &Call{module: m, In: *in}
	c.share(in.Sharing)
	v := c.Typed()
	*in = c.In
	return v
}

// InInterface is a typed value in an interface of type I.
func InInterface[I any](c *Call) (v I) {
	v, ok := c.Typed().(I)
	if !ok {
		c.BadTag()
	}
	return v
}
