package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/eval"
	"github.com/loadgo/load/internal/literal"
)

// input is code that was typed: an expression, and the variables that are to keep its results.
type input struct {
	expr     *eval.Expression
	names    []string // of variables, none where the results are printed
	declares bool     // by :=
	offset   int      // of the expression in the first line
}

// parse reads code. An assignment is taken apart where it is all that there is.
func parse(code string) (*input, error) {
	names, declares, at := assignment(code)
	expr, err := eval.Parse(code[at:])
	in := &input{expr: expr, names: names, declares: declares, offset: at}
	return in, in.moved(err)
}

// moved is an error whose place is in the whole code.
func (in *input) moved(err error) error {
	var wrong *load.ExpressionError
	if in.offset == 0 || !errors.As(err, &wrong) || wrong.Line > 1 {
		return err
	}
	moved := *wrong
	moved.Column += in.offset
	return &moved
}

// assignment finds the variables that code assigns to, and where the expression begins.
func assignment(code string) (names []string, declares bool, at int) {
	const header = "package p; func _() {\n"
	file, _ := parser.ParseFile(token.NewFileSet(), "", header+code+"\n}", parser.SkipObjectResolution)
	if file == nil || len(file.Decls) == 0 {
		return nil, false, 0
	}
	function, ok := file.Decls[0].(*ast.FuncDecl)
	if !ok || function.Body == nil || len(function.Body.List) != 1 {
		return nil, false, 0
	}
	assign, ok := function.Body.List[0].(*ast.AssignStmt)
	if !ok || len(assign.Rhs) != 1 || assign.Tok != token.DEFINE && assign.Tok != token.ASSIGN {
		return nil, false, 0
	}
	for _, x := range assign.Lhs {
		name, ok := x.(*ast.Ident)
		if !ok {
			return nil, false, 0
		}
		names = append(names, name.Name)
	}
	at = int(assign.Rhs[0].Pos()) - 1 - len(header)
	if at < 0 || at > len(code) || strings.Contains(code[:at], "\n") {
		return nil, false, 0
	}
	return names, assign.Tok == token.DEFINE, at
}

// checkName refuses what no variable and no module can be called.
func checkName(name string) error {
	switch {
	case !token.IsIdentifier(name):
		return fmt.Errorf("%q is no name that Go has", name)
	case types.Universe.Lookup(name) != nil:
		return fmt.Errorf("%s is a name that Go has already", name)
	}
	return nil
}

// literals declares, on a line of its own, the variables that an expression names, for code that is
// compiled. What lives in a module cannot be written down.
func (r *repl) literals(expr *eval.Expression) (string, error) {
	var b strings.Builder
	for _, name := range expr.Free() {
		v, known := r.vars[name]
		if !known {
			continue
		}
		text, ok := literal.Of(reflect.ValueOf(v))
		if !ok {
			return "", fmt.Errorf("%s cannot be used here: this code is compiled into a program of its own, and no %s can be written into it\n\twrite what makes it in the place of %s", name, typeOf(v), name)
		}
		fmt.Fprintf(&b, "var %s = %s; _ = %s; ", name, text, name)
	}
	if b.Len() == 0 {
		return "", nil
	}
	return b.String() + "\n", nil
}

// typeOf names the type of a variable's value.
func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case *load.Object:
		return v.TypeName()
	}
	return reflect.TypeOf(v).String()
}

// located is an error with the line of the input that it is about.
func (r *repl) located(err error) error {
	var wrong *load.ExpressionError
	if errors.As(err, &wrong) {
		moved := *wrong
		moved.Line += r.first - 1
		return &moved
	}
	return fmt.Errorf("line %d: %w", r.first, err)
}
