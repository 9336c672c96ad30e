package build

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
)

// spell writes a nameable type down, as the generated file names it. A type that cannot be named
// where it is declared is named by its alias, wherever it stands.
func (g *generator) spell(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return g.spellNamed(t)
	case *types.Pointer:
		return "*" + g.spell(t.Elem())
	case *types.Slice:
		return "[]" + g.spell(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), g.spell(t.Elem()))
	case *types.Map:
		return "map[" + g.spell(t.Key()) + "]" + g.spell(t.Elem())
	case *types.Chan:
		arrow := map[types.ChanDir]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}
		return arrow[t.Dir()] + "(" + g.spell(t.Elem()) + ")"
	case *types.Signature:
		return "func" + g.spellSignature(t)
	case *types.Struct:
		var b strings.Builder
		for i := range t.NumFields() {
			f := t.Field(i)
			if !f.Embedded() {
				b.WriteString(f.Name() + " ")
			}
			b.WriteString(g.spell(f.Type()))
			if tag := t.Tag(i); tag != "" {
				b.WriteString(" " + strconv.Quote(tag))
			}
			b.WriteString("; ")
		}
		return "struct{ " + b.String() + "}"
	case *types.Interface:
		if t.Empty() {
			return "any"
		}
		var b strings.Builder
		for m := range t.Methods() {
			b.WriteString(m.Name() + g.spellSignature(m.Signature()) + "; ")
		}
		return "interface{ " + b.String() + "}"
	default:
		return types.TypeString(t, func(p *types.Package) string { return g.use(p.Path()) })
	}
}

func (g *generator) spellNamed(t *types.Named) string {
	obj := t.Obj()
	if obj.Pkg() == nil {
		return obj.Name() // error
	}
	if !g.nameableItself(t) {
		alias := g.aliases[typeKey(t)]
		return g.use(alias.Pkg().Path()) + "." + alias.Name()
	}
	name := g.use(obj.Pkg().Path()) + "." + obj.Name()
	if t.TypeArgs().Len() == 0 {
		return name
	}
	var args []string
	for arg := range t.TypeArgs().Types() {
		args = append(args, g.spell(arg))
	}
	return name + "[" + strings.Join(args, ", ") + "]"
}

// spellSignature writes parameters and results down, without "func".
func (g *generator) spellSignature(sig *types.Signature) string {
	list := func(tuple *types.Tuple, variadic bool) string {
		var names []string
		for i := range tuple.Len() {
			t := tuple.At(i).Type()
			if variadic && i == tuple.Len()-1 {
				if slice, ok := t.Underlying().(*types.Slice); ok {
					names = append(names, "..."+g.spell(slice.Elem()))
					continue
				}
			}
			names = append(names, g.spell(t))
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	text := list(sig.Params(), sig.Variadic())
	if sig.Results().Len() > 0 {
		text += " " + list(sig.Results(), false)
	}
	return text
}
