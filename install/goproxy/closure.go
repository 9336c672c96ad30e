package goproxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/sync/errgroup"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/importgraph"
	"github.com/loadgo/load/internal/query"
	"github.com/loadgo/load/internal/toolchain"
)

// closure is what a build of some packages reads: the selected version of each module that provides
// one of the packages they import, directly or not.
type closure struct {
	providers map[string]string   // module path → version
	from      map[string]provider // import path → what provides it
}

// missing is an import that no module of the graph provides.
type missing struct {
	path string
	by   string // the importing package, "" for a package that was asked for
	mod  module.Version
}

// closure finds the fixed point of two rules, as "go get" does: the roots select a module graph,
// and every selected module that provides a package of the import graph is a root. The graph of a
// local module that lists all that its packages need is read only where an import leads beyond that
// list (Go Modules Reference, "Lazy module loading"), so that nothing that is not imported has to
// be there. Imports that no module provides are looked up, at their latest version; old modules
// that list no requirements need that. Only the modules that imports lead to are downloaded, each
// as soon as it is known.
func (r *request) closure(ctx context.Context, roots map[string]string, start []string) (*closure, error) {
	roots = maps.Clone(roots)
	lazy := r.main != nil && r.main.Pruned && r.main.Work == nil && maps.Equal(roots, r.main.Roots())
	for ; ; lazy = false {
		w := &walk{r: r, roots: roots, graph: sync.OnceValues(func() (*graph, error) {
			return r.graph(ctx, versions(roots), r.main == nil || r.main.Pruned)
		}), packages: make(map[string]bool), missing: make(map[string]missing)}
		if !lazy {
			if raised, err := w.raise(); err != nil {
				return nil, err
			} else if raised {
				continue
			}
		}
		w.closure = closure{providers: make(map[string]string), from: make(map[string]provider)}
		if err := w.run(ctx, start); err != nil {
			return nil, err
		}
		grown := false
		if lazy && w.asked.Load() { // what the graph raises counts everywhere
			var err error
			if grown, err = w.raise(); err != nil {
				return nil, err
			}
		}
		for path, v := range w.providers {
			if roots[path] != v {
				roots[path], grown = v, true
			}
		}
		if grown {
			continue
		}
		if len(w.missing) == 0 {
			return &w.closure, r.checkProviders(ctx, w.providers)
		}
		if err := r.addMissing(ctx, roots, w.missing); err != nil {
			return nil, err
		}
	}
}

// versions returns a build list sorted by path.
func versions(selected map[string]string) []module.Version {
	list := make([]module.Version, 0, len(selected))
	for path, v := range selected {
		list = append(list, module.Version{Path: path, Version: v})
	}
	slices.SortFunc(list, func(a, b module.Version) int { return cmp.Compare(a.Path, b.Path) })
	return list
}

// checkProviders checks that the toolchain is new enough for every module that it will compile.
func (r *request) checkProviders(ctx context.Context, providers map[string]string) error {
	for _, m := range versions(providers) {
		if err := r.checkGo(ctx, m, nil); err != nil {
			return err
		}
	}
	return nil
}

// addMissing makes the modules of missing imports roots.
func (r *request) addMissing(ctx context.Context, roots map[string]string, imports map[string]missing) error {
	before := maps.Clone(roots)
	for _, path := range sortedKeys(imports) {
		m := imports[path]
		_, companion := r.along.wanted[path]
		if !companion && (m.by == "" || r.main != nil) || r.main != nil && r.main.Vendor != nil {
			return m.error(r.main, nil)
		}
		mod, err := r.findMissing(ctx, m, companion)
		if err != nil {
			return err
		}
		if old, ok := before[mod.Path]; ok && semver.Compare(old, mod.Version) >= 0 {
			return &importError{path: path, by: m.by, mod: m.mod, companion: companion, err: fmt.Errorf("module %s@%s does not contain it", mod.Path, old)}
		}
		raise(roots, mod.Path, mod.Version)
	}
	return nil
}

// findMissing finds the module that provides a missing import.
func (r *request) findMissing(ctx context.Context, m missing, companion bool) (module.Version, error) {
	if companion {
		return r.findCompanion(ctx, m.path)
	}
	if !dotted(m.path) {
		return module.Version{}, m.error(nil, errNotStandard)
	}
	latest, _ := query.Parse(string(query.Latest))
	mod, c, err := r.lookup(ctx, find.Name{Target: m.path, Form: find.FormPath}, latest)
	if err != nil {
		return module.Version{}, m.error(nil, err)
	}
	return module.Version{Path: mod, Version: c.Version}, nil
}

// raise makes a version the root of its module where none so high is.
func raise(roots map[string]string, path, version string) {
	if old, ok := roots[path]; !ok || semver.Compare(old, version) < 0 {
		roots[path] = version
	}
}

// walk visits the import graph of some packages, in parallel, within one module graph.
type walk struct {
	r     *request
	graph func() (*graph, error) // of the roots
	asked atomic.Bool            // it was needed
	roots map[string]string

	mu       sync.Mutex // guards the maps below
	packages map[string]bool
	missing  map[string]missing
	closure
}

// raise raises the roots to what the graph selects, and reports whether there was one to raise.
func (w *walk) raise() (raised bool, err error) {
	g, err := w.graph()
	if err != nil {
		return false, err
	}
	for path, v := range w.roots {
		if semver.Compare(g.selected[path], v) > 0 {
			w.roots[path], raised = g.selected[path], true
		}
	}
	return raised, nil
}

func (w *walk) run(ctx context.Context, start []string) error {
	group, ctx := errgroup.WithContext(ctx)
	var visit func(path, by string, byModule module.Version)
	visit = func(path, by string, byModule module.Version) {
		w.mu.Lock()
		seen := w.packages[path]
		w.packages[path] = true
		w.mu.Unlock()
		if seen {
			return
		}
		group.Go(func() error {
			p, err := w.provider(ctx, path)
			if err != nil {
				var known *importError
				if errors.As(err, &known) && known.by == "" {
					known.by, known.mod = by, byModule
				}
				return err
			}
			if p.dir == "" {
				w.mu.Lock()
				w.missing[path] = missing{path, by, byModule}
				w.mu.Unlock()
				return nil
			}
			w.mu.Lock()
			w.from[path] = p
			w.mu.Unlock()
			if p.std {
				return nil
			}
			pkg, err := w.r.scans.do(p.dir, func() (*importgraph.Package, error) { return w.r.scan.Scan(p.dir) })
			if err != nil {
				return err
			}
			w.mu.Lock()
			if p.mod.Version != "" {
				w.providers[p.mod.Path] = p.mod.Version
			}
			w.mu.Unlock()
			for _, imp := range pkg.Imports {
				visit(imp, path, p.mod)
			}
			return nil
		})
	}
	for _, path := range start {
		visit(path, "", module.Version{})
	}
	return group.Wait()
}

// provider is where a package comes from; without a directory it comes from nowhere.
type provider struct {
	mod   module.Version
	dir   string
	local bool
	std   bool
}

// provider finds the module that provides a package: the standard library, a root, else any module
// that the graph selects. Two modules that both provide it are an error.
func (w *walk) provider(ctx context.Context, pkg string) (provider, error) {
	if w.r.standard(pkg) {
		return provider{dir: pkg, std: true}, nil
	}
	if w.r.main != nil && w.r.main.Vendor != nil {
		return provideVendored(w.r.main, pkg)
	}
	found, err := w.among(ctx, w.roots, pkg)
	if err != nil || found.dir != "" {
		return found, err
	}
	w.asked.Store(true)
	g, err := w.graph()
	if err != nil {
		return provider{}, err
	}
	return w.among(ctx, g.selected, pkg)
}

// among finds the module that provides a package among those that are selected.
func (w *walk) among(ctx context.Context, selection map[string]string, pkg string) (provider, error) {
	var found []provider
	for prefix := pkg; prefix != "."; prefix = path.Dir(prefix) {
		var p provider
		var err error
		if w.r.main != nil && prefix == w.r.main.Path {
			p, err = inModule(module.Version{Path: prefix}, &sourceTree{dir: w.r.main.Dir, local: true}, pkg)
		} else if v, ok := selection[prefix]; ok && w.mayHold(ctx, module.Version{Path: prefix, Version: v}, pkg) {
			p, err = w.inSelected(ctx, module.Version{Path: prefix, Version: v}, pkg)
		}
		if err != nil {
			return provider{}, err
		}
		if p.dir != "" {
			found = append(found, p)
		}
	}
	if len(found) > 1 {
		return provider{}, ambiguous(pkg, found)
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return provider{}, nil
}

// mayHold reports whether a module may provide a package: it belongs to whom the package belongs
// to, or lies in a directory that the local go.mod names.
func (w *walk) mayHold(ctx context.Context, m module.Version, pkg string) bool {
	if w.r.main != nil {
		if _, local := w.r.main.ReplacedByDir(m); local {
			return true
		}
	}
	return owner(w.r.session, m.Path) == owner(w.r.session, pkg)
}

func (w *walk) inSelected(ctx context.Context, m module.Version, pkg string) (provider, error) {
	t, err := w.r.tree(ctx, m)
	if err != nil {
		return provider{}, err
	}
	return inModule(m, t, pkg)
}

// inModule looks for a package in a module's source; a nested module of a local one is not part of
// it.
func inModule(m module.Version, t *sourceTree, pkg string) (provider, error) {
	sub := strings.TrimPrefix(strings.TrimPrefix(pkg, m.Path), "/")
	dir := filepath.Join(t.dir, filepath.FromSlash(sub))
	if t.local {
		for d := dir; len(d) > len(t.dir); d = filepath.Dir(d) {
			if info, err := os.Stat(filepath.Join(d, "go.mod")); err == nil && !info.IsDir() {
				return provider{}, nil
			}
		}
	}
	if !importgraph.HasGoFiles(dir) {
		return provider{}, nil
	}
	return provider{mod: m, dir: dir, local: t.local}, nil
}

func ambiguous(pkg string, found []provider) error {
	var names []string
	for _, p := range found {
		names = append(names, p.mod.String())
	}
	slices.Sort(names)
	return &importError{
		path: pkg, err: errors.New("several modules provide it: " + strings.Join(names, ", ")),
		fix: "ask for a version whose requirements agree, or require the right one in a local module",
	}
}

// standard reports whether an import path is the standard library's.
func (r *request) standard(pkg string) bool {
	if pkg == "C" || pkg == "unsafe" {
		return true
	}
	if r.compiler.root == "" {
		return toolchain.Listed(pkg)
	}
	return !dotted(pkg) && importgraph.HasGoFiles(filepath.Join(r.compiler.root, "src", filepath.FromSlash(pkg)))
}
