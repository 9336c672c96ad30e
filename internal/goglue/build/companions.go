package build

import (
	"cmp"
	"context"
	"fmt"
	"go/token"
	"go/types"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/build/workspace"
)

// parts are the packages that a module is made of.
type parts struct {
	fset       *token.FileSet
	main       part
	companions []part
	// standard packages that the type arguments of instantiations name, by name.
	standard map[string]*types.Package
	bridging map[string]*types.Package // the packages of bridges that the module can have, by path
	importer types.Importer            // of everything that the module is made of
}

// part is one package of a module whose symbols the host can use.
type part struct {
	name string // what its symbols go by, "" for the module's own package
	pkg  *types.Package
	docs docs
}

// checkCompanions refuses companions that nobody may import.
func (b *build) checkCompanions() error {
	for _, c := range b.Src.Go.Along {
		if err := workspace.CheckImportable(c.Path); err != nil {
			return ofCompanion(c, err)
		}
	}
	return nil
}

// ofCompanion says which companion an error is about.
func ofCompanion(c find.Companion, err error) error {
	if compile, ok := err.(*engine.CompileError); ok {
		return &engine.CompileError{Reason: "companion " + c.Path + ": " + compile.Reason, Output: compile.Output, Fix: compile.Fix}
	}
	return err
}

// imports lists what the main module imports: the package, its companions, and the standard
// packages that type arguments may name.
func (b *build) imports() []string {
	paths := []string{b.ImportPath}
	for _, c := range b.Src.Go.Along {
		paths = append(paths, c.Path)
	}
	return append(paths, b.standard...)
}

// parts reads the types of everything that the module is made of.
func (b *build) parts(ctx context.Context, listed map[string]*workspace.Package) (*parts, error) {
	m := &parts{fset: token.NewFileSet(), standard: map[string]*types.Package{}}
	m.importer = b.Importer(m.fset, listed)
	load := m.importer.Import
	var err error
	if m.main.pkg, err = load(b.ImportPath); err != nil {
		return nil, err
	}
	m.main.docs = b.docs(listed[b.ImportPath])
	for _, path := range b.standard {
		pkg, err := load(path)
		if err != nil {
			return nil, err
		}
		m.standard[pkg.Name()] = pkg
	}
	if err := b.addCompanions(m, listed, load); err != nil {
		return nil, err
	}
	if err := b.addExpression(ctx, m, listed, load); err != nil {
		return nil, err
	}
	return m, b.addBridges(ctx, m, listed, load)
}

func (b *build) addCompanions(m *parts, listed map[string]*workspace.Package, importPackage func(string) (*types.Package, error)) error {
	named := map[string]string{}
	for _, c := range b.Src.Go.Along {
		if err := b.Check(listed[c.Path], listed); err != nil {
			return ofCompanion(c, err)
		}
		pkg, err := importPackage(c.Path)
		if err != nil {
			return err
		}
		name := cmp.Or(c.Alias, pkg.Name())
		if other, twice := named[name]; twice {
			return &engine.CompileError{
				Reason: fmt.Sprintf("two companions are named %s: %s and %s", name, other, c.Path),
				Fix:    "give one of them an alias, as in " + name + "2=" + c.Path,
			}
		}
		named[name] = c.Path
		m.companions = append(m.companions, part{name, pkg, b.docs(listed[c.Path])})
	}
	return nil
}

// packages lists the packages whose symbols the host can use, the module's own first.
func (m *parts) packages() []*types.Package {
	all := []*types.Package{m.main.pkg}
	for _, c := range m.companions {
		all = append(all, c.pkg)
	}
	return all
}

// homes yields the packages whose symbols the host can use, the module's own first.
func (d *describer) homes() iter.Seq[*types.Package] {
	return func(yield func(*types.Package) bool) {
		if !yield(d.pkg) {
			return
		}
		for _, p := range slices.SortedFunc(maps.Keys(d.prefixes), func(a, b *types.Package) int { return strings.Compare(a.Path(), b.Path()) }) {
			if !yield(p) {
				return
			}
		}
	}
}

// home reports whether the host can use the package's symbols.
func (d *describer) home(p *types.Package) bool {
	_, companion := d.prefixes[p]
	return p == d.pkg || companion
}

// homePath reports whether an import path is that of a package whose symbols the host can use.
func (d *describer) homePath(path string) bool {
	for p := range d.homes() {
		if p.Path() == path {
			return true
		}
	}
	return false
}

// symbolName is what an object of a package goes by on the host.
func (d *describer) symbolName(obj types.Object) string {
	if prefix, ok := d.prefixes[obj.Pkg()]; ok {
		return prefix + "." + obj.Name()
	}
	return obj.Name()
}
