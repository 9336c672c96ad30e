package build

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/instantiation"
)

// complete adds type arguments by the constraints of the parameters that have none: for one whose
// constraint is ~[]T, []T will do. It returns nil where that does not lead to all of them, and an
// error where one that is given is wrong by itself.
func (m *parts) complete(params *types.TypeParamList, name instantiation.Name, scope *types.Package) (ast.Expr, error) {
	generic, given := instantiation.Split(name.Expr)
	if len(given) >= params.Len() {
		return nil, nil
	}
	completed := &ast.IndexListExpr{X: generic, Indices: slices.Clone(given)}
	known := map[*types.TypeParam]types.Type{}
	for i, arg := range given {
		list := &ast.ArrayType{Elt: arg} // where only a type can stand that can have values
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		if err := types.CheckExpr(m.fset, scope, token.NoPos, list, info); err != nil {
			return nil, err
		}
		known[params.At(i)] = info.Types[list].Type.(*types.Slice).Elem()
	}
	for i := len(given); i < params.Len(); i++ {
		arg := substitute(core(params.At(i)), known)
		if arg == nil {
			return nil, nil
		}
		known[params.At(i)] = arg
		// A type is written down by declaring it under its own text, which no other name can be.
		text := typeKey(arg)
		scope.Scope().Insert(types.NewTypeName(token.NoPos, scope, text, arg))
		completed.Indices = append(completed.Indices, ast.NewIdent(text))
	}
	return completed, nil
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

// substitute puts known types in the place of type parameters, in the types that constraints are
// made of. It returns nil for others, and where a parameter is not known.
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

// mustInstantiate tells how a generic symbol is used.
func mustInstantiate(symbol string, params *types.TypeParamList) string {
	return "it is generic: name the type arguments, as in " + symbol + "[" + strings.Join(exampleArguments(params), ", ") + "]"
}

// exampleArguments are type arguments that a generic symbol may take, without those that follow
// from others.
func exampleArguments(params *types.TypeParamList) []string {
	known, samples := map[*types.TypeParam]types.Type{}, map[*types.TypeParam]types.Type{}
	kinds, free := []types.BasicKind{types.Int, types.String}, 0
	for p := range params.TypeParams() {
		samples[p] = types.Typ[kinds[free%2]]
		if core(p) == nil {
			free++
		}
	}
	var texts []string
	needed := 1
	for i := range params.Len() {
		p := params.At(i)
		if known[p] == nil {
			known[p] = substitute(core(p), known)
		}
		if known[p] == nil {
			needed = i + 1
			if known[p] = substitute(core(p), samples); known[p] == nil {
				known[p] = samples[p]
			}
			for q := range params.TypeParams() { // those in its constraint follow from it
				without := maps.Clone(samples)
				delete(without, q)
				if core(p) != nil && known[q] == nil && substitute(core(p), without) == nil {
					known[q] = samples[q]
				}
			}
		}
		texts = append(texts, qualified(known[p]))
	}
	return texts[:needed]
}
