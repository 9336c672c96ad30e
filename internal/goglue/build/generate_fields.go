package build

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/structure"
)

// fields writes what sets and returns the exported fields of structs that stay in the module. The
// host's types have them where they were generated for the module's.
func (g *generator) fields() {
	var cases strings.Builder
	for _, s := range g.api.Symbols {
		named, ok := g.types[s.Type].(*types.Named)
		if s.Kind != engine.KindType || s.Type == 0 || !ok || !g.nameable(named) {
			continue
		}
		u, ok := named.Underlying().(*types.Struct)
		if !ok || !g.stays(named, map[types.Type]bool{}) || len(g.api.Types[s.Type].Fields) == 0 || g.needs[fmt.Sprintf("fields%d", s.Type)] {
			continue
		}
		g.needs[fmt.Sprintf("fields%d", s.Type)] = true
		spelled := g.spell(named)
		fmt.Fprintf(&cases, "\tcase *%s:\n\t\tfields%d(c, p)\n\tcase %s:\n\t\tfields%d(c, &p)\n", spelled, s.Type, spelled, s.Type)
		g.fieldsOf(u, s.Type, spelled)
	}
	if cases.Len() > 0 {
		g.needs["fields"] = true
		g.printf("func fields(c *guest.Call, typ uint64, p any) {\n\tswitch p := p.(type) {\n%s\tdefault:\n\t\tc.BadTag()\n\t}\n}\n\n", cases.String())
	}
}

// stays reports whether the host's type for a struct may have its values in the module: something in
// it cannot be copied.
func (g *generator) stays(t types.Type, seen map[types.Type]bool) bool {
	if g.class(t) != api.Both || seen[t] {
		return g.class(t) == api.Held
	}
	seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for f := range u.Fields() {
			if g.stays(structure.Element(g.fieldType(f)), seen) {
				return true
			}
		}
	case *types.Pointer:
		return g.stays(structure.Element(u.Elem()), seen)
	}
	return false
}

func (g *generator) fieldsOf(u *types.Struct, n int, spelled string) {
	var set, get strings.Builder
	index := -1
	for f := range u.Fields() {
		if !f.Exported() {
			continue
		}
		index++
		t := g.fieldType(f)
		if !g.nameable(t) {
			continue
		}
		field, show, shown := "p."+f.Name(), "", ""
		if api.Told(kindOf(t), g.class(t)) {
			show = fmt.Sprintf("c.Show(%d, %s)\n", index, field)
			shown = fmt.Sprintf("if c.Shown(%d, %s) {\n\t\t\t\tcontinue\n\t\t\t}\n", index, field)
		}
		fmt.Fprintf(&set, "\t\tcase %d:\n\t\t\t%s = %s\n\t\t\t%s", index, field, g.decode(t), show)
		fmt.Fprintf(&get, "\t\tcase %d:\n\t\t\t%s%s\n", index, shown, g.encode(t, field))
	}
	g.printf("func fields%d(c *guest.Call, p *%s) {\n\tfor n := c.In.Uint(); n > 0 && c.In.Err() == nil; n-- {\n\t\tswitch c.In.Uint() {\n%s\t\tdefault:\n\t\t\tc.BadTag()\n\t\t}\n\t}\n", n, spelled, set.String())
	g.printf("\tfor j, field := range c.Wanted() {\n\t\tc.Result(j)\n\t\tswitch field {\n%s\t\t}\n\t}\n}\n\n", get.String())
}
