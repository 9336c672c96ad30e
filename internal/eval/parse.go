package eval

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strconv"
	"strings"
)

// Error is what is wrong with an expression, at one place of it.
type Error struct {
	Line, Column int
	Message      string
	Err          error // what a call or an access of the module met, or nil
}

func (e *Error) Error() string {
	return fmt.Sprintf("eval: %d:%d: %s", e.Line, e.Column, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

const (
	maxSource   = 64 << 10 // bytes of an expression
	maxDepth    = 500      // nested expressions; the evaluator and go/types recurse
	maxExponent = 100_000  // sum of all exponents: go/types adds 1e999999999 + 1 digit by digit
)

// Expr is a parsed expression. It is not changed by evaluation and safe for concurrent use.
type Expr struct {
	fset *token.FileSet
	root ast.Expr
}

// Parse reads an expression and reports what no module can make right: its syntax, what expressions
// cannot hold, and mistakes among its constants. The error is an [*Error].
func Parse(src string) (x *Expr, err error) {
	x = &Expr{fset: token.NewFileSet()}
	e := &evaluation{Expr: x}
	defer e.rescue(&err)
	if len(src) > maxSource {
		return nil, &Error{Line: 1, Column: 1, Message: fmt.Sprintf("the expression is longer than %d bytes", maxSource)}
	}
	x.root, err = parser.ParseExprFrom(x.fset, "", src, parser.SkipObjectResolution)
	var list scanner.ErrorList
	switch {
	case errors.As(err, &list):
		first := list[0]
		if first.Pos.Offset >= len(src) && strings.Contains(first.Msg, "newline") { // there is none to see
			first.Msg = "unexpected end of the expression"
		}
		return nil, &Error{Line: first.Pos.Line, Column: first.Pos.Column, Message: first.Msg}
	case err != nil:
		return nil, &Error{Line: 1, Column: 1, Message: err.Error()}
	}
	e.checkShape()
	e.fold(nil)
	return x, nil
}

// checkShape refuses what an expression cannot hold, before anything is loaded for it.
func (e *evaluation) checkShape() {
	depth, exponents := 0, 0
	ast.Inspect(e.root, func(n ast.Node) bool {
		if n == nil {
			depth--
			return true
		}
		if depth++; depth > maxDepth {
			e.fail(n, "the expression is nested deeper than %d", maxDepth)
		}
		switch n := n.(type) {
		case *ast.BasicLit:
			if exponents += exponent(n); exponents > maxExponent {
				e.fail(n, "excessively large exponent in %s", n.Value)
			}
		case *ast.FuncLit:
			e.fail(n, "functions cannot be written in an expression")
		case *ast.BadExpr:
			e.fail(n, "this is not an expression")
		}
		return true
	})
}

// exponent returns the size of a literal's exponent.
func exponent(x *ast.BasicLit) int {
	mark := "eE"
	if strings.HasPrefix(strings.ToLower(x.Value), "0x") {
		mark = "pP"
	}
	i := strings.LastIndexAny(x.Value, mark)
	if i < 0 || x.Kind != token.FLOAT && x.Kind != token.IMAG {
		return 0
	}
	digits := strings.Trim(strings.ReplaceAll(x.Value[i+1:], "_", ""), "+-i")
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxExponent {
		return maxExponent + 1
	}
	return n
}
