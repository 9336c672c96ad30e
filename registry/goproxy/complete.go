package goproxy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/importgraph"
	"github.com/loadgo/load/store"
)

// Complete brings what the package in a local directory imports into the store, and fills in what a build
// needs. It implements [load.Completer]. In a module, go.mod and go.sum decide, as for the go command. A
// directory without go.mod gets installed versions of what it imports, else the latest, and keeps them. What
// was completed once needs no network again, and a package that imports the standard library alone never does.
//
// Companions are brought too, for a package in a directory, one of the standard library, and an installed one.
func (in *Installer) Complete(ctx context.Context, spec *load.Spec, s *store.Store) (*load.Spec, error) {
	if spec.Source.Kind != load.KindGo || spec.Source.Hash != "" {
		return spec, nil
	}
	r := in.newRequest(ctx, s)
	defer r.close()
	standard := spec.Module == "" && spec.Version != "" && r.standard(spec.Name)
	if spec.Source.Dir == "" && !standard { // without a toolchain, the source of a standard package is not here
		return spec, nil
	}
	var asked []load.Companion
	if spec.Source.Go != nil {
		asked = spec.Source.Go.Along
	}
	if spec.Version != "" && spec.Module != "" && strings.HasPrefix(spec.Source.Dir, s.ModDir()+string(filepath.Separator)) {
		return in.Install(ctx, &load.Release{
			Name:    load.Name{Target: spec.Name, Form: load.FormPath, Along: asked},
			Package: spec.Name, Module: spec.Module, Version: spec.Version, Time: spec.Time, Why: spec.Why, Origin: in.String(), Deprecated: spec.Deprecated,
			Retracted: spec.Retracted, BuildList: spec.BuildList,
		}, s)
	}
	var err error
	if spec.Module != "" {
		if r.main, err = findMain(spec.Source.Dir, within(s.Dir(), spec.Source.Dir)); err != nil {
			return nil, err
		}
	}
	r.locked = spec.BuildList
	r.sums.lock(r.locked)
	r.along.asked = slices.Clone(asked)
	if err := r.pin(ctx); err != nil {
		return nil, explain(err, "")
	}
	var b *build
	var hash string
	importPath := ""
	var parts []load.Part
	switch {
	case spec.Module != "":
		b, hash, importPath, err = r.completeLocal(ctx, spec.Source.Dir)
		if err == nil {
			parts = r.parts(b, spec.Version == "")
		}
	case standard:
		importPath = spec.Name
		b, hash, err = r.completeStandard(ctx, spec.Name)
	default:
		b, hash, err = r.completeLoose(ctx, spec.Source.Dir)
		if spec.Version == "" {
			parts = r.local
		}
	}
	if err != nil {
		return nil, explain(err, "")
	}
	out := *spec
	out.BuildList = b.moduleVersions()
	out.Source.Hash = hash
	out.Parts = parts
	out.Source.Go = &load.GoSource{ImportPath: importPath, GoMod: []byte(b.GoMod), GoSum: []byte(b.GoSum), ModCache: s.ModDir(), Along: found(asked, b.Along), Overlay: r.main.overlay(b.Vendored)}
	return &out, nil
}

func (r *request) completeLocal(ctx context.Context, dir string) (b *build, hash, importPath string, err error) {
	if e := r.compiler.tooOld(module.Version{Path: r.main.path}, r.main.goVersion); e != nil {
		return nil, "", "", e
	}
	rel, err := filepath.Rel(r.main.dir, dir)
	if err != nil {
		return nil, "", "", err
	}
	importPath = path.Join(r.main.path, filepath.ToSlash(rel))
	files, err := r.localFiles(r.along.paths(importPath)...)
	if err != nil {
		return nil, "", "", err
	}
	subject := importPath + r.along.subject() + "\n" + files + r.main.fingerprint()
	b, err = r.remembered(ctx, []string{"local module", r.main.dir, subject}, func() (*build, error) {
		if err := r.sums.promise(r.main.goSum, "go.sum"); err != nil {
			return nil, err
		}
		c, err := r.closureAlong(ctx, r.main.roots(), []string{importPath})
		if err != nil {
			return nil, err
		}
		return r.build(ctx, c)
	})
	if err != nil {
		return nil, "", "", err
	}
	return b, b.hash(subject), importPath, nil
}

// completeLoose completes a directory without go.mod.
func (r *request) completeLoose(ctx context.Context, dir string) (*build, string, error) {
	pkg, err := r.scan.Scan(dir)
	if err != nil {
		return nil, "", err
	}
	files, names, err := packageFiles(dir, ".", pkg)
	if err != nil {
		return nil, "", err
	}
	if err := r.addParts(dir, dir, names); err != nil {
		return nil, "", err
	}
	imports := slices.DeleteFunc(slices.Clone(pkg.Imports), r.standard)
	b, err := r.remembered(ctx, append([]string{"loose directory"}, imports...), func() (*build, error) {
		roots := r.lockedRoots()
		for _, imp := range imports {
			if r.lockedProvides(imp) {
				continue
			}
			if err := r.installImport(ctx, roots, imp); err != nil {
				return nil, &importError{path: imp, err: err}
			}
		}
		c, err := r.closureAlong(ctx, roots, imports)
		if err != nil {
			return nil, err
		}
		return r.build(ctx, c)
	})
	if err != nil {
		return nil, "", err
	}
	return b, b.hash(files + r.along.subject()), nil
}

// installImport makes the module of an import a root: the highest installed version, else the latest.
func (r *request) installImport(ctx context.Context, roots map[string]string, imp string) error {
	records, err := r.records(ctx, imp)
	if err != nil {
		return err
	}
	if len(records) > 0 {
		raise(roots, records[0].Module, records[0].Version)
		return nil
	}
	name := load.Name{Target: imp, Form: load.FormPath}
	if !r.in.Claims(name) {
		return errNotStandard
	}
	release, err := r.in.Resolve(ctx, name)
	if err != nil {
		return err
	}
	if _, err := r.in.Install(ctx, release, r.store.Store); err != nil {
		return err
	}
	raise(roots, release.Module, release.Version)
	return nil
}

// remembered returns what the store remembers of a build under a key, if the store still has all of it; else
// it computes and remembers it. A store that cannot be written to remembers nothing, which is no error.
func (r *request) remembered(ctx context.Context, key []string, compute func() (*build, error)) (*build, error) {
	for _, m := range r.locked {
		key = append(key, "locked "+m.Path+"@"+m.Version+" "+m.Sum)
	}
	id := store.Key(slices.Concat([]string{"load build list 2", r.in.Target(), r.compiler.version}, key, r.along.key())...)
	const file = "build.json"
	if a, err := r.store.Lookup(id); err == nil && a != nil {
		b := new(build)
		data, err := a.ReadFile(file)
		if err == nil && json.Unmarshal(data, b) == nil && complete(ctx, r.store.Store, b.BuildList) {
			return b, nil
		}
		if err := r.store.Evict(id); err != nil {
			return nil, err
		}
	}
	if r.missing != nil {
		return nil, r.missing
	}
	b, err := compute()
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	_, _, err = r.store.Artifact(ctx, id, func(_ context.Context, dir string) error {
		return os.WriteFile(filepath.Join(dir, file), data, 0o644)
	})
	var disk *store.WriteError
	if err != nil && !errors.As(err, &disk) {
		return nil, err
	}
	return b, nil
}

// localFiles lists what a build reads of local modules, a line with a sum for each file: the packages that the
// package imports from the main module and from directories that replace others.
func (r *request) localFiles(start ...string) (string, error) {
	modules := r.main.localModules()
	seen := map[string]bool{}
	for _, path := range start {
		seen[path] = true
	}
	var out strings.Builder
	for queue := start; len(queue) > 0; queue = queue[1:] {
		root, dir := findLocal(modules, queue[0])
		if dir == "" {
			continue
		}
		pkg, err := r.scans.do(dir, func() (*importgraph.Package, error) { return r.scan.Scan(dir) })
		if err != nil {
			return "", err
		}
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			return "", err
		}
		files, names, err := packageFiles(root, filepath.ToSlash(rel), pkg)
		if err != nil {
			return "", err
		}
		if err := r.addParts(queue[0], root, names); err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "package %s\n%s", queue[0], files)
		for _, imp := range pkg.Imports {
			if !seen[imp] {
				seen[imp] = true
				queue = append(queue, imp)
			}
		}
	}
	return out.String(), nil
}

// findLocal returns the root and the directory of a package in one of the modules, or "". Longer module paths
// go first.
func findLocal(modules map[string]string, pkg string) (root, dir string) {
	for prefix := pkg; prefix != "." && prefix != "/"; prefix = path.Dir(prefix) {
		root, ok := modules[prefix]
		if !ok {
			continue
		}
		p, err := inModule(module.Version{Path: prefix}, &sourceTree{dir: root, local: true}, pkg)
		if err == nil && p.dir != "" {
			return root, p.dir
		}
	}
	return "", ""
}

// packageFiles lists the files that a build reads of one package, with their sums and by their names. They are read
// through an [os.Root], so that no link leads out of the module.
func packageFiles(root, dir string, pkg *importgraph.Package) (sums string, names []string, err error) {
	at, err := os.OpenRoot(root)
	if err != nil {
		return "", nil, err
	}
	defer at.Close()
	for _, name := range pkg.Files {
		names = append(names, path.Join(dir, name))
	}
	embeds, err := importgraph.Embedded(at.FS(), dir, pkg.Embeds)
	if err != nil {
		return "", nil, &load.CompileError{Reason: fmt.Sprintf("//go:embed cannot be followed: %v", err), Fix: "embed files of the module alone"}
	}
	names = append(names, embeds...)
	var out strings.Builder
	for _, name := range names {
		sum, err := fileSum(at, name)
		if err != nil {
			return "", nil, err
		}
		fmt.Fprintf(&out, "%s %s\n", sum, name)
	}
	return out.String(), names, nil
}

func fileSum(root *os.Root, name string) (string, error) {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		if target, err2 := root.Readlink(filepath.FromSlash(name)); err2 == nil && !errors.Is(err, fs.ErrNotExist) {
			return "", &load.CompileError{Reason: fmt.Sprintf("%s is a link out of the module, to %s", name, target), Fix: "put the file itself there"}
		}
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
