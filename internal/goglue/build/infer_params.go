package build

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/loadgo/load/internal/goglue/api"
)

// A parameter whose type other packages cannot name is given all the same: the compiler infers the
// type from the function that takes it. The host gives a value of the module, or what the type is
// made of, where that can be named: a [guest.Loose] is either.

// loose is what the host gives for a type that cannot be named: what it is made of, or nil where
// the host can only give a value of the module.
func (d *describer) loose(t types.Type) types.Type {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || !d.nameable(named.Underlying()) {
		return nil
	}
	switch u := named.Underlying().(type) {
	case *types.Pointer, *types.Chan:
		return nil
	case *types.Interface:
		if u.Empty() {
			return nil
		}
	}
	return named.Underlying()
}

// looseList reports whether the host gives a list of a type by elements that cannot be named:
// values of the module, or implementations of an interface, as functional options are.
func (d *describer) looseList(t types.Type) bool {
	slice, ok := types.Unalias(t).(*types.Slice)
	if !ok || d.nameable(slice.Elem()) || kindOf(slice.Elem()) == api.KindAny {
		return false
	}
	u := d.loose(slice.Elem())
	_, isFunc := u.(*types.Signature)
	return u == nil || isFunc || types.IsInterface(u)
}

// spelled is how generated code names what it decodes for a type.
func (g *generator) spelled(t types.Type) string {
	switch {
	case g.nameable(t):
		return g.spell(t)
	case g.looseList(t):
		return "[]" + g.spelled(types.Unalias(t).(*types.Slice).Elem())
	case kindOf(t) == api.KindAny:
		return "any"
	}
	return "guest.Loose[" + g.looseText(t) + "]"
}

func (g *generator) looseText(t types.Type) string {
	if u := g.loose(t); u != nil {
		return g.spell(u)
	}
	return "struct{}"
}

// looseDecoder writes the function that decodes what the host gives for a type that cannot be
// named.
func (g *generator) looseDecoder(n int) {
	t := g.types[n]
	g.printf("func dec%d(c *guest.Call) (v %s) {\n", n, g.spelled(t))
	if g.looseList(t) {
		g.printf("\tswitch c.Tag() {\n\tcase 0:\n\t\treturn v\n\tcase 1:\n\t\treturn guest.Spread[%s](c)\n\t}\n", g.looseText(t.(*types.Slice).Elem()))
		g.decoded(t, n, false)
		return
	}
	g.printf("\tswitch c.Tag() {\n\tcase 0:\n\t\treturn v\n\tcase 1:\n\t\tv.Held = c.Handle()\n\t\treturn v\n")
	u := g.loose(t)
	switch {
	case u != nil && g.api.Types[n].Given:
		g.printf("\tcase 3:\n\t\tv.Value = %s\n\t\treturn v\n", g.given(n))
		if types.IsInterface(u) {
			g.printf("\tcase 8:\n\t\tv.Value = guest.InInterface[%s](c)\n\t\treturn v\n", g.spell(u))
		}
		g.printf("\t}\n\tc.BadTag()\n\treturn v\n}\n\n")
	case u != nil && g.makeable(t):
		g.printf("\tcase 2:\n\t\tv.Value = loose%d(c)\n\t\treturn v\n\t}\n\tc.BadTag()\n\treturn v\n}\n\n", n)
		g.printf("func loose%d(c *guest.Call) (v %s) {\n", n, g.spell(u))
		g.decoded(u, n, false)
	default:
		g.printf("\t}\n\tc.BadTag()\n\treturn v\n}\n\n")
	}
}

// inferring writes a function that takes what the host gives for the parameters of another one, and
// infers their types. It returns the expression that makes it.
func (g *generator) inferring(i int, f goFunc, target string) string {
	if f.served != nil || f.sig == nil || g.nameableTuple(f.sig.Params()) {
		return target
	}
	var params, takes, gives, args []string
	body := ""
	infer := func(constraint string) string {
		name := fmt.Sprintf("T%d", len(params))
		params = append(params, name+" "+constraint)
		return name
	}
	for j := range f.sig.Params().Len() {
		t := f.sig.Params().At(j).Type()
		variadic, dots := f.sig.Variadic() && j == f.sig.Params().Len()-1, ""
		if variadic {
			t, dots = types.Unalias(t).(*types.Slice).Elem(), "..."
		}
		arg := fmt.Sprintf("a%d", j)
		switch u := g.loose(t); {
		case g.nameable(t):
			takes, gives, args = append(takes, dots+g.spell(t)), append(gives, arg+" "+dots+g.spell(t)), append(args, arg+dots)
			continue
		case variadic && g.looseList(f.sig.Params().At(j).Type()):
			takes = append(takes, infer("any"))
			body += fmt.Sprintf("\t\tp%d := guest.AsEach[%s](c, a%d)\n", j, takes[j], j)
			gives, args = append(gives, arg+" ..."+g.spelled(t)), append(args, fmt.Sprintf("p%d...", j))
			takes[j] = dots + takes[j]
			continue
		case variadic: // it is left out
			takes = append(takes, dots+infer("any"))
			continue
		case g.looseList(t):
			takes = append(takes, "[]"+infer("any"))
			body += fmt.Sprintf("\t\tp%d := guest.AsEach[%s](c, %s)\n", j, takes[j][2:], arg)
		case kindOf(t) == api.KindAny:
			takes = append(takes, infer("any"))
			body += fmt.Sprintf("\t\tp%d, _ := any(%s).(%s)\n", j, arg, takes[j])
		case u == nil:
			takes = append(takes, infer("any"))
			body += fmt.Sprintf("\t\tp%d := guest.As[%s](c, %s)\n", j, takes[j], arg)
		case types.IsInterface(u):
			takes = append(takes, infer("any"))
			body += fmt.Sprintf("\t\tp%d, own := any(%s.Value).(%s)\n\t\tif !own {\n\t\t\tp%d = guest.As[%s](c, %s)\n\t\t}\n", j, arg, takes[j], j, takes[j], arg)
		default:
			takes = append(takes, infer("~"+g.spell(u)))
			body += fmt.Sprintf("\t\tp%d := %s(%s.Value)\n\t\tif %s.Held != nil {\n\t\t\tp%d = guest.As[%s](c, %s)\n\t\t}\n", j, takes[j], arg, arg, j, takes[j], arg)
		}
		gives, args = append(gives, arg+" "+g.spelled(t)), append(args, fmt.Sprintf("p%d", j))
	}
	results := make([]string, f.sig.Results().Len())
	for j := range results {
		if t := f.sig.Results().At(j).Type(); g.nameable(t) {
			results[j] = g.spell(t)
		} else {
			results[j] = infer("any")
		}
	}
	list, does := strings.Join(results, ", "), "return "
	if len(results) == 0 {
		does = ""
	}
	fmt.Fprintf(&g.late, "func in%d[%s](c *guest.Call, f func(%s) (%s)) func(%s) (%s) {\n\treturn func(%s) (%s) {\n%s\t\t%sf(%s)\n\t}\n}\n\n",
		i, strings.Join(params, ", "), strings.Join(takes, ", "), list, strings.Join(gives, ", "), list, strings.Join(gives, ", "), list, body, does, strings.Join(args, ", "))
	return fmt.Sprintf("in%d(c, %s)", i, target)
}

// unnamedField writes what reads and sets a field of a struct whose type cannot be named.
func (g *generator) unnamedField(f goFunc) {
	g.printf("\tr := guest.Field[%s](c, %q)\n", g.spell(f.value), f.name)
	g.printf("\tif c.Setting() {\n\t\tv := %s\n\t\tc.Ready()\n\t\tr.Set(c, v)\n\t\treturn\n\t}\n", g.decode(f.value))
	g.printf("\tc.Ready()\n\tfor c.Encoding() {\n\tc.Result(0)\n\t%s\n}\n}\n\n", g.encode(f.value, "r.Value()"))
}
