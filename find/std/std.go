// Package std finds the packages of the Go standard library, as the built-in modules of a loader.
//
//	path := find.Path{std.New(nil)} // of load.Config; package standard has one
//	m, err := l.Load(ctx, "encoding/hex")
package std

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/toolchain"
)

// Finder finds standard packages in a Go toolchain. It is safe for concurrent use.
type Finder struct {
	goroot func() (dir, version string, err error)
}

// New returns the finder of the standard library in the GOROOT that the function names, together
// with its version as in "go1.26.8". It is called for each name that could be a standard package;
// nil means the toolchain that compiles modules. Where it returns an error, packages are still
// found, without their source, as those of the version that it returns, or else of the Go release
// that built the running program.
func New(goroot func() (dir, version string, err error)) *Finder {
	if goroot == nil {
		finder := new(toolchain.Finder)
		goroot = func() (string, string, error) {
			found, err := finder.Find()
			return found.Root, found.Version, err
		}
	}
	return &Finder{goroot: goroot}
}

func (f *Finder) String() string { return "standard library" }

var (
	errForm     = fmt.Errorf("%w: not an import path", find.ErrNotFound)
	errDotted   = fmt.Errorf("%w: standard packages have no dot in their first element", find.ErrNotFound)
	errVersions = fmt.Errorf("%w: its packages have the version of the Go toolchain and no other", find.ErrNotFound)
	errPackage  = fmt.Errorf("%w: no such package", find.ErrNotFound)
)

// Find implements [find.Finder]. A package of the distribution that nobody outside of it can import
// ends the search with a [*engine.CompileError].
func (f *Finder) Find(ctx context.Context, name find.Name) (*find.Spec, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	path := name.Target
	first, _, _ := strings.Cut(path, "/")
	switch {
	case name.Form != find.FormPath:
		return nil, errForm
	case strings.Contains(first, "."):
		return nil, errDotted
	case name.Query != "":
		return nil, errVersions
	case path == "C":
		return nil, refuse("it is the name by which cgo is used, not a package")
	}
	root, version, err := f.goroot()
	if err != nil {
		return withoutToolchain(path, cmp.Or(version, runtime.Version()), name.Along)
	}
	dir := filepath.Join(root, "src", filepath.FromSlash(path))
	here, err := holdsPackage(dir)
	if err != nil {
		return nil, err
	}
	if !here {
		return nil, errPackage
	}
	if reason := forbidden(path); reason != "" {
		return nil, refuse(reason)
	}
	s := spec(path, version, dir)
	return s, addCompanions(s, name.Along, func(path string) (bool, error) {
		return holdsPackage(filepath.Join(root, "src", filepath.FromSlash(path)))
	})
}

func withoutToolchain(path, version string, along []find.Companion) (*find.Spec, error) {
	if !toolchain.Listed(path) {
		return nil, errPackage
	}
	s := spec(path, version, "")
	return s, addCompanions(s, along, func(path string) (bool, error) { return toolchain.Listed(path), nil })
}

// addCompanions adds companions to a spec. With one that is not of the standard library, the spec
// has no hash: an installer completes it.
func addCompanions(s *find.Spec, along []find.Companion, standard func(path string) (bool, error)) error {
	for _, c := range along {
		here, err := standard(c.Path)
		if err != nil {
			return err
		}
		switch {
		case !here:
			s.Source.Hash = ""
		case c.Query != "":
			return &find.VersionError{Module: c.Path, Query: c.Query, Reason: "companion " + c.Path + " has the version of the Go toolchain and no other"}
		case forbidden(c.Path) != "":
			return refuse("companion " + c.Path + ": " + forbidden(c.Path))
		default:
			c.Version = s.Version
		}
		s.Source.Go.Along = append(s.Source.Go.Along, c)
	}
	return nil
}

func spec(path, version, dir string) *find.Spec {
	s := &find.Spec{
		Name:    path,
		Version: version,
		Why:     "the version of the Go toolchain",
		Origin:  "standard library",
		Source: find.Source{
			Kind: find.KindGo,
			Dir:  dir,
			Hash: "go:" + version + "/" + path,
			Go:   &find.GoSource{ImportPath: path},
		},
	}
	if dir != "" {
		s.Source.FS = os.DirFS(dir)
	}
	if language := (toolchain.Toolchain{Version: version}).Language(); language != "" {
		s.Source.Go.GoMod = []byte("go " + language + "\n")
	}
	return s
}

// holdsPackage reports whether the standard library has a package in a directory.
func holdsPackage(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err != nil && !isDir(dir) {
		return false, nil
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !entry.IsDir() {
			return true, nil
		}
	}
	return false, err
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// forbidden says why a package of the distribution cannot be imported by others, or "".
func forbidden(path string) string {
	switch path {
	case "unsafe":
		return "it is part of the compiler and has no functions to call"
	case "builtin":
		return "it documents the language and cannot be imported"
	case "runtime/cgo":
		return "it is the support of cgo, and modules are built with CGO_ENABLED=0"
	}
	for i, element := range strings.Split(path, "/") {
		switch {
		case element == "cmd" && i == 0:
			return "it is part of a command of the Go distribution, not a package"
		case element == "internal":
			return "it is internal to the standard library"
		case element == "vendor":
			return "it is a copy that only the standard library can import"
		case element == "testdata":
			return "it is test data of the standard library"
		}
	}
	return ""
}

func refuse(reason string) error {
	return &engine.CompileError{Reason: reason}
}
