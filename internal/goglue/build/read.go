package build

import (
	"context"
	"go/types"
	"path/filepath"
	"slices"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/api"
)

// Reading is what a module would have, read without making it.
type Reading struct {
	Packages  []Package // the module's own first
	describer *describer
	importer  types.Importer
}

// Import returns a package that the module is made of, as the compiler has read it.
func (r *Reading) Import(path string) (*types.Package, error) { return r.importer.Import(path) }

// Package is a package of a module whose symbols the host can use.
type Package struct {
	Prefix   string // what its symbols go by, "" for the module's own package
	Types    *types.Package
	Dir      string
	Files    []string // below Dir
	Standard bool
}

// Read reads the packages of a module; it makes the directory work, where some of their files are.
func (b Builder) Read(ctx context.Context, src find.Source, work string) (*Reading, error) {
	run := b.run(src, work)
	listed, err := run.prepare(ctx)
	if err != nil {
		return nil, err
	}
	made, err := run.parts(ctx, listed)
	if err != nil {
		return nil, err
	}
	r := &Reading{describer: describe(made, nil), importer: made.importer}
	for _, p := range append([]part{made.main}, made.companions...) {
		from := listed[p.pkg.Path()]
		r.Packages = append(r.Packages, Package{Prefix: p.name, Types: p.pkg, Dir: from.Dir, Files: from.GoFiles, Standard: from.Standard})
	}
	return r, nil
}

// Limit says why a symbol of the module cannot be bound, or "".
func (r *Reading) Limit(obj types.Object) string {
	name := r.describer.symbolName(obj)
	j, ok := slices.BinarySearchFunc(r.describer.api.Symbols, name, func(s api.Symbol, name string) int {
		switch {
		case s.Name < name:
			return -1
		case s.Name > name:
			return 1
		}
		return 0
	})
	if !ok {
		return "the module does not have it"
	}
	return r.describer.api.Symbols[j].Limit
}

// Method reports whether the host can call a method of a type of the module.
func (r *Reading) Method(t types.Type, name string) bool {
	n := r.describer.numbers[typeKey(types.Unalias(t))]
	return slices.ContainsFunc(r.describer.api.Types[n].Methods, func(m api.Method) bool { return m.Name == name && m.Func != 0 })
}

// Codec reports whether values of a type cross as their own methods write them.
func (r *Reading) Codec(t types.Type) bool {
	return r.describer.codecOf(types.Unalias(t)) != api.CodecNone
}

// Given reports whether the host can give a value of its own for an interface of the module.
func (r *Reading) Given(t types.Type) bool {
	n := r.describer.numbers[typeKey(types.Unalias(t))]
	return r.describer.api.Types[n].Given
}

// StandardErrors are the errors of a package of the standard library that the host has, too.
func StandardErrors(path string) []string { return standardSentinels[path] }

// Source is the file of a package with that name.
func (p *Package) Source(name string) string { return filepath.Join(p.Dir, name) }
