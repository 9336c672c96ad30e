package build

import (
	"go/token"
	"go/types"
	"strings"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/structure"
	"github.com/loadgo/load/internal/goglue/build/workspace"
)

// given reports whether the host can give a value of a type: a function or an interface whose
// methods can all be forwarded.
func (d *describer) given(n int) bool {
	t := d.types[n]
	if !d.nameable(t) && d.loose(t) == nil {
		return false
	}
	if d.api.Types[n].Bridge != 0 {
		return true
	}
	methods := d.api.Types[n].Answered()
	switch u := t.Underlying().(type) {
	case *types.Signature:
		if len(methods) == 0 {
			return false
		}
	case *types.Interface:
		if kindOf(t) != api.KindInterface || u.NumMethods() != len(methods) {
			return false
		}
	default:
		return false
	}
	for _, m := range methods {
		if m.Func == 0 || d.api.Funcs[m.Func-1].NoVariadic || !d.nameable(d.funcs[m.Func-1].sig) {
			return false
		}
	}
	return true
}

// makeable reports whether the host can give a value of a type that is not Data: everything but
// what only the module can make.
func (d *describer) makeable(t types.Type) bool {
	if d.looseList(t) {
		return true
	}
	if !d.nameableElements(t) {
		return false
	}
	if !d.nameable(t) {
		u := d.loose(t)
		_, isFunc := u.(*types.Signature)
		return u != nil && !isFunc && !types.IsInterface(u)
	}
	switch u := t.Underlying().(type) {
	case *types.Interface, *types.Signature, *types.Chan:
		return false
	case *types.Pointer:
		if types.IsInterface(u.Elem()) { // a variable, which is nil or holds what the host gives
			return d.nameable(u.Elem()) && d.given(d.number(u.Elem(), 0))
		}
		return d.nameable(u.Elem()) && d.makeable(u.Elem())
	case *types.Basic:
		return u.Kind() != types.UnsafePointer
	case *types.Map:
		return d.class(t) != api.Held
	}
	return true
}

// standardName names an interface of the standard library by its path.
func standardName(t types.Type) string {
	named, ok := t.(*types.Named)
	if !ok || !types.IsInterface(t) || named.Obj().Pkg() == nil {
		return ""
	}
	path := named.Obj().Pkg().Path()
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") || first == workspace.GlueModule {
		return ""
	}
	return path + "." + named.Obj().Name()
}

// codecOf is codecOf for a type that generated code can name, and none for others.
func (d *describer) codecOf(t types.Type) api.Codec {
	if !d.nameable(t) {
		return api.CodecNone
	}
	return codecOf(t)
}

// codecOf reports whether values of the type can be written and read by their own methods. Those
// that come from an embedded field count where that is all there is, and has a codec itself: those
// of a [time.Time] leave out its location.
func codecOf(t types.Type) api.Codec {
	named, ok := t.(*types.Named)
	if !ok || types.IsInterface(t) || kindOf(t) > api.KindUnsafe {
		return api.CodecNone
	}
	if isNamed(t, "math/big", "Float") {
		return api.CodecGob
	}
	methods := types.NewMethodSet(types.NewPointer(named))
	all, isStruct := named.Underlying().(*types.Struct)
	wraps := isStruct && all.NumFields() == 1 && codecOf(types.Unalias(all.Field(0).Type())) != api.CodecNone
	has := func(name, signature string) bool {
		sel := methods.Lookup(nil, name)
		return sel != nil && (len(sel.Index()) == 1 || wraps) && types.TypeString(structure.StripNames(sel.Type().(*types.Signature)), nil) == signature
	}
	for codec, name := range map[api.Codec]string{api.CodecText: "Text", api.CodecBinary: "Binary"} {
		if !has("Marshal"+name, "func() ([]byte, error)") || !has("Unmarshal"+name, "func([]byte) error") {
			continue
		}
		if codec == api.CodecText || !has("MarshalText", "func() ([]byte, error)") {
			return codec
		}
	}
	return api.CodecNone
}

// receiveSignature is what receiving from a channel looks like as a method.
func receiveSignature(ch *types.Chan) *types.Signature {
	param := func(name string, t types.Type) *types.Var { return types.NewParam(token.NoPos, nil, name, t) }
	return types.NewSignatureType(nil, nil, nil,
		types.NewTuple(param("most", types.Typ[types.Int])),
		types.NewTuple(param("values", types.NewSlice(ch.Elem())), param("open", types.Typ[types.Bool])), false)
}
