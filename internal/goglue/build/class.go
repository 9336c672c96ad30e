package build

import (
	"go/types"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/structure"
)

var basicKinds = map[types.BasicKind]api.Kind{
	types.Bool: api.KindBool, types.Int: api.KindInt, types.Int8: api.KindInt8, types.Int16: api.KindInt16, types.Int32: api.KindInt32,
	types.Int64: api.KindInt64, types.Uint: api.KindUint, types.Uint8: api.KindUint8, types.Uint16: api.KindUint16, types.Uint32: api.KindUint32,
	types.Uint64: api.KindUint64, types.Uintptr: api.KindUintptr, types.Float32: api.KindFloat32, types.Float64: api.KindFloat64,
	types.Complex64: api.KindComplex64, types.Complex128: api.KindComplex128, types.String: api.KindString, types.UnsafePointer: api.KindUnsafe,
}

func kindOf(t types.Type) api.Kind {
	switch {
	case isNamed(t, "time", "Time"):
		return api.KindTime
	case isNamed(t, "time", "Duration"):
		return api.KindDuration
	case isPlace(t):
		return api.KindPlace
	case isNamed(t, "context", "Context"):
		return api.KindContext
	case types.Identical(t, types.Universe.Lookup("error").Type()):
		return api.KindError
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return basicKinds[u.Kind()]
	case *types.Slice:
		return api.KindSlice
	case *types.Array:
		return api.KindArray
	case *types.Map:
		return api.KindMap
	case *types.Pointer:
		return api.KindPointer
	case *types.Struct:
		return api.KindStruct
	case *types.Signature:
		return api.KindFunc
	case *types.Chan:
		return api.KindChan
	case *types.Interface:
		if u.Empty() {
			return api.KindAny
		}
		return api.KindInterface
	}
	return api.KindUnsafe
}

// class finds the forms in which a type crosses. A type that contains itself is Both: values of it
// may be large or cyclic, so they are copied only where the host asks for it.
func (d *describer) class(t types.Type) api.Class {
	key := typeKey(t)
	if class, ok := d.classes[key]; ok {
		return class
	}
	if d.busy[key] {
		return api.Both
	}
	d.busy[key] = true
	class := d.findClass(t)
	delete(d.busy, key)
	d.classes[key] = class
	return class
}

func (d *describer) findClass(t types.Type) api.Class {
	kind := kindOf(t)
	switch kind {
	case api.KindTime, api.KindDuration, api.KindPlace, api.KindError, api.KindContext, api.KindAny:
		return api.Data
	case api.KindInterface, api.KindFunc, api.KindChan, api.KindUnsafe:
		return api.Held
	}
	if !d.nameable(t) || !d.nameableElements(t) {
		return api.Held
	}
	class := api.Data
	if _, ok := types.Unalias(t).(*types.Named); ok && (len(exportedMethods(t)) > 0 || containsItself(t)) {
		class = api.Both
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		d.class(u.Elem())
	case *types.Array:
		d.class(u.Elem())
	case *types.Map:
		if class = max(class, d.keyClass(d.key(u))); class == api.Held {
			return api.Held
		}
		d.class(u.Elem())
	case *types.Pointer:
		return max(class, d.class(u.Elem()))
	case *types.Struct:
		for f := range u.Fields() {
			if !f.Exported() {
				return api.Held
			}
		}
		for f := range u.Fields() {
			if t := d.fieldType(f); d.class(t) != api.Data || d.class(structure.Element(t)) != api.Data {
				class = api.Both
			}
		}
	}
	return class
}

// key is the type as which the keys of a map cross: one with methods as what it is made of, because
// a key is never an object.
func (d *describer) key(m *types.Map) types.Type {
	if d.class(m.Key()) == api.Both {
		return m.Key().Underlying()
	}
	return m.Key()
}

// keyClass is the class of maps by the type as which their keys cross. A map is copied only where
// the host asks for it, where its keys are in interfaces, or cross as their own methods write them.
func (d *describer) keyClass(key types.Type) api.Class {
	class, kind := d.class(key), kindOf(key)
	if kind == api.KindAny || kind == api.KindInterface || class == api.Held && codecOf(types.Unalias(key)) != api.CodecNone {
		return api.Both
	}
	return class
}

// containsItself reports whether values of a named type can hold values of the same type.
func containsItself(t types.Type) bool {
	seen := map[types.Type]bool{}
	var within func(types.Type) bool
	within = func(inner types.Type) bool {
		inner = types.Unalias(inner)
		if seen[inner] {
			return false
		}
		seen[inner] = true
		switch u := inner.Underlying().(type) {
		case *types.Pointer:
			return types.Identical(u.Elem(), t) || within(u.Elem())
		case *types.Slice:
			return types.Identical(u.Elem(), t) || within(u.Elem())
		case *types.Array:
			return types.Identical(u.Elem(), t) || within(u.Elem())
		case *types.Map:
			return types.Identical(u.Elem(), t) || within(u.Elem()) || within(u.Key())
		case *types.Struct:
			for f := range u.Fields() {
				if types.Identical(f.Type(), t) || within(f.Type()) {
					return true
				}
			}
		}
		return false
	}
	return within(t)
}
