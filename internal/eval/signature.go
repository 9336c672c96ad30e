package eval

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/spelling"
)

// signature is what a symbol's Go signature says about calling it.
type signature struct {
	text     string
	known    bool // the text is that of a function; nothing below holds otherwise
	params   []ast.Expr
	variadic bool // the last parameter is one: params holds its element type
	results  []ast.Expr
}

// signatureOf reads "func Make(s string) string", a method, or a variable of a function type.
func signatureOf(symbol engine.Symbol) signature {
	s := signature{text: symbol.Signature}
	var t *ast.FuncType
	switch decl := declarationOf(symbol).(type) {
	case *ast.FuncDecl:
		t = decl.Type
	case *ast.ValueSpec:
		t, _ = decl.Type.(*ast.FuncType)
	}
	if t == nil {
		return s
	}
	s.known = true
	s.params = fieldTypes(t.Params)
	s.results = fieldTypes(t.Results)
	if n := len(s.params); n > 0 {
		if rest, ok := s.params[n-1].(*ast.Ellipsis); ok {
			s.params[n-1], s.variadic = rest.Elt, true
		}
	}
	return s
}

func fieldTypes(list *ast.FieldList) []ast.Expr {
	var all []ast.Expr
	if list == nil {
		return nil
	}
	for _, f := range list.List {
		all = append(all, slices.Repeat([]ast.Expr{f.Type}, max(1, len(f.Names)))...)
	}
	return all
}

// hasError reports whether the last result is an error: it is returned apart from the others.
func (s signature) hasError() bool {
	if len(s.results) == 0 {
		return false
	}
	last, ok := s.results[len(s.results)-1].(*ast.Ident)
	return ok && last.Name == "error"
}

// lastResult returns the type of the last result, or nil.
func (s signature) lastResult() ast.Expr {
	if len(s.results) == 0 {
		return nil
	}
	return s.results[len(s.results)-1]
}

// onlyResult returns the type of the result beside which there is at most an error, or nil.
func (s signature) onlyResult() ast.Expr {
	if n := len(s.results); n == 1 && !s.hasError() || n == 2 && s.hasError() {
		return s.results[0]
	}
	return nil
}

// parameter returns the type of the i-th argument's parameter, or nil where it is not known.
func (s signature) parameter(i int) ast.Expr {
	switch {
	case i < len(s.params)-1, i == len(s.params)-1:
		return s.params[i]
	case s.variadic && len(s.params) > 0:
		return s.params[len(s.params)-1]
	}
	return nil
}

// want prints the parameters as the compiler does in a message about their number.
func (s signature) want() string {
	all := make([]string, len(s.params))
	for i, p := range s.params {
		all[i] = types.ExprString(p)
	}
	if s.variadic {
		all[len(all)-1] = "..." + all[len(all)-1]
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// have prints the types of arguments in the same way.
func have(args []operand) string {
	all := make([]string, len(args))
	for i, arg := range args {
		all[i] = typeName(arg)
		if u, ok := arg.(untyped); ok && u.c != nil {
			switch types.Typ[u.kind].Info() &^ types.IsUntyped {
			case types.IsBoolean:
				all[i] = "bool"
			case types.IsString:
				all[i] = "string"
			default:
				all[i] = "number"
			}
		} else if ok {
			all[i] = "nil"
		}
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// nearest returns the symbol or variable that is spelled most like name, or "".
func nearest(name string, symbols []engine.Symbol, vars map[string]any) string {
	near := spelling.Near(name, func(yield func(string) bool) {
		for _, s := range symbols {
			if !yield(s.Name) {
				return
			}
		}
		for v := range vars {
			if !yield(v) {
				return
			}
		}
	}, 1)
	if len(near) == 0 {
		return ""
	}
	return near[0]
}
