package workspace

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/importpath"
)

// Package is what the go command says of a package.
type Package struct {
	ImportPath     string
	Name           string
	Dir            string
	Export         string
	Standard       bool
	GoFiles        []string
	Imports        []string
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

// List compiles the package and everything that the imports of the program need, and returns them
// by import path.
func (w *Workspace) List(ctx context.Context, imports []string) (map[string]*Package, error) {
	listed, err := w.ListDeps(ctx, imports...)
	if err != nil {
		return nil, err
	}
	p := listed[w.ImportPath]
	if p == nil {
		return nil, fmt.Errorf("go list does not know %s", w.ImportPath)
	}
	for _, dep := range listed {
		if err := w.checkIncludes(dep); err != nil {
			return nil, err
		}
	}
	return listed, w.Check(p, listed)
}

// ListDeps compiles packages and everything that they import.
func (w *Workspace) ListDeps(ctx context.Context, importPaths ...string) (map[string]*Package, error) {
	for _, path := range importPaths {
		if err := importpath.Single(path); err != nil {
			return nil, &engine.CompileError{Reason: "it cannot be compiled by its name", Output: err.Error()}
		}
	}
	args := []string{
		"list", "-e", "-export", "-deps", "-trimpath", "-buildvcs=false",
		"-json=ImportPath,Name,Dir,Export,Standard,GoFiles,Imports,SFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,ImportMap,Error,DepsErrors", "--",
	}
	out, err := w.GoCommand(ctx, append(args, importPaths...)...)
	if err != nil {
		return nil, err
	}
	listed := map[string]*Package{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := dec.Decode(&p); err == io.EOF {
			return listed, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		listed[p.ImportPath] = &p
	}
}

// Check finds out why a package cannot be a module.
func (w *Workspace) Check(p *Package, listed map[string]*Package) error {
	if p.Name == "main" {
		return &engine.CompileError{Reason: "it is a program (package main), not a package that can be imported", Fix: "load one of its library packages"}
	}
	if len(p.GoFiles) == 0 {
		switch {
		case usesCgo(p):
			return &engine.CompileError{Reason: "it needs cgo, and modules are built with CGO_ENABLED=0"}
		case len(p.IgnoredGoFiles) > 0:
			return &engine.CompileError{Reason: fmt.Sprintf("its build constraints exclude all Go files for %s/%s", w.GOOS, w.GOARCH)}
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
		if text = w.Clean(text); !seen[text] {
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

// CheckImportable refuses what no other module may import.
func CheckImportable(importPath string) error {
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
	if module, _, _ := strings.Cut(importPath, "/"); importPath == "main" || module == GlueModule {
		return &engine.CompileError{
			Reason: "its import path is " + importPath + ", which no other module can import", Fix: "give its module another path: go mod edit -module=NAME",
		}
	}
	return nil
}

// usesCgo reports whether files of the package were left out because they import "C".
func usesCgo(p *Package) bool {
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
