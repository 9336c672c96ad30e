package workspace

import (
	"fmt"
	"go/token"
	"go/types"
	"io"
	"os"

	"golang.org/x/tools/go/gcexportdata"

	"github.com/loadgo/load/engine"
)

// exported reads packages' types from what the compiler exported. Package go/importer knows the
// compiler that built this program; this one knows newer ones, too.
type exported struct {
	fset      *token.FileSet
	listed    map[string]*Package
	packages  map[string]*types.Package // read, or mentioned by what was read
	toolchain string                    // the release of the compiler, for messages
}

func (w *Workspace) Importer(fset *token.FileSet, listed map[string]*Package) types.Importer {
	return &exported{fset: fset, listed: listed, packages: map[string]*types.Package{}, toolchain: w.Toolchain.Version}
}

// Import implements [types.Importer].
func (e *exported) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if pkg := e.packages[path]; pkg != nil && pkg.Complete() {
		return pkg, nil
	}
	listed := e.listed[path]
	if listed == nil || listed.Export == "" {
		return nil, fmt.Errorf("the compiler exported nothing for %s", path)
	}
	f, err := os.Open(listed.Export)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	pkg, err := e.read(f, path)
	if err != nil {
		return nil, &engine.ToolchainError{
			Reason: fmt.Sprintf("what the compiler of %s tells of %s cannot be read: %v", e.toolchain, path, err),
			Fix:    "build this program with " + e.toolchain + " or newer and the newest version of load, or set Config.Toolchain, or LOAD_TOOLCHAIN, to an older release",
			Err:    err,
		}
	}
	return pkg, nil
}

func (e *exported) read(f io.Reader, path string) (*types.Package, error) {
	//lint:ignore SA1019 it reads the archives that Go 1.28 and older export, and what is to come
	r, err := gcexportdata.NewReader(f)
	if err != nil {
		return nil, err
	}
	return gcexportdata.Read(r, e.fset, e.packages, path)
}
