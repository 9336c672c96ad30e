// Package build makes a Go package into a program: it describes the package's API, generates the
// code that answers calls, and runs the toolchain on both. Package guest is compiled into the
// program.
package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/version"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal"
	"github.com/loadgo/load/internal/goglue/api"
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

// wasm reports whether what is built is a reactor and not a program.
func (b Builder) wasm() bool { return b.GOOS == "wasip1" }

// Fingerprint identifies everything besides the source that the output depends on.
func (b Builder) Fingerprint() string {
	return strings.Join([]string{b.Toolchain.Version, b.GOOS, b.GOARCH, b.BuildMode, sourcesSum}, " ")
}

// sourcesSum identifies the guest runtime; the generator changes along with it or with
// generatorVersion.
var sourcesSum = func() string {
	sum := sha256.New()
	fmt.Fprintln(sum, "generator", generatorVersion)
	_ = fs.WalkDir(internal.GuestSources, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, _ := internal.GuestSources.ReadFile(name)
			fmt.Fprintln(sum, name, len(data))
			sum.Write(data)
		}
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)[:8])
}()

// generatorVersion is raised with every change of this package that changes what it generates.
const generatorVersion = 27

// build is one run of a Builder.
type build struct {
	Builder
	src        find.Source
	work       string // the main module
	importPath string // of the package, as the main module imports it

	instances  []instantiation.Name
	candidates map[string][]string // qualifier of a type argument → standard packages that end in it
	standard   []string            // those of them that are meant
}

// run prepares a run of b in the directory work.
func (b Builder) run(src find.Source, work string) *build {
	return &build{Builder: b, src: src, work: work, importPath: src.Go.ImportPath, candidates: map[string][]string{}}
}

// Glue writes the source of the program into the directory work, and returns the API description.
func (b Builder) Glue(ctx context.Context, src find.Source, work string) ([]byte, error) {
	return b.run(src, work).glue(ctx)
}

// Build writes the program and the API description of the package into dir.
func (b Builder) Build(ctx context.Context, src find.Source, dir string) error {
	run := b.run(src, filepath.Join(dir, "work"))
	defer os.RemoveAll(run.work)
	description, err := run.glue(ctx)
	if err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=" + linkFlags, "-o", filepath.Join(dir, ProgramFile)}
	if b.BuildMode != "" {
		args = append(args, "-buildmode="+b.BuildMode)
	}
	if _, err := run.goCommand(ctx, append(args, ".")...); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, APIFile), description, 0o600)
}

// linkFlags keep the linker from starting the system's, which object files of a package (.syso)
// would
// make it do.
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
	description := d.api.Encode()
	deps := map[string]bool{}
	for path := range listed {
		deps[path] = true
	}
	var further []string
	if b.zones(listed) {
		further = append(further, zonesPackage)
	}
	source, err := generate(d, api.Sum(description), deps, further, b.wasm())
	if err != nil {
		return nil, err
	}
	return description, os.WriteFile(filepath.Join(b.work, "main.go"), source, 0o600)
}

// Check reports whether the package compiles; it uses the directory dir and leaves nothing there.
func (b Builder) Check(ctx context.Context, src find.Source, dir string) error {
	run := b.run(src, filepath.Join(dir, "work"))
	defer os.RemoveAll(run.work)
	_, err := run.prepare(ctx)
	return err
}

// oldestGo is the oldest toolchain that compiles the guest runtime.
const oldestGo = "go1.24"

// prepare lays the main module and compiles what it will import.
func (b *build) prepare(ctx context.Context) (map[string]*listedPackage, error) {
	if t := b.Toolchain; version.IsValid(t.Version) && version.Compare(t.Version, oldestGo) < 0 {
		return nil, &engine.ToolchainError{
			Reason: fmt.Sprintf("the Go toolchain in %s is %s, and modules need %s or newer", t.Root, t.Version, oldestGo),
			Fix:    "install a newer Go from https://go.dev/dl or put it in PATH",
		}
	}
	if err := checkImportable(b.src.Go.ImportPath); err != nil {
		return nil, err
	}
	if err := b.checkCompanions(); err != nil {
		return nil, err
	}
	if err := b.readInstances(); err != nil {
		return nil, err
	}
	if err := b.lay(); err != nil {
		return nil, err
	}
	return b.list(ctx)
}

// checkImportable refuses what no other module may import.
func checkImportable(importPath string) error {
	for elem := range strings.SplitSeq(importPath, "/") {
		parent, _, _ := strings.Cut("/"+importPath+"/", "/"+elem+"/")
		parent = strings.Trim(parent, "/")
		switch elem {
		case "internal":
			return &engine.CompileError{
				Reason: "it is an internal package: only code below " + parent + " can import it",
				Fix:    "load a package of the module that is not internal",
			}
		case "vendor":
			return &engine.CompileError{
				Reason: "it lies in a vendor directory: only code below " + parent + " can import it, as " + strings.TrimPrefix(importPath, parent+"/vendor/"),
				Fix:    "load it by that path, or load a package of the module around it",
			}
		}
	}
	if module, _, _ := strings.Cut(importPath, "/"); importPath == "main" || module == glueModule {
		return &engine.CompileError{
			Reason: "its import path is " + importPath + ", which no other module can import", Fix: "give its module another path: go mod edit -module=NAME",
		}
	}
	return nil
}

// listedPackage is what the go command says of a package.
type listedPackage struct {
	ImportPath     string
	Name           string
	Dir            string
	Export         string
	Standard       bool
	GoFiles        []string
	SFiles         []string
	IgnoredGoFiles []string
	TestGoFiles    []string
	XTestGoFiles   []string
	ImportMap      map[string]string
	Error          *listedError
	DepsErrors     []*listedError
}

type listedError struct {
	ImportStack []string
	Pos         string
	Err         string
}

// list compiles the package and everything that it and the runtime import, and returns the package
// and
// what it imports, by import path.
func (b *build) list(ctx context.Context) (map[string]*listedPackage, error) {
	listed, err := b.listDeps(ctx, b.imports()...)
	if err != nil {
		return nil, err
	}
	p := listed[b.importPath]
	if p == nil {
		return nil, fmt.Errorf("go list does not know %s", b.importPath)
	}
	for _, dep := range listed {
		if err := b.checkIncludes(dep); err != nil {
			return nil, err
		}
	}
	return listed, b.check(p, listed)
}

// listDeps compiles packages and everything that they import.
func (b *build) listDeps(ctx context.Context, importPaths ...string) (map[string]*listedPackage, error) {
	args := []string{
		"list", "-e", "-export", "-deps", "-trimpath", "-buildvcs=false",
		"-json=ImportPath,Name,Dir,Export,Standard,GoFiles,SFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,ImportMap,Error,DepsErrors", "--",
	}
	out, err := b.goCommand(ctx, append(args, importPaths...)...)
	if err != nil {
		return nil, err
	}
	listed := map[string]*listedPackage{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := dec.Decode(&p); err == io.EOF {
			return listed, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		listed[p.ImportPath] = &p
	}
}

// check finds out why a package cannot be a module.
func (b *build) check(p *listedPackage, listed map[string]*listedPackage) error {
	if p.Name == "main" {
		return &engine.CompileError{Reason: "it is a program (package main), not a package that can be imported", Fix: "load one of its library packages"}
	}
	if len(p.GoFiles) == 0 {
		switch {
		case usesCgo(p):
			return &engine.CompileError{Reason: "it needs cgo, and modules are built with CGO_ENABLED=0"}
		case len(p.IgnoredGoFiles) > 0:
			return &engine.CompileError{Reason: fmt.Sprintf("its build constraints exclude all Go files for %s/%s", b.GOOS, b.GOARCH)}
		case len(p.TestGoFiles)+len(p.XTestGoFiles) > 0:
			return &engine.CompileError{Reason: "it has only test files"}
		}
	}
	var output []string
	seen := map[string]bool{}
	add := func(e *listedError) {
		if e == nil {
			return
		}
		text := e.Err
		if e.Pos != "" && !strings.Contains(text, e.Pos) {
			text = e.Pos + ": " + text
		}
		if text = b.clean(text); !seen[text] {
			seen[text] = true
			output = append(output, text)
		}
	}
	for _, dep := range listed {
		if dep != p {
			add(dep.Error)
		}
	}
	add(p.Error)
	if len(output) == 0 && p.Export == "" {
		for _, e := range p.DepsErrors {
			add(e)
		}
	}
	if len(output) > 0 || p.Export == "" {
		reason := "it does not compile"
		if usesCgo(p) {
			reason = "it does not compile without cgo, and modules are built with CGO_ENABLED=0"
		}
		return &engine.CompileError{Reason: reason, Output: strings.Join(output, "\n")}
	}
	return nil
}

// usesCgo reports whether files of the package were left out because they import "C".
func usesCgo(p *listedPackage) bool {
	for _, name := range p.IgnoredGoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ImportsOnly)
		if err != nil {
			continue
		}
		for _, spec := range f.Imports {
			if spec.Path.Value == `"C"` {
				return true
			}
		}
	}
	return false
}

func (b *build) docs(p *listedPackage) docs {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		if f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution); err == nil {
			files = append(files, f)
		}
	}
	return readDocs(fset, p.ImportPath, files)
}
