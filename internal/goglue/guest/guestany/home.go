package guestany

import (
	"reflect"
	"runtime"
	"sync"
	"unsafe"
	"weak"

	"github.com/loadgo/load/internal/goglue/guest"
	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/internal/wire/dynamic"
)

// Value stands for a value of the host that has no form in the module: nothing of it is exported.
type Value struct{ host *guest.Host }

// String prints the value as the host does.
func (v *Value) String() string {
	c := v.host.Call(0)
	c.Send()
	text := c.In.String()
	c.Taken()
	return text
}

// MarshalJSON writes the value as the host does.
func (v *Value) MarshalJSON() ([]byte, error) { return v.form(1) }

func (v *Value) form(method int) ([]byte, error) {
	c := v.host.Call(method)
	if err := c.Try(); err != nil {
		return nil, err
	}
	text := c.In.Bytes()
	err := c.InError()
	c.Taken()
	return text, err
}

// HostHandle tells which value of the host it is.
func (v *Value) HostHandle() uint64 { return v.host.HostHandle() }

// TextValue is a Value whose host's type has a MarshalText.
type TextValue struct{ Value }

// MarshalText writes the value as the host does.
func (v *TextValue) MarshalText() ([]byte, error) { return v.form(2) }

// BinaryValue is a Value whose host's type has a MarshalBinary, and maybe a MarshalText.
type BinaryValue struct{ TextValue }

// MarshalBinary writes the value as the host does.
func (v *BinaryValue) MarshalBinary() ([]byte, error) { return v.form(3) }

// Target stands for a variable of the host that errors.As is to fill.
type Target struct{ host *guest.Host }

// Error makes it the type of an error, which nothing but its variable is.
func (t Target) Error() string { return "a variable of the host" }

// Takes lets the host fill its variable with an error of its own, if that fits, and reports it.
func (t *Target) Takes(handle uint64) bool {
	c := t.host.Call(0)
	c.Out.Uint(handle)
	c.Send()
	fits := c.In.Bool()
	c.Taken()
	return fits
}

// HostHandle tells which variable of the host it is.
func (t *Target) HostHandle() uint64 { return t.host.HostHandle() }

// functions are the functions that call the host, by address.
var functions = functionTable{hosts: map[uintptr]weak.Pointer[guest.Host]{}}

type functionTable struct {
	mu    sync.Mutex
	hosts map[uintptr]weak.Pointer[guest.Host]
}

func (t *functionTable) add(at unsafe.Pointer, h *guest.Host) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hosts[uintptr(at)] = weak.Make(h)
	runtime.AddCleanup(h, t.forget, uintptr(at))
}

func (t *functionTable) forget(at uintptr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hosts[at].Value() == nil {
		delete(t.hosts, at)
	}
}

func (t *functionTable) find(at unsafe.Pointer) *guest.Host {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hosts[uintptr(at)].Value()
}

// HandleOf implements [dynamic.Home].
func (p peer) HandleOf(v reflect.Value) (uint64, bool) {
	if v.Kind() == reflect.Func {
		if h := functions.find(address(v)); !v.IsNil() && h != nil {
			return h.HostHandle(), true
		}
		return 0, false
	}
	if v.NumMethod() == 0 {
		return 0, false
	}
	own, ok := v.Interface().(interface{ HostHandle() uint64 })
	if !ok {
		return 0, false
	}
	return own.HostHandle(), true
}

// Borrow implements [dynamic.Home].
func (p peer) Borrow(d *wire.Decoder) dynamic.Reference { return p.module.Refer(d) }

// BorrowWhole implements [dynamic.Home].
func (p peer) BorrowWhole(d *wire.Decoder) any {
	h := p.module.Host(d)
	switch h.Methods() {
	case 1:
		return h.Tie(&Target{h})
	case 2:
		return h.Tie(&Value{h})
	case 3:
		return h.Tie(&TextValue{Value{h}})
	}
	return h.Tie(&BinaryValue{TextValue{Value{h}}})
}

// TakeError implements [dynamic.Home].
func (p peer) TakeError(d *wire.Decoder) any { return p.module.TakeError(d) }

// Lend implements [dynamic.Home]: the host does.
func (p peer) Lend(*wire.Encoder, reflect.Value) {}

// LendTarget implements [dynamic.Home]: the host does.
func (p peer) LendTarget(*wire.Encoder, reflect.Value) bool { return false }

// LendWhole implements [dynamic.Home]: the host does.
func (p peer) LendWhole(*wire.Encoder, reflect.Value) {}

// GiveError implements [dynamic.Home].
func (p peer) GiveError(e *wire.Encoder, v reflect.Value) bool {
	return p.module.GiveSentinel(e, v.Interface().(error))
}

// Own implements [dynamic.Home]: the host does.
func (p peer) Own(uint64, bool) reflect.Value { return reflect.Value{} }
