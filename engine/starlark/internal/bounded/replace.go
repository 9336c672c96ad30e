package bounded

import "go.starlark.net/syntax"

// replace puts in the place of each expression below a node what by makes of it, innermost first.
func replace(n syntax.Node, by func(syntax.Expr) syntax.Expr) {
	one := func(x *syntax.Expr) {
		if *x != nil {
			replace(*x, by)
			*x = by(*x)
		}
	}
	several := func(all []syntax.Expr) {
		for i := range all {
			one(&all[i])
		}
	}
	statements := func(all []syntax.Stmt) {
		for _, statement := range all {
			replace(statement, by)
		}
	}
	switch n := n.(type) {
	case *syntax.File:
		statements(n.Stmts)
	case *syntax.AssignStmt:
		one(&n.LHS)
		one(&n.RHS)
	case *syntax.DefStmt:
		several(n.Params)
		statements(n.Body)
	case *syntax.ExprStmt:
		one(&n.X)
	case *syntax.ForStmt:
		one(&n.Vars)
		one(&n.X)
		statements(n.Body)
	case *syntax.IfStmt:
		one(&n.Cond)
		statements(n.True)
		statements(n.False)
	case *syntax.ReturnStmt:
		one(&n.Result)
	case *syntax.WhileStmt:
		one(&n.Cond)
		statements(n.Body)
	case *syntax.BinaryExpr:
		one(&n.X)
		one(&n.Y)
	case *syntax.CallExpr:
		one(&n.Fn)
		several(n.Args)
	case *syntax.Comprehension:
		one(&n.Body)
		for _, clause := range n.Clauses {
			replace(clause, by)
		}
	case *syntax.CondExpr:
		one(&n.Cond)
		one(&n.True)
		one(&n.False)
	case *syntax.DictEntry:
		one(&n.Key)
		one(&n.Value)
	case *syntax.DictExpr:
		several(n.List)
	case *syntax.DotExpr:
		one(&n.X)
	case *syntax.ForClause:
		one(&n.Vars)
		one(&n.X)
	case *syntax.IfClause:
		one(&n.Cond)
	case *syntax.IndexExpr:
		one(&n.X)
		one(&n.Y)
	case *syntax.LambdaExpr:
		several(n.Params)
		one(&n.Body)
	case *syntax.ListExpr:
		several(n.List)
	case *syntax.ParenExpr:
		one(&n.X)
	case *syntax.SliceExpr:
		one(&n.X)
		one(&n.Lo)
		one(&n.Hi)
		one(&n.Step)
	case *syntax.TupleExpr:
		several(n.List)
	case *syntax.UnaryExpr:
		one(&n.X)
	}
}
