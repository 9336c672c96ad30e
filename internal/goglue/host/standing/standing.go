// Package standing finds the interfaces of a module as which values of the host are in an any.
package standing

import (
	"reflect"
	"sync"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// Table knows them by the types of the values. It is safe for concurrent use.
type Table struct {
	api        *api.API
	interfaces []int
	pointers   map[int]bool // those that pointers are, too
	formatter  int          // fmt.Formatter, of package fmt alone
	itself     func(reflect.Type) bool
	codec      *codec.Codec
	known      sync.Map // reflect.Type → *standing, nil for none
}

type standing struct {
	number int
	encode codec.Encoder
}

// New returns the table of a module. Itself reports whether values of a type cross as what they
// are.
func New(described *api.API, c *codec.Codec, itself func(reflect.Type) bool) *Table {
	t := &Table{api: described, codec: c, itself: itself}
	t.interfaces, t.pointers = described.Standing()
	for _, n := range t.interfaces {
		if described.Types[n].Std == api.Formatter {
			t.formatter = n
		}
	}
	return t
}

// Stands names the interface of the module that values of a type are, or returns "".
func (t *Table) Stands(typ reflect.Type) string {
	if s := t.find(typ); s != nil {
		return api.StandingName(s.number)
	}
	return ""
}

// PutStanding appends a value as what it stands for, and reports whether it does.
func (t *Table) PutStanding(e *wire.Encoder, v reflect.Value) bool {
	s := t.find(v.Type())
	if s == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return false
	}
	e.Byte(wire.TagTyped)
	e.Uint(uint64(s.number))
	s.encode(e, v)
	return true
}

// Forget is called when the host has got further types that stand for types of the module.
func (t *Table) Forget() { t.known.Clear() }

func (t *Table) find(typ reflect.Type) *standing {
	if len(t.interfaces) == 0 || typ.NumMethod() == 0 || typ.Kind() == reflect.Interface {
		return nil
	}
	if known, ok := t.known.Load(typ); ok {
		return known.(*standing)
	}
	found := t.printing(typ)
	for _, n := range t.interfaces {
		if found != nil || t.itself(typ) || typ.Kind() == reflect.Pointer && !t.pointers[n] || !t.matches(typ, n) {
			continue
		}
		if encode, err := t.codec.Encoder(typ, n, false); err == nil {
			found = &standing{n, encode}
			break
		}
	}
	t.known.Store(typ, found)
	return found
}

// matches reports whether a type's methods have an any where those of interface n have one. An any
// can be given for everything else, too, but interfaces are told apart by what their methods
// return.
func (t *Table) matches(typ reflect.Type, n int) bool {
	for _, m := range t.api.Types[n].Methods {
		own, ok := typ.MethodByName(m.Name)
		if !ok || m.Func == 0 {
			return false
		}
		f := &t.api.Funcs[m.Func-1]
		if own.Type.NumIn() != 1+len(f.In) || own.Type.NumOut() != len(f.Out) {
			return false
		}
		for j, in := range f.In {
			if (own.Type.In(1+j) == codec.AnyType) != (t.api.Types[in].Kind == api.KindAny) {
				return false
			}
		}
		for j, out := range f.Out {
			if (own.Type.Out(j) == codec.AnyType) != (t.api.Types[out].Kind == api.KindAny) {
				return false
			}
		}
	}
	return true
}
