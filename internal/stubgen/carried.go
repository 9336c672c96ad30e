package stubgen

import (
	"fmt"
	"go/types"
	"slices"
)

// way is the direction in which a value crosses.
type way int

const (
	toModule way = iota
	toHost
)

// refused says why a value of type t cannot cross faithfully, or "" where it can.
func refused(t types.Type, w way) string {
	switch t := t.(type) {
	case *types.Alias:
		if t.Obj().Pkg() != nil {
			return fmt.Sprintf("type %s is not generated", t)
		}
		return refused(types.Unalias(t), w)
	case *types.Basic:
		if t.Kind() == types.Invalid {
			return "it uses a type of a package that is not generated"
		}
		if t.Kind() == types.UnsafePointer || t.Kind() == types.Uintptr {
			return fmt.Sprintf("type %s does not cross", t)
		}
		return ""
	case *types.Slice:
		return refused(t.Elem(), w)
	case *types.Array:
		return refused(t.Elem(), w)
	case *types.Map:
		if r := refused(t.Key(), w); r != "" {
			return r
		}
		return refused(t.Elem(), w)
	case *types.Signature:
		// What a function takes goes the other way than the function.
		return refusedSignature(t, 1-w)
	case *types.Named:
		return refusedNamed(t, w)
	case *types.Interface:
		return "values of interfaces without a name would lose their types"
	case *types.Pointer:
		return "pointers are not generated yet"
	case *types.Chan:
		return "channels do not cross"
	}
	return fmt.Sprintf("type %s is not generated", t)
}

// refusedSignature says why a function cannot be called with parameters that go the way w.
func refusedSignature(s *types.Signature, w way) string {
	for v := range s.Params().Variables() {
		if r := refused(v.Type(), w); r != "" {
			return r
		}
	}
	for v := range s.Results().Variables() {
		if r := refused(v.Type(), 1-w); r != "" {
			return r
		}
	}
	return ""
}

// refusedNamed is refused for a type with a name: those of the standard library that cross as
// themselves.
func refusedNamed(t *types.Named, w way) string {
	if t.Obj().Pkg() == nil && t.Obj().Name() == "error" {
		return ""
	}
	name := types.TypeString(t, nil)
	switch {
	case slices.Contains([]string{"time.Time", "time.Duration", "io.Reader", "io.Writer"}, name):
		return ""
	case name == "context.Context" && w == toModule:
		return ""
	}
	return fmt.Sprintf("type %s is not generated", name)
}
