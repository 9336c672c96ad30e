package build

import (
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/structure"
	"github.com/loadgo/load/internal/goglue/build/workspace"
)

// describeNamed lists the types of the module's packages, and of others that its API mentions, that
// values of type any have where the host contains them, too.
func (d *describer) describeNamed() {
	if !d.takesAny() {
		return
	}
	add := func(t types.Type) string {
		named, ok := t.(*types.Named)
		if !ok || named.Obj().Pkg() == nil || named.TypeArgs().Len() > 0 || named.TypeParams().Len() > 0 || !d.nameableItself(named) || !structure.Parted(named, isWhole) {
			return ""
		}
		name := named.Obj().Pkg().Path() + "." + named.Obj().Name()
		if strings.HasPrefix(name, workspace.GlueModule+"/") {
			return ""
		}
		d.api.Named = append(d.api.Named, name)
		return name
	}
	for n, t := range d.types[1:] {
		d.api.Types[1+n].Named = add(t)
	}
	for pkg := range d.homes() {
		for _, name := range pkg.Scope().Names() {
			if obj, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok && !obj.IsAlias() {
				add(obj.Type())
			}
		}
	}
	slices.Sort(d.api.Named)
	d.api.Named = slices.Compact(d.api.Named)
}

func (d *describer) takesAny() bool {
	return slices.ContainsFunc(d.api.Types, func(t api.Type) bool { return t.Kind == api.KindAny })
}

// isWhole reports whether a type crosses as what it is, whatever it is made of.
func isWhole(t types.Type) bool {
	switch kindOf(t) {
	case api.KindTime, api.KindDuration, api.KindPlace, api.KindAny:
		return true
	}
	return false
}

// namedTypes writes the types that the host names in values of type any.
func (g *generator) namedTypes() {
	if g.imports[workspace.GuestAnyPath] == "" {
		return
	}
	names := slices.AppendSeq(slices.Collect(maps.Values(api.TextTypes)), maps.Values(api.StandardTypes))
	names = slices.AppendSeq(names, maps.Keys(api.StandardNames))
	slices.Sort(names)
	g.printf("\t\tNamed: func(name string) any {\n\t\t\tswitch name {\n")
	write := func(name, known string) {
		path, typ := name[:strings.LastIndexByte(name, '.')], name[strings.LastIndexByte(name, '.')+1:]
		if g.deps[path] || g.homePath(path) {
			g.printf("\t\t\tcase %q:\n\t\t\t\treturn new(%s.%s)\n", known, g.use(path), typ)
		}
	}
	for _, name := range names {
		write(name, name)
	}
	for _, name := range g.api.Named {
		write(name, api.OwnName(name))
	}
	standing, _ := g.api.Standing()
	for _, n := range standing {
		g.printf("\t\t\tcase %q:\n\t\t\t\treturn new(%s)\n", api.StandingName(n), g.spell(g.types[n]))
	}
	g.printf("\t\t\t}\n\t\t\treturn nil\n\t\t},\n")
}
