package goglue

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/loadgo/load/internal/instantiation"
)

// inferred completes type arguments by the constraints of the parameters that have none: of one whose constraint is
// ~[]T, a value of []T will do. It returns nil where that does not lead to all of them, and an error where one that is
// given is wrong by itself.
func (m *parts) inferred(params *types.TypeParamList, name instantiation.Name, scope *types.Package) ([]types.Type, error) {
	_, given := instantiation.Split(name.Expr)
	if len(given) >= params.Len() {
		return nil, nil
	}
	known := map[*types.TypeParam]types.Type{}
	var args []types.Type
	for i := range params.Len() {
		var arg types.Type
		if i < len(given) {
			info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
			if err := types.CheckExpr(m.fset, scope, token.NoPos, given[i], info); err != nil {
				return nil, err
			}
			arg = info.Types[given[i]].Type
		} else if arg = substitute(core(params.At(i)), known); arg == nil {
			return nil, nil
		}
		known[params.At(i)] = arg
		args = append(args, arg)
	}
	return args, nil
}

// core returns T of a constraint that is no more than T or ~T, or nil.
func core(param *types.TypeParam) types.Type {
	constraint, ok := param.Constraint().Underlying().(*types.Interface)
	if !ok || constraint.NumMethods() > 0 || constraint.NumEmbeddeds() != 1 {
		return nil
	}
	if union, ok := constraint.EmbeddedType(0).(*types.Union); ok && union.Len() == 1 {
		return union.Term(0).Type()
	}
	return nil
}

// substitute puts known types in the place of type parameters, in the types that constraints are made of. It returns
// nil for others, and where a parameter is not known.
func substitute(t types.Type, known map[*types.TypeParam]types.Type) types.Type {
	of := func(t types.Type) types.Type { return substitute(t, known) }
	switch t := types.Unalias(t).(type) {
	case *types.Basic, *types.Named:
		if named, ok := t.(*types.Named); ok && named.TypeArgs().Len() > 0 {
			return nil
		}
		return t
	case *types.TypeParam:
		return known[t]
	case *types.Slice:
		if elem := of(t.Elem()); elem != nil {
			return types.NewSlice(elem)
		}
	case *types.Pointer:
		if elem := of(t.Elem()); elem != nil {
			return types.NewPointer(elem)
		}
	case *types.Map:
		if key, elem := of(t.Key()), of(t.Elem()); key != nil && elem != nil {
			return types.NewMap(key, elem)
		}
	}
	return nil
}
