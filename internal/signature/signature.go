// Package signature gives the signatures of functions as data.
package signature

import (
	"go/ast"
	"go/parser"
	"go/types"
	"reflect"
	"strings"

	"github.com/loadgo/load/engine"
)

// Parse takes apart a function as [engine.Symbol] spells it: "func Make(s string) (slug string)". It
// returns the kinds of types whose source shows them. What is no such text has no parts.
func Parse(text string) (params, results []engine.Param) {
	rest, ok := strings.CutPrefix(text, "func ")
	if ok && strings.HasPrefix(rest, "(") { // a receiver
		_, rest, ok = strings.Cut(rest, ") ")
	}
	start := strings.IndexByte(rest, '(')
	if !ok || start < 0 {
		return nil, nil
	}
	return Parts(rest[start:])
}

// Parts is [Parse] of what follows the name: "(s string) string".
func Parts(text string) (params, results []engine.Param) {
	parsed, err := parser.ParseExpr("func" + text)
	if err != nil {
		return nil, nil
	}
	f, ok := parsed.(*ast.FuncType)
	if !ok {
		return nil, nil
	}
	return list(f.Params), list(f.Results)
}

func list(fields *ast.FieldList) []engine.Param {
	var all []engine.Param
	if fields == nil {
		return nil
	}
	for _, field := range fields.List {
		p := engine.Param{Type: types.ExprString(field.Type), Kind: kind(field.Type)}
		for _, name := range field.Names {
			p.Name = name.Name
			if p.Name == "_" {
				p.Name = ""
			}
			all = append(all, p)
		}
		if len(field.Names) == 0 {
			all = append(all, p)
		}
	}
	return all
}

// kind returns the kind that the source of a type shows, or "".
func kind(t ast.Expr) string {
	of := reflect.Invalid
	switch t := t.(type) {
	case *ast.Ident:
		return basic[t.Name]
	case *ast.ParenExpr:
		return kind(t.X)
	case *ast.StarExpr:
		of = reflect.Pointer
	case *ast.Ellipsis:
		of = reflect.Slice
	case *ast.ArrayType:
		of = reflect.Array
		if t.Len == nil {
			of = reflect.Slice
		}
	case *ast.MapType:
		of = reflect.Map
	case *ast.ChanType:
		of = reflect.Chan
	case *ast.FuncType:
		of = reflect.Func
	case *ast.InterfaceType:
		of = reflect.Interface
	case *ast.StructType:
		of = reflect.Struct
	case *ast.SelectorExpr:
		return selected[types.ExprString(t)]
	default:
		return ""
	}
	return of.String()
}

var selected = map[string]string{"context.Context": "interface", "time.Duration": "int64", "time.Time": "struct"}

var basic = func() map[string]string {
	kinds := map[string]string{"any": "interface", "error": "interface", "byte": "uint8", "rune": "int32"}
	for k := reflect.Bool; k <= reflect.Complex128; k++ {
		kinds[k.String()] = k.String()
	}
	kinds[reflect.String.String()] = reflect.String.String()
	return kinds
}()

// Of describes a Go function type.
func Of(t reflect.Type) (params, results []engine.Param) {
	for in := range t.Ins() {
		params = append(params, engine.Param{Type: in.String(), Kind: in.Kind().String()})
	}
	if t.IsVariadic() {
		params[len(params)-1].Type = "..." + t.In(t.NumIn()-1).Elem().String()
	}
	for out := range t.Outs() {
		results = append(results, engine.Param{Type: out.String(), Kind: out.Kind().String()})
	}
	return params, results
}

// Near says what of a nearby type would fit, after a text that ends with what was wanted, or "".
func Near(from, to reflect.Type) string {
	switch {
	case to.Kind() == reflect.Pointer && from == to.Elem():
		return ": pass a pointer"
	case from.Kind() == reflect.Pointer && from.Elem() == to:
		return ": pass what the pointer leads to"
	}
	return ""
}
