package starlark

import (
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The names under which compiled scripts call the checked operations. No script can spell them.
const (
	guardSum    = "operand of +"
	guardRepeat = "operand of *"
	guardFormat = "operand of %="
	guardString = "string"
)

// guard rewrites the operations that can make much of little, and that the interpreter does in one step:
// x * y becomes x * guardRepeat(y), x % y becomes guardString(x) % y, and x.join becomes guardString(x).join. The
// functions return what does the operation after checking its size. x + y becomes x + guardSum(y), which
// refuses a large y: a text that is added to itself a few times fills any memory before it can be measured.
func guard(f *syntax.File) {
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryExpr:
			guardBinary(n)
		case *syntax.AssignStmt:
			guardAssign(n)
		case *syntax.DotExpr:
			if checkedMethod(n.Name.Name) != nil {
				n.X = guardCall(guardString, n.X)
			}
		}
		return true
	})
}

func guardBinary(n *syntax.BinaryExpr) {
	switch n.Op {
	case syntax.PLUS:
		if !isLiteral(n.Y) {
			n.Y = guardCall(guardSum, n.Y)
		}
	case syntax.STAR:
		n.Y = guardCall(guardRepeat, n.Y)
	case syntax.PERCENT:
		if !isLiteral(n.Y) {
			n.X = guardCall(guardString, n.X)
		}
	}
}

// guardAssign does the same for x += y and the like. The left side of x %= y cannot be replaced, so that
// guardFormat sees only what is formatted.
func guardAssign(n *syntax.AssignStmt) {
	switch n.Op {
	case syntax.PLUS_EQ:
		if !isLiteral(n.RHS) {
			n.RHS = guardCall(guardSum, n.RHS)
		}
	case syntax.STAR_EQ:
		n.RHS = guardCall(guardRepeat, n.RHS)
	case syntax.PERCENT_EQ:
		if !isLiteral(n.RHS) {
			n.RHS = guardCall(guardFormat, n.RHS)
		}
	}
}

// isLiteral tells whether an operand is in the script as it is: no larger than the script.
func isLiteral(x syntax.Expr) bool {
	_, ok := x.(*syntax.Literal)
	return ok
}

func guardCall(name string, x syntax.Expr) syntax.Expr {
	start, end := x.Span()
	return &syntax.CallExpr{
		Fn:     &syntax.Ident{NamePos: start, Name: name},
		Lparen: start, Args: []syntax.Expr{x}, Rparen: end,
	}
}

// factor is the right side of a product that is checked before it is made.
type factor struct {
	starlark.Value
	limits limits
}

// Binary implements [starlark.HasBinary].
func (f factor) Binary(op syntax.Token, x starlark.Value, side starlark.Side) (starlark.Value, error) {
	if op != syntax.STAR || side != starlark.Right {
		return nil, nil
	}
	if err := f.limits.repeat(x, f.Value); err != nil {
		return nil, err
	}
	return starlark.Binary(op, x, f.Value)
}

// text is a string whose formatting and methods are checked.
type text struct {
	starlark.Value
	limits limits
}

// Binary implements [starlark.HasBinary].
func (s text) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if op != syntax.PERCENT || side != starlark.Left {
		return nil, nil
	}
	format := string(s.Value.(starlark.String))
	if err := s.limits.product(len(format), strings.Count(format, "%"), y); err != nil {
		return nil, err
	}
	return starlark.Binary(op, s.Value, y)
}

// Attr implements [starlark.HasAttrs].
func (s text) Attr(name string) (starlark.Value, error) {
	v, err := s.Value.(starlark.String).Attr(name)
	if v == nil || err != nil {
		return nil, err
	}
	return s.limits.method(v), nil
}

// AttrNames implements [starlark.HasAttrs].
func (s text) AttrNames() []string { return s.Value.(starlark.String).AttrNames() }

// repeat checks x * y.
func (l limits) repeat(x, y starlark.Value) error {
	n, ok := y.(starlark.Int)
	if !ok {
		if n, ok = x.(starlark.Int); !ok {
			return nil
		}
		x = y
	}
	switch x := x.(type) {
	case starlark.Int:
		return l.bits(x, n)
	case starlark.String:
		return l.times(x.Len(), 1, n)
	case starlark.Bytes:
		return l.times(x.Len(), 1, n)
	case *starlark.List:
		return l.times(x.Len(), wordSize, n)
	case starlark.Tuple:
		return l.times(x.Len(), wordSize, n)
	}
	return nil
}
