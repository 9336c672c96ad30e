// Package guestany carries values of type any across, inside a module. It is a package of its own
// so that a module without any in its API contains neither it nor the reflection that it needs.
package guestany

import (
	"encoding"
	"reflect"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/loadgo/load/internal/goglue/guest"
	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/internal/wire/dynamic"
)

// Encode answers with a value of type any.
func Encode(c *guest.Call, v any) { codec(c).Encode(&c.Out, v) }

// Decode takes an argument of type any.
func Decode(c *guest.Call) any { return codec(c).Decode(&c.In) }

var (
	once   sync.Once
	shared *dynamic.Codec
)

// codec returns the codec of the one module of this program.
func codec(c *guest.Call) *dynamic.Codec {
	once.Do(func() { shared = dynamic.New(peer{c.Module()}) })
	return shared
}

type peer struct{ module *guest.Module }

// Hold implements [dynamic.Peer].
func (p peer) Hold(e *wire.Encoder, v reflect.Value) error {
	p.module.PutHandle(e, v.Interface())
	return nil
}

// Take implements [dynamic.Peer].
func (p peer) Take(d *wire.Decoder) any {
	v, err := p.module.TakeHandle(d)
	if err != nil {
		d.Fail(err)
	}
	return v
}

// PutTyped implements [dynamic.Peer]: the host does.
func (p peer) PutTyped(*wire.Encoder, reflect.Value) bool { return false }

// Stands implements [dynamic.Peer]: values of the host do.
func (p peer) Stands(reflect.Type) string { return "" }

// Form implements [dynamic.Peer]: values of the host have them.
func (p peer) Form(reflect.Type, bool) string { return "" }

// Typed implements [dynamic.Peer].
func (p peer) Typed(d *wire.Decoder) any { return p.module.TakeTyped(d) }

// Give implements [dynamic.Peer]: a function of the module is held.
func (p peer) Give(e *wire.Encoder, v reflect.Value) error {
	e.Byte(wire.TagHandle)
	p.module.PutHandle(e, v.Interface())
	return nil
}

// address is that of the function itself, and not of its code.
func address(v reflect.Value) unsafe.Pointer {
	f := reflect.New(v.Type())
	f.Elem().Set(v)
	return *(*unsafe.Pointer)(f.UnsafePointer())
}

// Forms implements [dynamic.Peer].
func (p peer) Forms() bool { return false }

// Refused implements [dynamic.Peer].
func (p peer) Refused(reflect.Type) string { return "" }

// Func implements [dynamic.Peer].
func (p peer) Func(d *wire.Decoder, t reflect.Type) reflect.Value {
	h := p.module.Host(d)
	f := p.forward(h, t)
	functions.add(address(f), h)
	return f
}

// forward makes a function that calls the host's.
func (p peer) forward(h *guest.Host, t reflect.Type) reflect.Value {
	last := t.NumOut() - 1
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		c := h.Begin(0)
		for c.Encoding() {
			for _, arg := range args {
				codec(c).Encode(&c.Out, arg.Interface())
			}
		}
		results := make([]reflect.Value, t.NumOut())
		for i := range results {
			results[i] = reflect.New(t.Out(i)).Elem()
		}
		if last < 0 || t.Out(last) != reflect.TypeFor[error]() {
			c.Send()
		} else if err := c.Try(); err != nil {
			results[last].Set(reflect.ValueOf(err))
			return results
		}
		for i := range results {
			if i == last && t.Out(i) == reflect.TypeFor[error]() {
				if err := c.InError(); err != nil {
					results[i].Set(reflect.ValueOf(err))
				}
			} else {
				codec(c).DecodeTo(&c.In, results[i])
			}
		}
		c.Taken()
		return results
	})
}

// TextName implements [dynamic.Peer]: types with methods are held.
func (p peer) TextName(reflect.Type) string { return "" }

// Named implements [dynamic.Peer].
func (p peer) Named(name string) encoding.TextUnmarshaler {
	v, _ := p.module.Named(name).(encoding.TextUnmarshaler)
	return v
}

// StandardName implements [dynamic.Peer].
func (p peer) StandardName(t reflect.Type) string {
	if t.PkgPath() == "" {
		return ""
	}
	if known, ok := standardNames.Load(t); ok {
		return known.(string)
	}
	name := t.PkgPath() + "." + t.Name()
	if known := p.Standard(name); known == nil || reflect.TypeOf(known).Elem() != t {
		name = ""
	}
	standardNames.Store(t, name)
	return name
}

// standardNames are the answers of StandardName: reflect.Type → string.
var standardNames sync.Map

// Standard implements [dynamic.Peer].
func (p peer) Standard(name string) any {
	v := p.module.Named(name)
	if v == nil {
		return nil
	}
	if _, ok := v.(encoding.TextUnmarshaler); ok && reflect.TypeOf(v).Elem().Kind() == reflect.Struct && !strings.HasPrefix(name, dynamic.Own) {
		return nil // it crosses as its text
	}
	return v
}

// Opaque implements [dynamic.Peer]: what has methods or unexported fields, or points to it, is
// held; a field that the host's type has for its tag does not count.
func (p peer) Opaque(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[*time.Location]():
		return false
	}
	if t.Kind() == reflect.Func {
		return true
	}
	if t.NumMethod() > 0 {
		return t.Kind() != reflect.Interface
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	} else if reflect.PointerTo(t).NumMethod() > 0 {
		return t.Kind() != reflect.Interface
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); !f.IsExported() && !dynamic.IsOption(f) {
			return true
		}
	}
	return false
}
