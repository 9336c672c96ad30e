// Package importgraph reads what a Go package imports and what files building it reads, for one
// build target, by the rules of the go command: file names, build constraints, no tests, no cgo.
package importgraph

import (
	"context"
	"errors"
	"go/build"
	"go/version"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/internal/regular"
)

// Scanner reads packages for one build target. It is safe for concurrent use.
type Scanner struct {
	context build.Context
}

// New returns a scanner for a target, as in "linux", "amd64", and a toolchain's version, as in
// "go1.26.8", which decides about constraints like "//go:build go1.25".
func New(goos, goarch, goversion string) *Scanner {
	c := build.Context{
		GOOS:        goos,
		GOARCH:      goarch,
		Compiler:    "gc",
		ReleaseTags: releaseTags(goversion),
	}
	if goversion == runtime.Version() && goos == runtime.GOOS && goarch == runtime.GOARCH {
		c.ToolTags = slices.Clone(build.Default.ToolTags)
	}
	return &Scanner{context: c}
}

// All returns a scanner that reads all files of a package, whatever their names, constraints and
// need of cgo: those that a build for any target reads are among them.
func All() *Scanner { return &Scanner{context: build.Context{UseAllFiles: true, Compiler: "gc"}} }

// releaseTags lists go1.1 to the toolchain's own release.
func releaseTags(goversion string) []string {
	minor, err := strconv.Atoi(strings.TrimPrefix(version.Lang(goversion), "go1."))
	if err != nil {
		return slices.Clone(build.Default.ReleaseTags)
	}
	tags := make([]string, minor)
	for i := range tags {
		tags[i] = "go1." + strconv.Itoa(i+1)
	}
	return tags
}

// Package is what building one package reads.
type Package struct {
	Name    string   // the package's name, "" where no file is built for the target
	Imports []string // import paths, sorted; without "C" and "unsafe"
	Files   []string // names of the source files in the directory, sorted
	Embeds  []string // patterns of //go:embed, sorted
}

// Scan reads the package in a directory. A directory without a Go file for the target is a package
// without a name. Files that cannot be parsed are left to the compiler, which explains them better;
// what could be read of them counts.
func (s *Scanner) Scan(dir string) (*Package, error) {
	c := s.context
	c.ReadDir = readSources
	files := bounded{left: maxPackage}
	c.OpenFile = files.open
	p, err := c.ImportDir(dir, 0)
	if files.err != nil {
		return nil, files.err
	}
	var unreadable *fs.PathError
	if errors.As(err, &unreadable) {
		return nil, err
	}
	pkg := &Package{Name: p.Name, Embeds: slices.Clone(p.EmbedPatterns)}
	for _, imp := range p.Imports {
		if imp != "C" && imp != "unsafe" {
			pkg.Imports = append(pkg.Imports, imp)
		}
	}
	for _, files := range [][]string{p.GoFiles, p.InvalidGoFiles, p.SFiles, p.HFiles, p.SysoFiles} {
		pkg.Files = append(pkg.Files, files...)
	}
	if c.UseAllFiles { // what is left out even then needs cgo
		pkg.Files = append(pkg.Files, p.IgnoredGoFiles...)
	}
	slices.Sort(pkg.Imports)
	slices.Sort(pkg.Files)
	pkg.Files = slices.DeleteFunc(slices.Compact(pkg.Files), func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	return pkg, nil
}

// sourceSuffixes are those of the files that a scan opens.
var sourceSuffixes = strings.Fields(".go .s .S .sx .h .hh .hpp .hxx .c .cc .cpp .cxx .m .f .F .for .f90 .swig .swigcxx .syso")

// readSources lists a directory. A pipe or device in the place of a source file is an error:
// opening it would wait.
func readSources(dir string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	infos := make([]fs.FileInfo, 0, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went meanwhile
		}
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
		if info.Mode().IsRegular() || info.IsDir() || strings.IndexAny(e.Name(), "._") == 0 || !slices.Contains(sourceSuffixes, filepath.Ext(e.Name())) {
			continue
		}
		file := filepath.Join(dir, e.Name())
		if led, err := os.Stat(file); err == nil && !led.Mode().IsRegular() && !led.IsDir() {
			return nil, &fs.PathError{Op: "open", Path: file, Err: regular.Err}
		}
	}
	return infos, nil
}

// HasGoFiles reports whether a directory holds a Go file of any kind, which makes it a package for
// the go command's search of the module that provides an import.
func HasGoFiles(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		if e.Type().IsRegular() {
			return true
		}
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// Embedded lists the files that //go:embed patterns of a package in fsys name, sorted; dir is the
// package's directory in fsys. Links and other irregular files are left out, as the go command
// refuses them. Patterns and files can be many: what several patterns name is gone through once, and
// the end of the context ends it.
func Embedded(ctx context.Context, fsys fs.FS, dir string, patterns []string) ([]string, error) {
	found := make(map[string]bool)
	type walk struct {
		from string
		all  bool
	}
	walked := make(map[walk]bool)
	for _, pattern := range patterns {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		glob, all := strings.CutPrefix(pattern, "all:")
		matches, err := fs.Glob(fsys, path.Join(escapeGlob(dir), glob))
		if err != nil {
			return nil, err
		}
		for _, match := range matches {
			if walked[walk{match, all}] {
				continue
			}
			walked[walk{match, all}] = true
			info, err := fs.Lstat(fsys, match)
			if err != nil {
				return nil, err
			}
			if !info.IsDir() && !info.Mode().IsRegular() {
				continue
			}
			err = fs.WalkDir(fsys, match, func(name string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				hidden := strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")
				switch {
				case hidden && !all && name != match && d.IsDir():
					return fs.SkipDir
				case d.Type().IsRegular() && (all || !hidden || name == match):
					found[name] = true
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// escapeGlob makes a pattern that matches dir and nothing else.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
