package stubgen

import (
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/goglue/build"
)

// Mentioned lists the packages, by import path, that the API of the packages that were read
// mentions types of, and that of those in turn, and that were not read: those of the standard
// library are not among them.
func Mentioned(r *build.Reading) ([]string, error) {
	m := mentions{found: map[string]bool{}, seen: map[types.Type]bool{}}
	known := map[string]bool{}
	for _, p := range r.Packages {
		known[p.Types.Path()] = true
		m.api(p.Types)
	}
	var further []string
	for {
		fresh := slices.DeleteFunc(slices.Sorted(maps.Keys(m.found)), func(path string) bool { return known[path] })
		if len(fresh) == 0 {
			return further, nil
		}
		further = append(further, fresh...)
		for _, path := range fresh {
			known[path] = true
			pkg, err := r.Import(path)
			if err != nil {
				return nil, err
			}
			m.api(pkg)
		}
	}
}

// mentions walks types.
type mentions struct {
	found map[string]bool
	seen  map[types.Type]bool
}

// api looks at what a package exports.
func (m *mentions) api(pkg *types.Package) {
	for _, name := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(name); obj.Exported() {
			m.look(obj.Type())
			if named, ok := obj.Type().(*types.Named); ok {
				m.named(named)
			}
		}
	}
}

// named looks at what is exported of a type.
func (m *mentions) named(t *types.Named) {
	for sel := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		if sel.Obj().Exported() {
			m.look(sel.Type())
		}
	}
	m.look(t.Underlying())
}

func (m *mentions) look(t types.Type) {
	if t == nil || m.seen[t] {
		return
	}
	m.seen[t] = true
	switch t := t.(type) {
	case *types.Alias:
		m.look(types.Unalias(t))
	case *types.Named:
		pkg := t.Obj().Pkg()
		if pkg == nil || isStandard(pkg.Path()) {
			return
		}
		if t.Obj().Exported() && !strings.Contains("/"+pkg.Path()+"/", "/internal/") {
			m.found[pkg.Path()] = true
		}
	case *types.Signature:
		for v := range t.Params().Variables() {
			m.look(v.Type())
		}
		for v := range t.Results().Variables() {
			m.look(v.Type())
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() {
				m.look(f.Type())
			}
		}
	case *types.Interface:
		for f := range t.Methods() {
			if f.Exported() {
				m.look(f.Type())
			}
		}
	case *types.Map:
		m.look(t.Key())
		m.look(t.Elem())
	case interface{ Elem() types.Type }:
		m.look(t.Elem())
	}
}
