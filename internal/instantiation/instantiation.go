// Package instantiation reads the names that instantiated generic symbols go by: "Uniq[int]",
// "lo.Map[string, time.Duration]".
package instantiation

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"strings"
)

// maxSource bounds the length of a name in bytes.
const maxSource = 16 << 10

// Name is an instantiation taken apart.
type Name struct {
	Package string // the name before the dot: "lo", "" if there is none
	Symbol  string // the generic symbol, as a module lists it: "Uniq", "lo.Map"
	Text    string // the whole as gofmt writes it: "lo.Map[string, time.Duration]"
	Expr    ast.Expr
}

// Is reports whether a symbol's name has the form of an instantiation; [Parse] may still refuse it.
func Is(symbol string) bool { return strings.Contains(symbol, "[") }

// Parse reads an instantiation. Its arguments are types by their form; what they mean is not known
// here.
func Parse(text string) (Name, error) {
	if len(text) > maxSource {
		return Name{}, fmt.Errorf("it is longer than %d bytes", maxSource)
	}
	x, err := parser.ParseExpr(text)
	var list scanner.ErrorList
	if errors.As(err, &list) {
		return Name{}, errors.New(list[0].Msg)
	}
	if err != nil {
		return Name{}, err
	}
	return Of(x)
}

// Of takes an expression that was parsed already for an instantiation.
func Of(x ast.Expr) (Name, error) {
	generic, args := Split(x)
	if args == nil {
		return Name{}, errors.New("it is not of the form Name[T]")
	}
	n := Name{Expr: x}
	switch g := generic.(type) {
	case *ast.Ident:
		n.Symbol = g.Name
	case *ast.SelectorExpr:
		qualifier, ok := g.X.(*ast.Ident)
		if !ok {
			return Name{}, fmt.Errorf("%s is not the name of a symbol", types.ExprString(g))
		}
		n.Package, n.Symbol = qualifier.Name, qualifier.Name+"."+g.Sel.Name
	default:
		return Name{}, fmt.Errorf("%s is not the name of a symbol", types.ExprString(g))
	}
	for _, arg := range args {
		if !isType(arg) {
			return Name{}, fmt.Errorf("%s is not a type", types.ExprString(arg))
		}
	}
	n.Text = types.ExprString(x)
	return n, nil
}

// Split takes x[a, b] apart; there are no arguments where x has another form.
func Split(x ast.Expr) (generic ast.Expr, args []ast.Expr) {
	switch x := x.(type) {
	case *ast.IndexExpr:
		return x.X, []ast.Expr{x.Index}
	case *ast.IndexListExpr:
		return x.X, x.Indices
	}
	return x, nil
}

// Certain reports whether an instantiation can be nothing else: one of its arguments is written as
// only a type can be. Table[Key] may as well be an element of a map.
func (n Name) Certain() bool {
	_, args := Split(n.Expr)
	for _, arg := range args {
		if certain(arg) {
			return true
		}
	}
	return len(args) > 1
}

func certain(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		_, ok := types.Universe.Lookup(x.Name).(*types.TypeName)
		return ok
	case *ast.StarExpr:
		return certain(x.X)
	case *ast.ParenExpr:
		return certain(x.X)
	case *ast.IndexExpr:
		return certain(x.Index)
	case *ast.SelectorExpr:
		return false
	}
	return true
}

// isType reports whether an expression has the form of a type that an argument can be.
func isType(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name != "_"
	case *ast.SelectorExpr:
		_, ok := x.X.(*ast.Ident)
		return ok
	case *ast.StarExpr:
		return isType(x.X)
	case *ast.ParenExpr:
		return isType(x.X)
	case *ast.ArrayType:
		length, literal := x.Len.(*ast.BasicLit)
		return (x.Len == nil || literal && length.Kind == token.INT) && isType(x.Elt)
	case *ast.MapType:
		return isType(x.Key) && isType(x.Value)
	case *ast.ChanType:
		return isType(x.Value)
	case *ast.FuncType:
		return x.TypeParams == nil && areTypes(x.Params) && areTypes(x.Results)
	case *ast.InterfaceType:
		return areTypes(x.Methods)
	case *ast.StructType:
		return areTypes(x.Fields)
	case *ast.Ellipsis:
		return x.Elt != nil && isType(x.Elt)
	case *ast.IndexExpr, *ast.IndexListExpr:
		generic, args := Split(x)
		for _, arg := range args {
			if !isType(arg) {
				return false
			}
		}
		return isType(generic)
	}
	return false
}

func areTypes(list *ast.FieldList) bool {
	if list == nil {
		return true
	}
	for _, field := range list.List {
		if !isType(field.Type) {
			return false
		}
	}
	return true
}
