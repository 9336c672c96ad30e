// Package snippet reads Go code that a user types: an expression, or statements that may end in
// one.
package snippet

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/engine"
)

const (
	maxSource   = 64 << 10 // bytes of the code
	maxDepth    = 500      // nested expressions, and the statements around them; go/types recurses
	maxExponent = 100_000  // sum of all exponents: go/types adds 1e999999999 + 1 digit by digit
)

// Snippet is code that was parsed.
type Snippet struct {
	Files *token.FileSet
	List  []ast.Stmt

	free []*ast.Ident // names that it does not declare itself
}

// Ends is the message of code that needs more to be whole.
const Ends = "unexpected end of the expression"

// header stands before the code, on a line of its own, so that columns are those of the code.
const header = "package p; func _() {\n"

// Parse reads code, whose positions are added to files. The error is an [*engine.ExpressionError].
func Parse(files *token.FileSet, src string) (*Snippet, error) {
	s := &Snippet{Files: files}
	if len(src) > maxSource {
		return nil, &engine.ExpressionError{Line: 1, Column: 1, Message: fmt.Sprintf("the expression is longer than %d bytes", maxSource)}
	}
	file, err := parser.ParseFile(s.Files, "", header+src+"\n}", 0)
	var body *ast.BlockStmt
	if file != nil && len(file.Decls) > 0 {
		if function, ok := file.Decls[0].(*ast.FuncDecl); ok {
			body = function.Body
		}
	}
	if body != nil && body.Rbrace.IsValid() && s.Files.Position(body.Rbrace).Offset < len(header)+len(src) { // it ended too early
		return nil, s.Fail(body.Rbrace, "expected operand, found '}'")
	}
	var list scanner.ErrorList
	switch {
	case errors.As(err, &list):
		return nil, s.syntax(list[0], src)
	case err != nil:
		return nil, &engine.ExpressionError{Line: 1, Column: 1, Message: err.Error()}
	}
	s.List, s.free = body.List, file.Unresolved
	return s, s.check(body)
}

// syntax is the first error of the parser, in terms of the code.
func (s *Snippet) syntax(first *scanner.Error, src string) error {
	e := &engine.ExpressionError{Line: first.Pos.Line - 1, Column: first.Pos.Column, Message: first.Msg}
	if first.Pos.Offset >= len(header)+len(src) { // there is nothing to see
		end := strings.LastIndexByte(src, '\n') + 1
		e.Line, e.Column, e.Message = strings.Count(src, "\n")+1, len(src)-end+1, Ends
	}
	return e
}

// Results returns what the code ends in: an expression, or those of a return statement.
func (s *Snippet) Results() []ast.Expr {
	if len(s.List) == 0 {
		return nil
	}
	switch last := s.List[len(s.List)-1].(type) {
	case *ast.ExprStmt:
		return []ast.Expr{last.X}
	case *ast.ReturnStmt:
		return last.Results
	}
	return nil
}

// Packages lists the names before a dot that the code does not declare, as those of packages are,
// each once and in order.
func (s *Snippet) Packages() []string {
	free := map[*ast.Ident]bool{}
	for _, ident := range s.free {
		free[ident] = true
	}
	var names []string
	for _, stmt := range s.List {
		ast.Inspect(stmt, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok {
				if ident, ok := selector.X.(*ast.Ident); ok && free[ident] && !slices.Contains(names, ident.Name) {
					names = append(names, ident.Name)
				}
			}
			return true
		})
	}
	return names
}

// Free lists the names that the code does not declare itself and that are not predeclared, each
// once.
func (s *Snippet) Free() []string {
	var names []string
	for _, ident := range s.free {
		if types.Universe.Lookup(ident.Name) == nil && !slices.Contains(names, ident.Name) {
			names = append(names, ident.Name)
		}
	}
	return names
}

// Fail is an error at a place of the code.
func (s *Snippet) Fail(at token.Pos, message string) *engine.ExpressionError {
	p := s.Files.Position(at)
	return &engine.ExpressionError{Line: max(p.Line-1, 1), Column: max(p.Column, 1), Message: message}
}

// check refuses what would take a type checker for ever.
func (s *Snippet) check(body *ast.BlockStmt) (err error) {
	depth, exponents := -2, 0 // the block and a statement stand around an expression
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil {
			depth--
			return true
		}
		if err != nil {
			return false
		}
		if depth++; depth > maxDepth {
			err = s.Fail(n.Pos(), fmt.Sprintf("the expression is nested deeper than %d", maxDepth))
		}
		if n, ok := n.(*ast.BasicLit); ok {
			if exponents += exponent(n); exponents > maxExponent {
				err = s.Fail(n.Pos(), "excessively large exponent in "+n.Value)
			}
		}
		return true
	})
	return err
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
