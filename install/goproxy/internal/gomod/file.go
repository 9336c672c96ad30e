package gomod

import (
	"bytes"
	"go/version"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/loadgo/load/install"
)

// File is what counts of a dependency's go.mod file. It holds nothing else of it: the syntax takes
// some twenty times as much as the file.
type File struct {
	Path      string // the module path that it declares
	GoVersion string // "1.21", "" where it says nothing
	Require   []module.Version
	Legacy    bool // the registry made it up: the version has none

	Deprecated string // why the module is, "" where it is not
	Retract    Retractions
}

// Pruned reports whether the module lists all that its packages need, so that what its requirements
// require does not count (Go Modules Reference, "Module graph pruning").
func (f *File) Pruned() bool { return version.Compare("go"+f.GoVersion, "go1.17") >= 0 }

// Parse reads the go.mod file of a dependency. Statements that only count in a main module, or that
// are not known yet, are ignored.
func Parse(path string, data []byte) (*File, error) {
	parsed, err := modfile.ParseLax("go.mod", data, nil)
	if err != nil {
		return nil, badGoMod(err.Error())
	}
	if parsed.Module == nil || parsed.Module.Mod.Path == "" {
		return nil, badGoMod("it has no module line")
	}
	f := &File{
		Path:       parsed.Module.Mod.Path,
		Legacy:     bytes.Equal(data, []byte("module "+modfile.AutoQuote(path)+"\n")),
		Deprecated: parsed.Module.Deprecated,
		Retract:    newRetractions(parsed.Retract),
	}
	if parsed.Go != nil {
		f.GoVersion = parsed.Go.Version
	}
	for _, r := range parsed.Require {
		f.Require = append(f.Require, r.Mod)
	}
	return f, nil
}

func badGoMod(reason string) error {
	first, _, _ := strings.Cut(reason, "\n")
	return &install.RegistryError{Reason: "its go.mod is refused: " + first, Fix: "try another version"}
}
