// Package build makes a Go package into a program: it describes the package's API, generates the
// code that answers calls, and runs the toolchain on both. Package guest is compiled into the
// program.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/version"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/asked"
	"github.com/loadgo/load/internal/goglue/build/workspace"
	"github.com/loadgo/load/internal/instantiation"
	"github.com/loadgo/load/internal/toolchain"
)

// Names of the files of an artifact.
const (
	ProgramFile = "program" // what runs
	APIFile     = "api"     // what [API.Encode] wrote
)

// Builder makes Go packages into programs that answer calls.
type Builder struct {
	Toolchain toolchain.Toolchain
	GOOS      string
	GOARCH    string
	BuildMode string // of the go command, "" for an ordinary program
	// BuildCache is the go command's build cache; "" is the user's.
	BuildCache string
	// Processors is how many processors the go command and its compilers use; 0 is all of them.
	Processors int
}

// Fingerprint identifies everything besides the source that the output depends on.
func (b Builder) Fingerprint() string {
	return strings.Join([]string{b.Toolchain.Version, b.GOOS, b.GOARCH, b.BuildMode, sourcesSum()}, " ")
}

// sourcesSum identifies the guest runtime; the generator changes along with it or with
// generatorVersion.
var sourcesSum = sync.OnceValue(func() string {
	sum := sha256.Sum256(fmt.Appendf(internal.Listed(internal.GuestSources), "generator %d", generatorVersion))
	return hex.EncodeToString(sum[:8])
})

// generatorVersion is raised with every change of this package that changes what it generates.
const generatorVersion = 53

// build is one run of a Builder.
type build struct {
	*workspace.Workspace
	instances  []instantiation.Name
	candidates map[string][]string // qualifier of a type argument → standard packages that end in it
	standard   []string            // those of them that are meant
}

// run prepares a run of b in the directory work.
func (b Builder) run(src find.Source, work string) *build {
	return &build{
		Workspace: &workspace.Workspace{
			Src: src, Work: work, ImportPath: src.Go.ImportPath,
			Toolchain: b.Toolchain, GOOS: b.GOOS, GOARCH: b.GOARCH, BuildCache: b.BuildCache, Processors: b.Processors,
		},
		candidates: map[string][]string{},
	}
}

// Glue writes the source of the program into the directory work, and returns the API description.
func (b Builder) Glue(ctx context.Context, src find.Source, work string) ([]byte, error) {
	return b.run(src, work).glue(ctx)
}

// Build writes the program and the API description of the package into dir.
func (b Builder) Build(ctx context.Context, src find.Source, dir string) error {
	run := b.run(src, filepath.Join(dir, "work"))
	defer os.RemoveAll(run.Work)
	description, err := run.glue(ctx)
	if err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=" + linkFlags, "-o", filepath.Join(dir, ProgramFile)}
	if b.BuildMode != "" {
		args = append(args, "-buildmode="+b.BuildMode)
	}
	if _, err := run.GoCommand(ctx, append(args, ".")...); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, APIFile), description, 0o600)
}

// linkFlags keep the linker from starting the system's, which object files of a package (.syso)
// would make it do.
const linkFlags = "-s -w -linkmode=internal -libgcc=none"

// glue writes the main module, and returns the API description.
func (b *build) glue(ctx context.Context) ([]byte, error) {
	listed, err := b.prepare(ctx)
	if err != nil {
		return nil, err
	}
	made, err := b.parts(ctx, listed)
	if err != nil {
		return nil, err
	}
	instances, err := b.instantiate(made)
	if err != nil {
		return nil, err
	}
	d := describe(made, instances)
	if d.takesAny() {
		d.api.Asked, d.api.Known = asked.Forms(listed, b.imports()), asked.Known(listed)
	}
	description := d.api.Encode()
	deps := map[string]bool{}
	for path := range listed {
		deps[path] = true
	}
	var further []string
	if b.Zones(b.imports(), listed) {
		further = append(further, workspace.ZonesPackage)
	}
	source, err := generate(d, api.Sum(description), deps, further, b.GOOS == "wasip1") // which is a reactor and not a program
	if err != nil {
		return nil, err
	}
	return description, os.WriteFile(filepath.Join(b.Work, "main.go"), source, 0o600)
}

// Check reports whether the package compiles; it uses the directory dir and leaves nothing there.
func (b Builder) Check(ctx context.Context, src find.Source, dir string) error {
	run := b.run(src, filepath.Join(dir, "work"))
	defer os.RemoveAll(run.Work)
	_, err := run.prepare(ctx)
	return err
}

// oldestGo is the oldest toolchain that compiles the guest runtime.
const oldestGo = "go1.24"

// prepare lays the main module and compiles what it will import.
func (b *build) prepare(ctx context.Context) (map[string]*workspace.Package, error) {
	if t := b.Toolchain; version.IsValid(t.Version) && version.Compare(t.Version, oldestGo) < 0 {
		return nil, &engine.ToolchainError{
			Reason: fmt.Sprintf("the Go toolchain in %s is %s, and modules need %s or newer", t.Root, t.Version, oldestGo),
			Fix:    "install a newer Go from https://go.dev/dl or put it in PATH",
		}
	}
	if err := workspace.CheckImportable(b.Src.Go.ImportPath); err != nil {
		return nil, err
	}
	if err := b.checkCompanions(); err != nil {
		return nil, err
	}
	if err := b.readInstances(); err != nil {
		return nil, err
	}
	if err := b.Lay(); err != nil {
		return nil, err
	}
	return b.List(ctx, b.imports())
}

func (b *build) docs(p *workspace.Package) docs {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		if f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution); err == nil {
			files = append(files, f)
		}
	}
	return readDocs(fset, p.ImportPath, files)
}
