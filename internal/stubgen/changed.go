package stubgen

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// changes reports whether a type has methods that change a value, beside those that decode one.
func changes(t *types.Named) bool {
	values := types.NewMethodSet(t)
	for sel := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		name := sel.Obj().Name()
		if sel.Obj().Exported() && values.Lookup(sel.Obj().Pkg(), name) == nil && !strings.HasPrefix(name, "Unmarshal") && name != "Scan" && name != "GobDecode" {
			return true
		}
	}
	return false
}

// noteChanges notes the package's variables that code assigns to, in whole or in part, or takes the
// address of, beside its initialisation.
func (s *source) noteChanges(file *ast.File) {
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		initial := ok && f.Name.Name == "init" && f.Recv == nil
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					if n.Tok != token.DEFINE && !initial {
						s.noteChange(left)
					}
				}
			case *ast.IncDecStmt:
				if !initial {
					s.noteChange(n.X)
				}
			case *ast.RangeStmt:
				if n.Tok == token.ASSIGN && !initial {
					s.noteChange(n.Key)
					s.noteChange(n.Value)
				}
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					s.noteChange(n.X)
				}
			case *ast.SliceExpr:
				if t, name := s.part(n.X); t != nil && isArray(t) {
					s.assigned[name] = true
				}
			case *ast.SelectorExpr:
				s.noteMethod(n)
			}
			return true
		})
	}
}

// noteChange notes the variable that something is, or is a part of.
func (s *source) noteChange(e ast.Expr) {
	if t, name := s.part(e); t != nil {
		s.assigned[name] = true
	}
}

// noteMethod notes a variable if its address, or that of a part, is taken for a method that may
// change it.
func (s *source) noteMethod(e *ast.SelectorExpr) {
	t, name := s.part(e.X)
	if t == nil {
		return
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || types.IsInterface(t) {
		return
	}
	m, index, _ := types.LookupFieldOrMethod(t, true, s.pkg, e.Sel.Name)
	if f, ok := m.(*types.Func); !ok || types.NewMethodSet(t).Lookup(f.Pkg(), f.Name()) != nil {
		return
	}
	if len(index) > 1 || !s.onlyReads(named, e.Sel.Name, map[string]bool{}) {
		s.assigned[name] = true
	}
}

// part returns the type of a variable of the package, or of a part of one, and the variable's name;
// nil for all else, as what a pointer leads to. Variables of functions may have the same names:
// what is noted of them is noted in vain.
func (s *source) part(e ast.Expr) (types.Type, string) {
	switch e := e.(type) {
	case *ast.Ident:
		if v, ok := s.pkg.Scope().Lookup(e.Name).(*types.Var); ok {
			return v.Type(), e.Name
		}
	case *ast.ParenExpr:
		return s.part(e.X)
	case *ast.SelectorExpr:
		t, name := s.part(e.X)
		if t == nil || isPointer(t) {
			return nil, ""
		}
		f, _, indirect := types.LookupFieldOrMethod(t, true, s.pkg, e.Sel.Name)
		if v, ok := f.(*types.Var); ok && !indirect {
			return v.Type(), name
		}
	case *ast.IndexExpr:
		if t, name := s.part(e.X); t != nil && isArray(t) {
			return t.Underlying().(*types.Array).Elem(), name
		}
	}
	return nil, ""
}

// onlyReads reports whether a method of pointers to t does nothing with the pointer but read what
// the value has. Within has the methods that are looked at.
func (s *source) onlyReads(t *types.Named, method string, within map[string]bool) bool {
	f := s.methods[t.Obj().Name()+"."+method]
	if within[method] {
		return true
	}
	if within[method] = true; f == nil || f.Body == nil || t.Obj().Pkg() != s.pkg {
		return false
	}
	names, reads := f.Recv.List[0].Names, true
	var above []ast.Node
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return true
		}
		if id, ok := n.(*ast.Ident); ok && len(names) == 1 && id.Name == names[0].Name && !s.isRead(t, id, above, within) {
			reads = false
		}
		above = append(above, n)
		return true
	})
	return reads
}

// isRead reports whether the pointer, which the code names below other nodes, is only read there.
func (s *source) isRead(t *types.Named, id *ast.Ident, above []ast.Node, within map[string]bool) bool {
	last := len(above) - 1
	switch n := above[last].(type) {
	case *ast.SelectorExpr:
		if n.Sel == id {
			return true // of something else
		}
		obj, index, _ := types.LookupFieldOrMethod(types.NewPointer(t), true, s.pkg, n.Sel.Name)
		switch obj := obj.(type) {
		case *types.Func:
			return len(index) == 1 && (types.NewMethodSet(t).Lookup(obj.Pkg(), obj.Name()) != nil || s.onlyReads(t, obj.Name(), within))
		case *types.Var:
			return len(index) == 1 && s.isCopied(obj.Type(), n, above[:last])
		}
		return false
	case *ast.StarExpr:
		return s.isCopied(t, n, above[:last])
	case *ast.BinaryExpr:
		return types.ExprString(n.X) == "nil" || types.ExprString(n.Y) == "nil"
	}
	return false
}

// isCopied reports whether code takes the value of an expression, and neither changes it nor takes
// its address.
func (s *source) isCopied(t types.Type, e ast.Expr, above []ast.Node) bool {
	switch n := above[len(above)-1].(type) {
	case *ast.AssignStmt:
		for _, left := range n.Lhs {
			if left == e {
				return false
			}
		}
	case *ast.RangeStmt:
		return n.X == e
	case *ast.UnaryExpr:
		return n.Op != token.AND
	case *ast.SelectorExpr: // a method, or what is behind a pointer or in an interface
		return isPointer(t) || types.IsInterface(t) || types.NewMethodSet(t).Lookup(s.pkg, n.Sel.Name) != nil
	case *ast.SliceExpr:
		return !isArray(t)
	case *ast.IndexExpr:
		return !isArray(t)
	case *ast.IncDecStmt, *ast.ParenExpr:
		return false
	}
	return true
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

func isArray(t types.Type) bool {
	_, ok := t.Underlying().(*types.Array)
	return ok
}
