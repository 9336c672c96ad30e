package build

import (
	"go/types"
	"strings"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// function describes something to call and returns its index plus 1, or 0 where generated code
// cannot call it.
func (d *describer) function(f goFunc, depth int) int {
	var described api.Func
	if f.receiver != nil {
		described.Receiver = d.number(f.receiver, depth)
	}
	switch f.form {
	case formVar, formField:
		described.Out = []int{d.number(f.value, depth)}
	case formConvert, formNew:
		described.In, described.Out = []int{d.number(f.value, depth)}, []int{d.number(f.sig.Results().At(0).Type(), depth)}
		described.Text, described.Makes = strings.TrimPrefix(types.TypeString(f.sig, d.relative), "func"), true
	default:
		if d.limit(f) != "" {
			return 0
		}
		described.Pointer = d.receiverPointer(f, depth)
		sig := f.crossing()
		described.Text = strings.TrimPrefix(types.TypeString(f.sig, d.relative), "func")
		described.Variadic = sig.Variadic()
		for i := range sig.Params().Len() {
			param := sig.Params().At(i).Type()
			if described.Variadic && i == sig.Params().Len()-1 && !d.nameable(param) && !d.looseList(param) {
				described.Variadic, described.NoVariadic = false, true
				break
			}
			described.In = append(described.In, d.number(param, depth))
		}
		for result := range sig.Results().Variables() {
			described.Out = append(described.Out, d.number(result.Type(), depth))
		}
	}
	d.api.Funcs = append(d.api.Funcs, described)
	d.funcs = append(d.funcs, f)
	n := len(d.api.Funcs)
	d.serve(n-1, depth)
	return n
}

// receiverPointer describes the type as which the host may give the receiver of a method, or
// returns 0.
func (d *describer) receiverPointer(f goFunc, depth int) int {
	named, ok := types.Unalias(f.receiver).(*types.Named)
	if f.form != formMethod || !ok || named.Obj().Pkg() == nil || !d.home(named.Obj().Pkg()) || !d.nameable(named) || types.IsInterface(named) {
		return 0
	}
	switch named.Underlying().(type) {
	case *types.Pointer, *types.Signature, *types.Chan:
		return 0
	}
	return d.number(types.NewPointer(named), depth)
}

// limit says why generated code cannot call a function, or "".
func (d *describer) limit(f goFunc) string {
	if f.sig.TypeParams().Len() > 0 {
		return mustInstantiate(d.symbolName(f.pkg.Scope().Lookup(f.name)), f.sig.TypeParams())
	}
	for i := range f.sig.Params().Len() {
		param := f.sig.Params().At(i)
		variadic := f.sig.Variadic() && i == f.sig.Params().Len()-1
		inferred := f.form == formFunc || f.form == formMethod || f.form == formValue
		if !d.nameable(param.Type()) && !variadic && !inferred {
			return "its parameter " + param.Name() + " has the type " + qualified(param.Type()) + ", which other packages cannot name"
		}
		if d.class(param.Type()) == api.Data && holdsContext(param.Type()) {
			return "its parameter " + param.Name() + " has the type " + qualified(param.Type()) + ", and a context is given as a parameter of its own only"
		}
	}
	if f.form == formMethod && !d.nameable(f.receiver) && !d.nameable(f.sig) {
		return "its receiver has the type " + qualified(f.receiver) + ", which other packages cannot name"
	}
	return ""
}

// holdsContext reports whether the elements of a list, a map or a pointer are contexts. A field may
// be left out.
func holdsContext(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return isContext(u.Elem())
	case *types.Array:
		return isContext(u.Elem())
	case *types.Pointer:
		return isContext(u.Elem())
	case *types.Map:
		return isContext(u.Elem())
	}
	return false
}

func isContext(t types.Type) bool { return kindOf(t) == api.KindContext || holdsContext(t) }

// wireSize is the least number of bytes that a value of the type takes in a message.
func (d *describer) wireSize(t types.Type) int {
	switch kind := kindOf(t); kind {
	case api.KindFloat32, api.KindFloat64:
		return d.plus(t, 8)
	case api.KindComplex64, api.KindComplex128:
		return d.plus(t, 16)
	case api.KindTime:
		return 3
	case api.KindArray:
		u := t.Underlying().(*types.Array)
		return d.plus(t, max(1, int(min(u.Len(), wire.MaxMessage))*d.wireSize(u.Elem())))
	case api.KindStruct:
		if d.class(t) != api.Data {
			return 1
		}
		size := 0
		for f := range t.Underlying().(*types.Struct).Fields() {
			size += d.wireSize(d.fieldType(f))
		}
		return max(1, size)
	}
	return 1
}

// plus is size for a type that is always copied, and that of the smallest form for one that may be
// nil or held.
func (d *describer) plus(t types.Type, size int) int {
	if d.class(t) != api.Data {
		return 1
	}
	return size
}
