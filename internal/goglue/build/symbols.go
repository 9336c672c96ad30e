package build

import (
	"go/ast"
	"go/constant"
	"go/doc"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
)

// docs holds the first sentences of a package's documentation: "Name" or "Type.Method" → text.
type docs map[string]string

// readDocs collects the documentation of parsed, comment-bearing files.
func readDocs(fset *token.FileSet, path string, files []*ast.File) docs {
	found := docs{}
	p, err := doc.NewFromFiles(fset, files, path)
	if err != nil {
		return found // documentation is a courtesy
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, name := range v.Names {
				found[name] = p.Synopsis(v.Doc)
			}
		}
	}
	funcs := func(prefix string, list []*doc.Func) {
		for _, f := range list {
			found[prefix+f.Name] = p.Synopsis(f.Doc)
		}
	}
	values(p.Consts)
	values(p.Vars)
	funcs("", p.Funcs)
	for _, t := range p.Types {
		found[t.Name] = p.Synopsis(t.Doc)
		values(t.Consts)
		values(t.Vars)
		funcs("", t.Funcs)
		funcs(t.Name+".", t.Methods)
	}
	return found
}

// describe walks the packages of a module and returns everything that can be done with them, and
// what the generator needs.
func describe(m *parts, instances []instance) *describer {
	d := newDescriber(m.packages())
	d.bridging = m.bridging
	all := docs{}
	for _, p := range append([]part{m.main}, m.companions...) {
		prefix := ""
		if p.name != "" {
			d.prefixes[p.pkg], prefix = p.name, p.name+"."
		}
		for name, text := range p.docs {
			all[prefix+name] = text
		}
	}
	for pkg := range d.homes() {
		for _, name := range pkg.Scope().Names() {
			if obj := pkg.Scope().Lookup(name); obj.Exported() {
				d.api.Symbols = append(d.api.Symbols, d.symbol(obj, all))
			}
		}
	}
	for _, in := range instances {
		d.api.Symbols = append(d.api.Symbols, d.instanceSymbol(in, all))
	}
	d.describeInAny()
	d.expand()
	d.describeBridges()
	d.describeUnions()
	d.describeNamed()
	for n := 1; n < len(d.types); n++ {
		d.api.Types[n].Given, d.api.Types[n].Made = d.given(n), d.makeable(d.types[n])
	}
	slices.SortFunc(d.api.Symbols, func(a, b api.Symbol) int { return strings.Compare(a.Name, b.Name) })
	for i, t := range d.types {
		if named, ok := t.(*types.Named); ok && named.Obj().Pkg() != nil && d.home(named.Obj().Pkg()) {
			for j := range d.api.Types[i].Methods {
				m := &d.api.Types[i].Methods[j]
				m.Doc = all[d.symbolName(named.Obj())+"."+m.Name]
			}
		}
	}
	return d
}

// describeInAny describes what values of type any may hold of the types that are symbols: lists of
// them, and pointers to variables that errors.As fills.
func (d *describer) describeInAny() {
	if !slices.ContainsFunc(d.api.Types, func(t api.Type) bool { return t.Kind == api.KindAny }) {
		return
	}
	for _, s := range d.api.Symbols {
		if named, ok := d.types[s.Type].(*types.Named); ok && s.Kind == engine.KindType && d.nameable(named) {
			d.number(types.NewSlice(named), 0)
			if target := errorTarget(named); target != nil {
				d.number(target, 0)
			}
		}
	}
}

// errorTarget returns the type of what errors.As fills for errors of a type: a pointer to a variable
// of the type or, where its pointers are the errors, of these; nil if neither is an error.
func errorTarget(named *types.Named) types.Type {
	pointer := types.NewPointer(named)
	switch iface, ok := named.Underlying().(*types.Interface); {
	case ok && !iface.Empty() && iface.IsMethodSet(), !ok && isErrorType(named):
		return pointer
	case !ok && isErrorType(pointer):
		return types.NewPointer(pointer)
	}
	return nil
}

func (d *describer) symbol(obj types.Object, docs docs) api.Symbol {
	name := d.symbolName(obj)
	s := api.Symbol{Name: name, Text: types.ObjectString(obj, d.relative), Doc: docs[name]}
	switch obj := obj.(type) {
	case *types.Func:
		s.Kind = engine.KindFunc
		f := goFunc{form: formFunc, pkg: obj.Pkg(), name: obj.Name(), sig: obj.Signature()}
		if s.Limit = d.limit(f); s.Limit == "" {
			s.Func = d.function(f, 0)
		}
	case *types.Var:
		s.Kind = engine.KindVar
		s.Type = d.number(obj.Type(), 0)
		if sig, ok := obj.Type().Underlying().(*types.Signature); ok {
			f := goFunc{form: formFunc, pkg: obj.Pkg(), name: obj.Name(), sig: sig}
			if d.limit(goFunc{form: formVar, sig: sig}) == "" {
				s.Func = d.function(f, 0)
				break
			} // it cannot be called, and can be an argument all the same
		}
		s.Func = d.function(goFunc{form: formVar, pkg: obj.Pkg(), name: obj.Name(), value: obj.Type()}, 0)
	case *types.Const:
		s.Kind = engine.KindConst
		s.Const = exactConst(obj)
		if basic, ok := obj.Type().(*types.Basic); !ok || basic.Info()&types.IsUntyped == 0 {
			s.Type = d.number(obj.Type(), 0)
			if d.class(obj.Type()) == api.Both || isErrorType(obj.Type()) { // it has methods, so the host may want to hold it
				s.Func = d.function(goFunc{form: formVar, pkg: obj.Pkg(), name: obj.Name(), value: obj.Type(), constant: true}, 0)
			}
		}
	case *types.TypeName:
		s.Kind = engine.KindType
		d.typeSymbol(&s, obj)
	}
	return s
}

func (d *describer) typeSymbol(s *api.Symbol, obj *types.TypeName) {
	t := types.Unalias(obj.Type())
	if named, ok := t.(*types.Named); ok && named.TypeParams().Len() > named.TypeArgs().Len() {
		s.Limit = mustInstantiate(s.Name, named.TypeParams())
		return
	}
	if alias, ok := obj.Type().(*types.Alias); ok && alias.TypeParams().Len() > 0 {
		s.Limit = mustInstantiate(s.Name, alias.TypeParams())
		return
	}
	d.describeType(s, t)
}

// describeType describes the type that a symbol stands for.
func (d *describer) describeType(s *api.Symbol, t types.Type) {
	if iface, ok := t.Underlying().(*types.Interface); ok && !iface.IsMethodSet() {
		s.Limit = "it is a constraint"
		return
	}
	s.Type = d.number(t, 0)
	d.exported[s.Type] = true
	d.follow(s.Type, 0)
	if s.Limit = d.unmade(t); s.Limit == "" {
		convert := goFunc{form: formConvert, value: t, sig: conversion(t, t)}
		s.Func = d.function(convert, 0)
		convert.form, convert.sig = formNew, conversion(t, types.NewPointer(t))
		d.function(convert, 0) // right behind it
	}
}

// unmade says why the host can give no values for a type, nor what has the same structure, or "".
func (d *describer) unmade(t types.Type) string {
	const why = "no value of it can be made: "
	switch t.Underlying().(type) {
	case *types.Interface:
		return why + "it is an interface"
	case *types.Chan:
		return why + "it is a channel"
	case *types.Pointer:
		return why + "it is a pointer"
	}
	if kindOf(t) == api.KindUnsafe || !d.nameable(t) {
		return why + "it has parts that other packages cannot name"
	}
	return ""
}

// conversion is what a conversion looks like as a function.
func conversion(from, to types.Type) *types.Signature {
	param := func(name string, t types.Type) *types.Tuple {
		return types.NewTuple(types.NewParam(token.NoPos, nil, name, t))
	}
	return types.NewSignatureType(nil, nil, nil, param("value", from), param("", to), false)
}

// exactConst writes a constant's value exactly: a letter for its kind, and Go syntax.
func exactConst(c *types.Const) string {
	v := c.Val()
	if basic, ok := c.Type().Underlying().(*types.Basic); ok {
		switch {
		case basic.Info()&types.IsFloat != 0:
			v = constant.ToFloat(v)
		case basic.Info()&types.IsComplex != 0:
			v = constant.ToComplex(v)
		case basic.Kind() == types.UntypedRune:
			return "r" + v.ExactString()
		}
	}
	switch v.Kind() {
	case constant.Bool:
		return "b" + v.ExactString()
	case constant.String:
		return "s" + constant.StringVal(v)
	case constant.Int:
		return "i" + v.ExactString()
	case constant.Float:
		return "f" + v.ExactString()
	case constant.Complex:
		return "c" + constant.Real(v).ExactString() + " " + constant.Imag(v).ExactString()
	}
	return ""
}

// isErrorType reports whether values of a type are errors.
func isErrorType(t types.Type) bool {
	return types.Implements(t, types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}
