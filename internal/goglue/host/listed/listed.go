// Package listed describes the symbols of a module for its users.
package listed

import (
	"go/token"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/signature"
)

// Symbols lists what the module exports.
func Symbols(a *api.API) []engine.Symbol {
	symbols := make([]engine.Symbol, len(a.Symbols))
	for j, s := range a.Symbols {
		symbols[j] = engine.Symbol{Name: s.Name, Kind: s.Kind, Signature: s.Text, Doc: s.Doc, Limit: s.Limit}
		switch s.Kind {
		case engine.KindType:
			symbols[j].Methods = Methods(a, s.Type)
		case engine.KindFunc:
			describe(a, &symbols[j], s.Func)
		}
	}
	return symbols
}

// Methods lists the methods of a type.
func Methods(a *api.API, n int) []engine.Symbol {
	typ := a.Pointed(n)
	var methods []engine.Symbol
	for _, m := range typ.Methods {
		s := engine.Symbol{Name: m.Name, Kind: engine.KindFunc, Doc: m.Doc, Signature: "func (" + typ.Text + ") " + m.Name}
		if m.Func == 0 {
			s.Limit = "its parameters have types that other packages cannot name"
		} else {
			s.Signature += a.Funcs[m.Func-1].Text
			describe(a, &s, m.Func)
		}
		if token.IsIdentifier(m.Name) && token.IsExported(m.Name) {
			methods = append(methods, s)
		}
	}
	return methods
}

// describe gives a symbol the signature of a function as data. The kinds of types that have names
// are those that the module has told. function is its index plus 1; 0 is one that cannot be called.
func describe(a *api.API, s *engine.Symbol, function int) {
	s.Params, s.Results = signature.Parse(s.Signature)
	if function == 0 {
		return
	}
	f := a.Funcs[function-1]
	known := func(all []engine.Param, types []int) {
		for i, n := range types[:min(len(types), len(all))] {
			all[i].Kind = kind(a.Types[n].Kind).String()
		}
	}
	known(s.Params, f.In)
	known(s.Results, f.Out)
}

func kind(k api.Kind) reflect.Kind {
	switch k {
	case api.KindAny, api.KindError, api.KindContext:
		return reflect.Interface
	case api.KindTime:
		return reflect.Struct
	case api.KindDuration:
		return reflect.Int64
	case api.KindPlace:
		return reflect.Pointer
	}
	return reflect.Kind(k)
}
