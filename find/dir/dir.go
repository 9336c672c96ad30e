// Package dir finds modules in directories, in place: nothing is copied, and a change is seen by
// the next load.
//
//	path := find.Path{dir.New("."), dir.New("/srv/plugins")} // of load.Config
//	m, err := l.Load(ctx, "rules/tax")                       // in the one or else the other
package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/manifest"
	"github.com/loadgo/load/internal/regular"
)

// Finder finds modules below one directory. It is safe for concurrent use.
//
// A plain name or an import path is a subdirectory of the root that holds Go files, a file
// init.star, or a single WebAssembly file, or else a Starlark file, with or without its suffix:
// "rules/tax" is rules/tax, or else rules/tax.star; or a WebAssembly file, with its suffix:
// "rules/tax.wasm". Where the root lies in a Go module, the import paths of that module's packages
// are known as well. The finder of the current directory also answers paths: "./rules",
// "/abs/rules/tax.star".
type Finder struct {
	root    string
	text    string
	entries listing
	module  rootModule
	library find.Finder // of the standard library, whose names are not to be taken; nil for any finder but that of [Current]
}

// New returns the finder of a directory. A relative root, and each relative name, is relative to
// the working directory at the time of Find. The directory need not exist yet.
func New(root string) *Finder {
	root = filepath.Clean(root)
	f := &Finder{root: root, text: "directory " + root}
	if root == "." {
		f.text = "directory ./"
	}
	f.entries.dir, f.module.root = root, root
	return f
}

// Current returns the finder of the current directory in a path that goes on with the standard
// library and with what import paths lead to: where a name means a folder or file here and could
// mean one of those as well, the error is a [*find.AmbiguousError]. The module of a go.mod here
// keeps its own import paths, as for the go command.
func Current(library find.Finder) *Finder {
	f := New(".")
	f.library = library
	return f
}

func (f *Finder) String() string { return f.text }

// Invalidate implements [find.Invalidator].
func (f *Finder) Invalidate() {
	f.entries.kept.Store(nil)
	f.module.mu.Lock()
	defer f.module.mu.Unlock()
	f.module.checked = time.Time{}
}

// The answers that cost nothing: a long path asks many directories in vain.
var (
	errNoEntry  = fmt.Errorf("%w: no such directory there", find.ErrNotFound)
	errVersions = fmt.Errorf("%w: a directory has no versions", find.ErrNotFound)
	errGone     = fmt.Errorf("%w: it is gone", find.ErrNotFound)
	errForm     = fmt.Errorf("%w: not the name of a directory", find.ErrNotFound)
)

// cause takes the path and the operation out of an error of the file system.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func notFound(format string, args ...any) error {
	return fmt.Errorf("%w: %s", find.ErrNotFound, fmt.Sprintf(format, args...))
}

// Find implements [find.Finder]. A directory whose go.mod is broken ends the search with a
// [*engine.CompileError].
func (f *Finder) Find(ctx context.Context, name find.Name) (*find.Spec, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var spec *find.Spec
	var err error
	switch {
	case name.Form == find.FormDir && f.root == ".":
		spec, err = describeAny(filepath.FromSlash(name.Target))
	case name.Form != find.FormPath:
		return nil, errForm
	case name.Query != "":
		return nil, errVersions
	default:
		spec, err = f.findPath(name.Target)
		if err == nil && f.library != nil {
			err = f.ambiguous(ctx, name, spec)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(name.Along) > 0 && spec.Source.Go != nil {
		spec.Source.Go.Along = name.Along // an installer completes them
	}
	return spec, nil
}

// ambiguous returns an error where a name could mean something else than what was found here.
func (f *Finder) ambiguous(ctx context.Context, name find.Name, spec *find.Spec) error {
	e := &find.AmbiguousError{Here: spec.Name}
	first, rest, _ := strings.Cut(name.Target, "/")
	own := spec.Source.Go != nil && spec.Source.Go.ImportPath == name.Target
	file := rest == "" && isFile(first) // no host is called so
	if strings.Contains(first, ".") {
		if own || file {
			return nil
		}
		e.Elsewhere = "the import path " + name.Target
		e.Fix = "write ./" + name.Target + " for what is here, or " + name.Target + "@latest for the import path"
		return e
	}
	if _, err := f.library.Find(ctx, find.Name{Target: name.Target, Form: find.FormPath}); err != nil {
		return nil // it is none, or one that nobody can load
	}
	e.Elsewhere = "the standard library's package " + name.Target
	e.Fix = "write ./" + name.Target + " for what is here, or give it another name"
	return e
}

func (f *Finder) findPath(target string) (*find.Spec, error) {
	first, _, _ := strings.Cut(target, "/")
	here, changed, err := f.entries.has(first, target+starlarkSuffix)
	miss := errNoEntry
	switch {
	case errors.Is(err, fs.ErrNotExist):
		miss = errGone
	case err != nil:
		miss = notFound("it cannot be looked into: %v", cause(err))
	}
	if here {
		spec, err := describeAny(filepath.Join(f.root, filepath.FromSlash(target)))
		if err == nil || !errors.Is(err, find.ErrNotFound) {
			return spec, err
		}
		miss = err
	}
	dir, ok := f.module.packageDir(target, changed)
	if !ok {
		return nil, miss
	}
	spec, err := describe(dir)
	spec, err = withLinks(dir, spec, err)
	if err == nil && spec.Source.Go != nil && spec.Source.Go.ImportPath != target {
		return nil, notFound("%s belongs to the module %s", dir, spec.Module)
	}
	return spec, err
}

// realPath is the absolute path of a file or directory without links: what policies decide about is
// what is opened. That of what is not there keeps them.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	return abs, nil
}

// describe makes the spec of the module in a directory.
func describe(dir string) (*find.Spec, error) {
	dir, err := realPath(dir)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || isNotDirectory(err):
		return nil, notFound("there is no directory %s", dir)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, notFound("%s is a file", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	kind, file, reason := detect(regular.DirFS(dir), entries)
	if reason != "" {
		return nil, notFound("%s %s", dir, reason)
	}
	if file != "" {
		return describeSingle(dir, dir, file)
	}
	spec := &find.Spec{
		Name:   dir,
		Why:    "a directory is used as it is",
		Origin: "directory",
		Source: find.Source{Kind: kind, FS: regular.DirFS(dir), Dir: dir, Go: &find.GoSource{}},
	}
	root, err := moduleRoot(dir)
	if err != nil || root == "" {
		return spec, err
	}
	if spec.Module, err = modulePath(root); err != nil {
		return nil, err
	}
	spec.Source.Go.ImportPath = importPath(spec.Module, root, dir)
	return spec, nil
}

// detect tells by the entries of a directory what kind of module it holds, and by which file where
// it is a single one, or why it holds none.
func detect(fsys fs.FS, entries []fs.DirEntry) (kind find.Kind, file, reason string) {
	var tests, script bool
	var wasm, manifests []string
	for _, entry := range entries {
		name := entry.Name()
		script = script || name == starlarkInit
		if entry.IsDir() || name[0] == '_' || name[0] == '.' {
			continue
		}
		if strings.HasSuffix(name, wasmSuffix) {
			wasm = append(wasm, name)
		}
		if manifest.Is(name) {
			manifests = append(manifests, name)
		}
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		if !strings.HasSuffix(name, "_test.go") {
			return find.KindGo, "", ""
		}
		tests = true
	}
	switch {
	case script:
		return find.KindStarlark, starlarkInit, ""
	case len(wasm) > 0:
		switch file, reason = manifest.Among(fsys, manifests); {
		case file != "" || reason != "":
			return find.KindWasm, file, reason
		case len(wasm) == 1:
			return find.KindWasm, wasm[0], ""
		}
		return "", "", fmt.Sprintf("holds no Go files, and %d WebAssembly files: name one of them", len(wasm))
	case tests:
		return "", "", "holds only test files"
	case len(entries) == 0:
		return "", "", "is empty"
	case len(entries) == 1:
		return "", "", "holds no Go files, only " + entries[0].Name()
	}
	return "", "", fmt.Sprintf("holds no Go files, only %s and %d more", entries[0].Name(), len(entries)-1)
}
