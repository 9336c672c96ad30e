package bounded

import (
	"go.starlark.net/syntax"
)

// guard rewrites what a script does so that its cost is checked before: an operand x becomes
// guards.copy[x], which returns x once the run affords a copy of it, and so on. An index asks far
// less of the interpreter than a call. The guards of a run are in a local variable of each
// function; a lambda and the default of a parameter, which have no place for one, ask for them each
// time.
func guard(f *syntax.File) {
	var s scope
	f.Stmts = s.enter(s.statements(f.Stmts))
}

// The names of what no script can spell. The first are variables of a script's function.
const (
	guardsVar = "_ guards"
	leftVar   = "_ left"
	rightVar  = "_ right"

	guardsFunc = "guards of the run" // returns the guards of the run
	growFunc   = "growth of +="      // x += y becomes x += growFunc(x, y)
)

// The ways to guard a value: see [guards].
const (
	guardCopy    = "copy"
	guardCompare = "compare"
	guardKey     = "key"
	guardMethod  = "method"
	guardAll     = "all"
	guardSlice   = "slice"
	guardSpread  = "spread"
	guardStore   = "store"
)

// scope is the body of a function, or of the file. A nil scope has no variables.
type scope struct{ guarded bool }

// enter puts before the statements what sets the variable that they use.
func (s *scope) enter(statements []syntax.Stmt) []syntax.Stmt {
	if !s.guarded {
		return statements
	}
	first := 0
	if doc, ok := statements[0].(*syntax.ExprStmt); ok && len(statements) > 1 {
		if _, ok := unparen(doc.X).(*syntax.Literal); ok {
			first = 1
		}
	}
	pos := syntax.Start(statements[first])
	set := assign(pos, ident(pos, guardsVar), call(pos, guardsFunc))
	return append(append(statements[:first:first], set), statements[first:]...)
}

func (s *scope) statements(all []syntax.Stmt) []syntax.Stmt {
	var guarded []syntax.Stmt
	for _, statement := range all {
		if n, ok := statement.(*syntax.AssignStmt); ok && n.Op != syntax.EQ {
			guarded = append(guarded, s.augmented(n)...)
			continue
		}
		s.statement(statement)
		guarded = append(guarded, statement)
	}
	return guarded
}

func (s *scope) statement(n syntax.Stmt) {
	switch n := n.(type) {
	case *syntax.DefStmt:
		(*scope)(nil).expressions(n.Params)
		var inner scope
		n.Body = inner.enter(inner.statements(n.Body))
	case *syntax.IfStmt:
		s.expression(n.Cond)
		n.True, n.False = s.statements(n.True), s.statements(n.False)
	case *syntax.ForStmt:
		s.target(n.Vars)
		s.expression(n.X)
		n.Body = s.statements(n.Body)
	case *syntax.WhileStmt:
		s.expression(n.Cond)
		n.Body = s.statements(n.Body)
	case *syntax.AssignStmt:
		s.target(n.LHS)
		s.expression(n.RHS)
	default: // has no statements in it
		s.expression(n)
	}
}

// augmented rewrites x op= y to x = x op y, with the parts of x in variables. Lists and dicts
// are changed in place by += and |=, which stay, with the growth of x checked.
func (s *scope) augmented(n *syntax.AssignStmt) []syntax.Stmt {
	var all []syntax.Stmt
	if isNumber(n.RHS) && (n.Op == syntax.PLUS_EQ || n.Op == syntax.MINUS_EQ) {
		s.target(n.LHS)
		return []syntax.Stmt{n}
	}
	keep := func(name string, x syntax.Expr) func() syntax.Expr {
		pos := where(x)
		switch known := unparen(x).(type) {
		case *syntax.Ident:
			return func() syntax.Expr { return ident(pos, known.Name) }
		case *syntax.Literal:
			return func() syntax.Expr { c := *known; return &c }
		}
		all = append(all, assign(pos, ident(pos, name), x))
		return func() syntax.Expr { return ident(pos, name) }
	}
	var place func() syntax.Expr
	switch left := unparen(n.LHS).(type) {
	case *syntax.IndexExpr:
		x, y := keep(leftVar, left.X), keep(rightVar, left.Y)
		place = func() syntax.Expr { return &syntax.IndexExpr{X: x(), Lbrack: left.Lbrack, Y: y(), Rbrack: left.Rbrack} }
	case *syntax.DotExpr:
		x := keep(leftVar, left.X)
		place = func() syntax.Expr {
			return &syntax.DotExpr{X: x(), Dot: left.Dot, NamePos: left.NamePos, Name: ident(left.NamePos, left.Name.Name)}
		}
	case *syntax.Ident:
		place = func() syntax.Expr { return ident(left.NamePos, left.Name) }
	default: // is refused by the resolver
		return []syntax.Stmt{n}
	}
	n.LHS = place()
	if n.Op == syntax.PLUS_EQ || n.Op == syntax.PIPE_EQ {
		n.RHS = call(n.OpPos, growFunc, place(), n.RHS)
	} else {
		n.RHS = &syntax.BinaryExpr{X: place(), OpPos: n.OpPos, Op: n.Op - syntax.PLUS_EQ + syntax.PLUS, Y: n.RHS}
		n.Op = syntax.EQ
	}
	all = append(all, n)
	for _, statement := range all {
		s.statement(statement)
	}
	return all
}

// target guards what is assigned to.
func (s *scope) target(x syntax.Expr) {
	switch x := unparen(x).(type) {
	case *syntax.DotExpr:
		s.expression(x.X)
	case *syntax.ListExpr:
		for _, element := range x.List {
			s.target(element)
		}
	case *syntax.TupleExpr:
		for _, element := range x.List {
			s.target(element)
		}
	case *syntax.IndexExpr:
		s.expression(x)
		x.X = s.by(guardStore, x.X)
	default:
		s.expression(x)
	}
}

func (s *scope) expressions(all []syntax.Expr) {
	for _, x := range all {
		s.expression(x)
	}
}

// expression guards the operands within an expression, or a statement without others in it.
func (s *scope) expression(root syntax.Node) {
	called := map[syntax.Expr]*syntax.CallExpr{}
	syntax.Walk(root, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.LambdaExpr:
			(*scope)(nil).expressions(n.Params)
			(*scope)(nil).expression(n.Body)
			return false
		case *syntax.BinaryExpr:
			s.binary(n)
		case *syntax.UnaryExpr:
			if n.Op == syntax.MINUS || n.Op == syntax.TILDE {
				n.X = s.by(guardCompare, n.X)
			}
		case *syntax.IndexExpr:
			if !isGuard(n) {
				n.Y = s.by(guardKey, n.Y)
			}
		case *syntax.SliceExpr:
			n.X = s.by(guardSlice, n.X)
		case *syntax.DictEntry:
			n.Key = s.by(guardKey, n.Key)
		case *syntax.CallExpr:
			s.arguments(n)
			called[n.Fn] = n
		case *syntax.DotExpr:
			switch when := whenGuarded(n.Name.Name); {
			case isGuards(n.X) || when == never:
			case called[n] != nil && (when == whenLarge || areShort(called[n].Args)):
				n.X = s.by(guardMethod, n.X)
			default: // a method that is kept is called later, when its receiver may have grown
				n.X = s.by(guardAll, n.X)
			}
		}
		return true
	})
}

func (s *scope) arguments(n *syntax.CallExpr) {
	for i, arg := range n.Args {
		if spread, ok := arg.(*syntax.UnaryExpr); ok && (spread.Op == syntax.STAR || spread.Op == syntax.STARSTAR) {
			spread.X = s.by(guardSpread, spread.X)
		} else if method, ok := n.Fn.(*syntax.DotExpr); ok && i == 0 && takesKey(method.Name.Name) && !isNamed(arg) {
			n.Args[i] = s.by(guardKey, arg)
		}
	}
}

func isNamed(arg syntax.Expr) bool {
	n, ok := arg.(*syntax.BinaryExpr)
	return ok && n.Op == syntax.EQ
}

func (s *scope) binary(n *syntax.BinaryExpr) {
	switch n.Op {
	case syntax.PLUS, syntax.MINUS, syntax.PIPE, syntax.AMP, syntax.CIRCUMFLEX:
		if !isNumber(n.X) && !isNumber(n.Y) {
			n.X, n.Y = s.by(guardCopy, n.X), s.by(guardCopy, n.Y)
		}
	case syntax.SLASHSLASH, syntax.LTLT:
		n.X = s.by(guardCopy, n.X)
	case syntax.GTGT:
		n.X = s.by(guardCompare, n.X)
	case syntax.STAR:
		if !isNumber(n.X) || !isNumber(n.Y) {
			n.X, n.Y = s.by(guardAll, n.X), s.by(guardAll, n.Y)
		}
	case syntax.PERCENT:
		if !isNumber(n.X) {
			n.X = s.always(guardAll, n.X)
		}
	case syntax.IN, syntax.NOT_IN:
		n.Y = s.by(guardAll, n.Y)
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.GT, syntax.LE, syntax.GE:
		if !isLiteral(n.Y) {
			n.X = s.by(guardCompare, n.X)
		}
	}
}

// by guards an expression in a way, unless it is in the script as it is.
func (s *scope) by(way string, x syntax.Expr) syntax.Expr {
	if isLiteral(x) && way != guardAll || isNumber(x) {
		return x
	}
	return s.always(way, x)
}

func (s *scope) always(way string, x syntax.Expr) syntax.Expr {
	start := where(x)
	var guards syntax.Expr = call(start, guardsFunc)
	if s != nil {
		s.guarded = true
		guards = ident(start, guardsVar)
	}
	dot := &syntax.DotExpr{X: guards, Dot: start, NamePos: start, Name: ident(start, way)}
	return &syntax.IndexExpr{X: dot, Lbrack: start, Y: x, Rbrack: start}
}

// isGuards reports whether an expression is the guards of the run.
func isGuards(x syntax.Expr) bool {
	if c, ok := x.(*syntax.CallExpr); ok {
		x = c.Fn
	}
	name, ok := x.(*syntax.Ident)
	return ok && (name.Name == guardsVar || name.Name == guardsFunc)
}

// isGuard reports whether an index is a guard.
func isGuard(n *syntax.IndexExpr) bool {
	dot, ok := n.X.(*syntax.DotExpr)
	return ok && isGuards(dot.X)
}

// isLiteral reports whether an operand is in the script as it is, and light.
func isLiteral(x syntax.Expr) bool {
	switch x := unparen(x).(type) {
	case *syntax.Literal:
		return len(x.Raw) <= lightText
	case *syntax.Ident:
		return x.Name == "None" || x.Name == "True" || x.Name == "False"
	}
	return false
}

// areShort reports whether arguments are short strings in the script, or none.
func areShort(args []syntax.Expr) bool {
	for _, arg := range args {
		if l, ok := arg.(*syntax.Literal); !ok || l.Token != syntax.STRING || len(l.Raw) > 64 {
			return false
		}
	}
	return true
}

func isNumber(x syntax.Expr) bool {
	l, ok := unparen(x).(*syntax.Literal)
	return ok && (l.Token == syntax.INT || l.Token == syntax.FLOAT) && len(l.Raw) <= lightText
}

func unparen(x syntax.Expr) syntax.Expr {
	for {
		p, ok := x.(*syntax.ParenExpr)
		if !ok {
			return x
		}
		x = p.X
	}
}

func ident(pos syntax.Position, name string) *syntax.Ident {
	return &syntax.Ident{NamePos: pos, Name: name}
}

func call(pos syntax.Position, name string, args ...syntax.Expr) *syntax.CallExpr {
	return &syntax.CallExpr{Fn: ident(pos, name), Lparen: pos, Args: args, Rparen: pos}
}

func assign(pos syntax.Position, left, right syntax.Expr) *syntax.AssignStmt {
	return &syntax.AssignStmt{OpPos: pos, Op: syntax.EQ, LHS: left, RHS: right}
}
