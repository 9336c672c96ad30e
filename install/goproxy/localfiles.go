package goproxy

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install/goproxy/internal/gomod"
	"github.com/loadgo/load/internal/importgraph"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/regular"
)

// localFiles are the files that a build reads of local modules, by the modules' directories.
type localFiles map[string][]find.LocalFile

// localPackages lists what a build reads of local modules, a line with a sum for each file: the
// given packages and those that they import from the main module and from directories that replace
// others. Engines compile for different targets: the files of all targets count. seen holds all
// import paths that were met.
func (r *request) localPackages(ctx context.Context, start []string) (sums string, seen map[string]bool, err error) {
	r.local, r.files, r.localSize = nil, nil, 0
	modules := r.main.LocalModules()
	seen = make(map[string]bool)
	for _, path := range start {
		seen[path] = true
	}
	var out strings.Builder
	for queue := start; len(queue) > 0; queue = queue[1:] {
		for _, at := range findLocal(modules, queue[0]) {
			files, err := r.localPackage(ctx, queue[0], at.root, at.dir)
			if err != nil {
				return "", nil, err
			}
			fmt.Fprintf(&out, "package %s\n%s", queue[0], files)
			pkg, err := r.everyFile(at.dir)
			if err != nil {
				return "", nil, err
			}
			for _, imp := range pkg.Imports {
				if !seen[imp] {
					seen[imp] = true
					queue = append(queue, imp)
				}
			}
		}
	}
	return out.String(), seen, nil
}

// localPackage lists the files of one package, with their sums, and notes them as parts of the
// build.
func (r *request) localPackage(ctx context.Context, importPath, root, dir string) (sums string, err error) {
	pkg, err := r.everyFile(dir)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return "", err
	}
	files, err := r.packageFiles(ctx, root, filepath.ToSlash(rel), pkg)
	if err != nil {
		return "", err
	}
	if r.files == nil {
		r.files = make(localFiles)
	}
	r.files[root] = append(r.files[root], files...)
	var out strings.Builder
	for _, file := range files {
		fmt.Fprintf(&out, "%s %s\n", file.Sum, file.Name)
	}
	return out.String(), r.addParts(importPath, root, files)
}

func (r *request) everyFile(dir string) (*importgraph.Package, error) {
	return r.every.do(dir, func() (*importgraph.Package, error) { return importgraph.All().Scan(dir) })
}

// placed is a package's directory in a local module.
type placed struct{ root, dir string }

// findLocal returns where local modules hold a package; two can where versions of one module are
// replaced. Longer module paths go first.
func findLocal(modules []gomod.LocalModule, pkg string) (places []placed) {
	for prefix := pkg; prefix != "." && prefix != "/" && len(places) == 0; prefix = path.Dir(prefix) {
		for _, m := range modules {
			if m.Path != prefix {
				continue
			}
			p, err := inModule(module.Version{Path: prefix}, &sourceTree{dir: m.Dir, local: true}, pkg)
			if err == nil && p.dir != "" {
				places = append(places, placed{m.Dir, p.dir})
			}
		}
	}
	return places
}

// packageFiles lists the files that a build reads of one package, with their sums. They are read
// through an [os.Root], so that no link leads out of the module.
func (r *request) packageFiles(ctx context.Context, root, dir string, pkg *importgraph.Package) ([]find.LocalFile, error) {
	at, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer at.Close()
	var names []string
	for _, name := range pkg.Files {
		names = append(names, path.Join(dir, name))
	}
	embeds, err := importgraph.Embedded(ctx, at.FS(), dir, pkg.Embeds)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, &engine.CompileError{Reason: fmt.Sprintf("//go:embed cannot be followed: %v", err), Fix: "embed files of the module alone"}
	}
	var files []find.LocalFile
	for _, name := range append(names, embeds...) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		sum, err := r.fileSum(at, name)
		if err != nil {
			return nil, err
		}
		files = append(files, find.LocalFile{Name: name, Sum: sum})
	}
	return files, nil
}

// How many bytes the files of local packages have together at most, and how many each counts for at
// least: all of them are summed, and are in memory when they are copied for a build. A sparse file
// of any size costs who makes it nothing.
const (
	maxLocal   = 1 << 30
	leastLocal = 1 << 10
)

func (r *request) fileSum(root *os.Root, name string) (string, error) {
	f, err := regular.OpenIn(root, filepath.FromSlash(name))
	if err != nil {
		if link, target := outward(root, name); link != "" && !errors.Is(err, fs.ErrNotExist) {
			return "", &engine.CompileError{Reason: fmt.Sprintf("%s is a link out of the module, to %s", link, target), Fix: "put what it leads to there itself"}
		}
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if r.localSize += max(min(info.Size(), maxLocal+1), leastLocal); r.localSize > maxLocal {
		return "", &engine.CompileError{
			Reason: fmt.Sprintf("with %s, its files are larger than %s together, of which each counts for %s at least", name, quantity.Size(maxLocal), quantity.Size(leastLocal)),
			Fix:    "embed less, and read large files when it runs",
		}
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, info.Size())); err != nil { // one that grows has changed when it is compiled
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// outward returns the first link on the way to a file that leads out of a directory, and where to.
func outward(root *os.Root, name string) (link, target string) {
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' {
			continue
		}
		link = name[:i]
		if target, err := root.Readlink(filepath.FromSlash(link)); err == nil {
			if _, err := root.Stat(filepath.FromSlash(link)); err != nil {
				return link, target
			}
		}
	}
	return "", ""
}

// localModules is what the build copies: the directories that its go.mod leads to, or the loose
// directory.
func (r *request) localModules() []find.LocalModule {
	var list []find.LocalModule
	if r.main == nil {
		for dir, files := range r.files {
			list = append(list, find.LocalModule{Dir: dir, Files: files})
		}
		return list
	}
	dirs := r.main.LocalDirs()
	for _, dir := range dirs {
		if text := r.main.LocalGoMod(dir); text != nil {
			list = append(list, find.LocalModule{At: gomod.Copied(dirs, dir), Dir: dir, GoMod: text, Files: r.files[dir]})
		}
	}
	return list
}
