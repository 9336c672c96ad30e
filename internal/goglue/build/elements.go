package build

import (
	"go/token"
	"go/types"

	"github.com/loadgo/load/internal/goglue/api"
)

// expandElements describes how the host looks into a list or a map of type t, which has the number
// n.
func (d *describer) expandElements(t types.Type, n, depth int) {
	if !d.nameable(t) {
		return
	}
	list := func(all ...types.Type) *types.Tuple {
		vars := make([]*types.Var, len(all))
		for i, t := range all {
			vars[i] = types.NewParam(token.NoPos, nil, "", t)
		}
		return types.NewTuple(vars...)
	}
	add := func(name string, form goForm, params, results *types.Tuple) {
		sig := types.NewSignatureType(nil, nil, nil, params, results, false)
		f := d.function(goFunc{form: form, sig: sig, receiver: t}, depth)
		d.api.Types[n].Methods = append(d.api.Types[n].Methods, api.Method{Name: name, Func: f})
	}
	whole := list(types.Typ[types.Int])
	switch u := t.Underlying().(type) {
	case *types.Slice:
		add(api.IndexMethod, formIndex, whole, list(u.Elem()))
	case *types.Array:
		add(api.IndexMethod, formIndex, whole, list(u.Elem()))
	case *types.Map:
		add(api.IndexMethod, formIndex, list(u.Key()), list(u.Elem(), types.Typ[types.Bool]))
		add(api.KeysMethod, formKeys, nil, list(types.NewSlice(u.Key())))
	default:
		return
	}
	add(api.LengthMethod, formLength, nil, whole)
}
