package starlark

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The names under which compiled scripts call the checked operations. No script can spell them.
const (
	guardSum    = "operand of +"
	guardRepeat = "operand of *"
	guardFormat = "operand of %"
	guardMethod = "receiver"
)

// guard rewrites the operations that can make much of little, and that the interpreter does in one step:
// x * y becomes x * guardRepeat(y), x % y becomes x % guardFormat(y), and x.join becomes guardMethod(x).join. The
// functions return what does the operation after checking its size. x + y becomes x + guardSum(y), which
// refuses a large y: a text that is added to itself a few times fills any memory before it can be measured.
func guard(f *syntax.File) {
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryExpr:
			n.Y = guardOperand(n.Op, n.Y)
		case *syntax.AssignStmt:
			n.RHS = guardOperand(n.Op, n.RHS)
		case *syntax.DotExpr:
			if checkedMethod(n.Name.Name) != nil {
				n.X = guardCall(guardMethod, n.X)
			}
		}
		return true
	})
}

func guardOperand(op syntax.Token, x syntax.Expr) syntax.Expr {
	literal, isLiteral := x.(*syntax.Literal)
	switch op {
	case syntax.PLUS, syntax.PLUS_EQ:
		if !isLiteral {
			return guardCall(guardSum, x)
		}
	case syntax.STAR, syntax.STAR_EQ:
		return guardCall(guardRepeat, x)
	case syntax.PERCENT, syntax.PERCENT_EQ:
		if !isLiteral || literal.Token == syntax.STRING || literal.Token == syntax.BYTES {
			return guardCall(guardFormat, x)
		}
	}
	return x
}

func guardCall(name string, x syntax.Expr) syntax.Expr {
	start, end := x.Span()
	return &syntax.CallExpr{
		Fn:     &syntax.Ident{NamePos: start, Name: name},
		Lparen: start, Args: []syntax.Expr{x}, Rparen: end,
	}
}

// operand is the right side of an operation that is checked before it is done.
type operand struct {
	starlark.Value
	limits limits
}

// Binary implements [starlark.HasBinary].
func (o operand) Binary(op syntax.Token, x starlark.Value, side starlark.Side) (starlark.Value, error) {
	if side != starlark.Right {
		return nil, nil
	}
	var err error
	if op == syntax.STAR {
		err = o.limits.repeat(x, o.Value)
	} else if text, ok := x.(starlark.String); ok {
		err = o.limits.format(string(text), o.Value)
	}
	if err != nil {
		return nil, err
	}
	return starlark.Binary(op, x, o.Value)
}

// receiver is a string whose methods are checked.
type receiver struct {
	starlark.Value
	limits limits
}

// Attr implements [starlark.HasAttrs].
func (r receiver) Attr(name string) (starlark.Value, error) {
	v, err := r.Value.(starlark.String).Attr(name)
	if v == nil || err != nil {
		return nil, err
	}
	return r.limits.method(v), nil
}

// AttrNames implements [starlark.HasAttrs].
func (r receiver) AttrNames() []string { return r.Value.(starlark.String).AttrNames() }

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

// format checks text % arg: each verb may take the whole of arg.
func (l limits) format(text string, arg starlark.Value) error {
	return l.product(len(text), countByte(text, '%'), arg)
}
