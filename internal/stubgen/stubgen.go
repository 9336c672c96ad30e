// Package stubgen writes Go packages that have the API of another one and load it when they are
// used.
package stubgen

import (
	"fmt"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/goglue/build"
)

// Input is what stubs are generated from.
type Input struct {
	Reading *build.Reading
	Name    string   // what the stub loads: an import path, with a version where one was asked for
	Along   []string // and with it, as [load.Along] takes it
	// Base is the import path of the directory that the stubs of several packages are written to,
	// each below its own import path; "" for one package alone.
	Base string
	// Origin returns the version of a package's module, and its sum, where it has them.
	Origin func(importPath string) (version, sum string)
	// Go is the version of the standard library.
	Go string
}

// Output is a generated package.
type Output struct {
	Path    string            // what the original is imported by
	Package string            // its name
	Files   map[string][]byte // by file name
	Left    []Omission        // what was left out, sorted by name
}

// Omission is an exported name that the stub does not have.
type Omission struct{ Name, Reason string }

func (o Omission) String() string { return o.Name + ": " + o.Reason }

// generator writes the packages of one module.
type generator struct {
	Input
	packages []*source
	locals   map[string]*local // by the spelling of the original's type
	ordered  []*local
	busy     map[types.Type]bool // types of the standard library that are being looked at
	at       *source             // the package that is looked at
	inside   int                 // how deep in such a type: what is inside is not written down
}

// Generate writes the stubs of the packages that were read. What it cannot write faithfully it
// leaves out.
func Generate(in Input) ([]*Output, error) {
	g := &generator{Input: in, locals: map[string]*local{}, busy: map[types.Type]bool{}}
	for _, p := range in.Reading.Packages {
		s, err := read(p, in.Reading)
		if err != nil {
			return nil, err
		}
		if s.version, s.sum = in.Origin(s.pkg.Path()); s.Standard {
			s.version = in.Go
		}
		g.packages = append(g.packages, s)
	}
	g.classify()
	var outputs []*Output
	for _, s := range g.packages {
		out, err := g.generate(s)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, out)
	}
	if in.Base != "" {
		outputs = append(outputs, g.shared())
	}
	return outputs, nil
}

// generate writes one package.
func (g *generator) generate(s *source) (*Output, error) {
	w := newWriter(g, s)
	g.at = s
	exported := 0
	for _, name := range s.pkg.Scope().Names() {
		if !token.IsExported(name) {
			continue
		}
		exported++
		if reason := w.object(s.pkg.Scope().Lookup(name)); reason != "" {
			w.left = append(w.left, Omission{name, reason})
		}
	}
	if exported == 0 {
		return nil, fmt.Errorf("%s has no exported names", s.pkg.Path())
	}
	w.hiddenTypes()
	w.adapters()
	slices.SortFunc(w.left, func(a, b Omission) int { return strings.Compare(a.Name, b.Name) })
	files, err := w.files()
	if err != nil {
		return nil, err
	}
	return &Output{s.pkg.Path(), s.pkg.Name(), files, w.left}, nil
}

// SharedPath is where the stubs of a tree have what they are all loaded as.
const SharedPath = "internal/module"

// shared writes what all packages of a tree share.
func (g *generator) shared() *Output {
	along := ""
	if len(g.Along) > 0 {
		along = ", Along: []string{"
		for i, name := range g.Along {
			if i > 0 {
				along += ", "
			}
			along += fmt.Sprintf("%q", name)
		}
		along += "}"
	}
	text := fmt.Sprintf(`%s

// Package module is what the stubs beside it are loaded as.
package module

import "github.com/loadgo/load/stub"

// Module is shared by all stubs, so that values flow between them.
var Module = stub.Module{Name: %q%s}
`, Header, g.Name, along)
	return &Output{SharedPath, "module", map[string][]byte{"module.go": []byte(text)}, nil}
}

// importPath is what the stub of a package is imported by.
func (g *generator) importPath(original string) string { return path.Join(g.Base, original) }
