// Package structure tells what Go types are made of.
package structure

import (
	"go/token"
	"go/types"
	"slices"
)

// Parted reports whether values of a type are the same ones when they are made of their parts
// elsewhere. Known are types that are whole; outer are the types around it.
func Parted(t types.Type, known func(types.Type) bool, outer ...types.Type) bool {
	t = types.Unalias(t)
	if len(outer) > 0 && known(t) {
		return true
	}
	if slices.Contains(outer, t) {
		return false
	}
	outer = append(slices.Clip(outer), t)
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() != types.UnsafePointer
	case *types.Slice:
		return Parted(u.Elem(), known, outer...)
	case *types.Array:
		return Parted(u.Elem(), known, outer...)
	case *types.Pointer:
		return len(outer) > 1 && Parted(u.Elem(), known, outer...)
	case *types.Map:
		return Parted(u.Key(), known, outer...) && Parted(u.Elem(), known, outer...)
	case *types.Struct:
		for f := range u.Fields() {
			if !f.Exported() || !Parted(f.Type(), known, outer...) {
				return false
			}
		}
		return u.NumFields() > 0
	}
	return false
}

// Extends reports whether an interface has all methods of another one, and more.
func Extends(wide, narrow types.Type) bool {
	w, n := wide.Underlying().(*types.Interface), narrow.Underlying().(*types.Interface)
	return w.NumMethods() > n.NumMethods() && types.Implements(wide, n)
}

// Union returns the interface with the methods of several, or nil where there is none, or one of
// them has the methods of another.
func Union(parts []types.Type) types.Type {
	if len(parts) < 2 {
		return nil
	}
	methods := map[string]*types.Func{}
	for i, t := range parts {
		for j, other := range parts {
			if i != j && types.Implements(t, other.Underlying().(*types.Interface)) {
				return nil
			}
		}
		for m := range t.Underlying().(*types.Interface).Methods() {
			if known := methods[m.Name()]; known != nil && !types.Identical(known.Type(), m.Type()) {
				return nil
			}
			methods[m.Name()] = m
		}
	}
	return types.NewInterfaceType(nil, parts).Complete()
}

// StripNames returns a signature without the names of its parameters and results.
func StripNames(sig *types.Signature) *types.Signature {
	strip := func(tuple *types.Tuple) *types.Tuple {
		vars := make([]*types.Var, tuple.Len())
		for i := range vars {
			vars[i] = types.NewParam(token.NoPos, nil, "", tuple.At(i).Type())
		}
		return types.NewTuple(vars...)
	}
	return types.NewSignatureType(nil, nil, nil, strip(sig.Params()), strip(sig.Results()), sig.Variadic())
}

// Element returns what slices, arrays and maps are made of in the end.
func Element(t types.Type) types.Type {
	for range 100 { // a slice of itself has no end
		switch u := t.Underlying().(type) {
		case *types.Slice:
			t = u.Elem()
		case *types.Array:
			t = u.Elem()
		case *types.Map:
			t = u.Elem()
		default:
			return t
		}
	}
	return t
}
