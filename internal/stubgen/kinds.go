package stubgen

import (
	"fmt"
	"go/types"
	"slices"
)

// kind is what a type becomes.
type kind int

const (
	leftOut  kind = iota
	standard      // the standard library's own: an alias
	data          // a Go type that is copied
	held          // a type whose values live in the module
	contract      // an interface
)

// local is a type that is generated.
type local struct {
	pkg    *source
	name   string
	named  *types.Named
	hidden bool // its name is not exported: it is the type of a variable or a result
	kind   kind
	reason string // why it is left out
	// shows is the struct whose exported fields a held type has, too; fields are those that it has
	// not.
	shows  *types.Struct
	fields []Omission
	// sealed are the unexported methods of an interface. What is generated for its types has
	// methods of these names, which nothing calls.
	sealed []string
	// lost are the methods that an interface has not. It is sealed then: others would not have them.
	lost []Omission
}

// localOf returns what is generated for a named type, or nil.
func (g *generator) localOf(t types.Type) *local {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return nil
	}
	return g.locals[types.TypeString(named, nil)]
}

// classify finds out what all types of all packages become. A type counts as carried as long as
// nothing is known against it, so types may refer to each other.
func (g *generator) classify() {
	for _, aliases := range []bool{false, true} { // a type that has a name of its own is not an alias
		for _, s := range g.packages {
			for _, name := range s.pkg.Scope().Names() {
				obj, ok := s.pkg.Scope().Lookup(name).(*types.TypeName)
				if ok && obj.Exported() && obj.IsAlias() == aliases {
					g.classifyType(s, obj)
				}
			}
		}
	}
	for _, s := range g.packages {
		g.classifyHidden(s)
	}
	for _, l := range g.ordered {
		if l.kind == standard {
			g.takeAlong(l)
		}
	}
	for changed := true; changed; {
		changed = false
		for _, l := range g.ordered {
			before := l.kind
			g.reconsider(l)
			changed = changed || l.kind != before
		}
	}
}

// classifyType decides by what a type is.
func (g *generator) classifyType(s *source, obj *types.TypeName) {
	named, ok := types.Unalias(obj.Type()).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || obj.IsAlias() && (isStandard(named.Obj().Pkg().Path()) && !s.Standard || g.localOf(named) != nil) {
		return
	}
	if alias, ok := obj.Type().(*types.Alias); ok && alias.TypeParams().Len() > 0 {
		return
	}
	l := g.add(s, named, obj.Name())
	switch u := named.Underlying().(type) {
	case *types.Interface:
		l.kind = contract
		if !u.IsMethodSet() {
			l.kind, l.reason = leftOut, "it is a constraint"
		}
	case *types.Chan, *types.Pointer:
		l.kind, l.reason = leftOut, "its values do not cross"
	default:
		l.kind = data
	}
	if named.TypeParams().Len() > 0 && named.TypeArgs().Len() == 0 {
		l.kind, l.reason = leftOut, "generic types are not generated yet"
	}
	if l.kind != leftOut && s.Standard && (g.crossesAsItself(named) || g.aliased(l)) {
		l.kind = standard
	}
}

// add notes a type that is generated.
func (g *generator) add(s *source, named *types.Named, name string) *local {
	l := &local{pkg: s, name: name, named: named, kind: held}
	g.locals[types.TypeString(named, nil)] = l
	g.ordered = append(g.ordered, l)
	return l
}

// aliased reports whether a type of the standard library is the alias of a struct of another of
// its packages, which is copied: os.PathError is fs.PathError.
func (g *generator) aliased(l *local) bool {
	if _, ok := l.named.Underlying().(*types.Struct); !ok || l.named.Obj().Pkg() == l.pkg.pkg {
		return false
	}
	return g.refusedStandard(l.named, toModule) == "" && g.refusedStandard(l.named, toHost) == ""
}

// takeAlong makes those types the standard library's own that the methods of one of its own types
// take and give, if they cross so.
func (g *generator) takeAlong(l *local) {
	for sel := range types.NewMethodSet(types.NewPointer(l.named)).Methods() {
		s, ok := sel.Type().(*types.Signature)
		if !ok || !sel.Obj().Exported() {
			continue
		}
		for _, v := range append(tupleVars(s.Params()), tupleVars(s.Results())...) {
			other := g.localOf(v.Type())
			if other != nil && other.pkg == l.pkg && other.kind == data && g.refusedStandard(other.named, toModule) == "" && g.refusedStandard(other.named, toHost) == "" {
				other.kind = standard
			}
		}
	}
}

// crossesAsItself reports whether the standard library's own type is used.
func (g *generator) crossesAsItself(t *types.Named) bool {
	if slices.Contains(append([]string{"time.Location", "context.Context"}, selves...), types.TypeString(t, nil)) {
		return true
	}
	u, ok := t.Underlying().(*types.Interface)
	if !ok {
		return false
	}
	for m := range u.Methods() {
		if !m.Exported() {
			return false
		}
	}
	return true
}

// reconsider looks again at a type after others have changed.
func (g *generator) reconsider(l *local) {
	g.at = l.pkg
	switch l.kind {
	case standard:
		if types.IsInterface(l.named) && g.mentionsOther(l) {
			l.kind = contract
		}
	case data:
		reason := g.refused(l.named.Underlying(), toModule)
		if reason == "" {
			reason = g.refused(l.named.Underlying(), toHost)
		}
		if reason == "" && g.standsAlone(l) {
			reason = "the package compares its pointers"
		}
		if reason == "" {
			return
		}
		l.kind = held
		g.hold(l, reason)
	case contract:
		g.methodsOf(l)
	}
}

// hold decides whether values that cannot be copied can live in the module: those of structs, and
// those that programs only pass on, such as options that are functions.
func (g *generator) hold(l *local, reason string) {
	if r := g.Reading.Limit(l.pkg.pkg.Scope().Lookup(l.name)); r != "" {
		l.kind, l.reason = leftOut, r
		return
	}
	u, ok := l.named.Underlying().(*types.Struct)
	if !ok {
		if _, ok := l.named.Underlying().(*types.Signature); !ok {
			l.kind, l.reason = leftOut, reason
		}
		return
	}
	l.shows = u
}

// refusedInterface says why an interface cannot be generated with all of its methods.
func (g *generator) refusedInterface(l *local) string {
	if g.methodsOf(l); len(l.lost) > 0 {
		return fmt.Sprintf("its method %s: %s", l.lost[0].Name, l.lost[0].Reason)
	}
	return ""
}

// methodsOf finds out which methods of an interface can be generated.
func (g *generator) methodsOf(l *local) {
	l.sealed, l.lost = nil, nil
	for m := range l.named.Underlying().(*types.Interface).Methods() {
		if !m.Exported() {
			l.sealed = append(l.sealed, m.Name())
			continue
		}
		for _, w := range []way{toModule, toHost} {
			if r := g.refusedSignature(m.Signature(), w); r != "" {
				l.lost = append(l.lost, Omission{m.Name(), r})
				break
			}
		}
	}
	if len(l.lost) > 0 {
		l.sealed = append(l.sealed, "sealed"+l.name)
	}
}
