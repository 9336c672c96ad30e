package goproxy

import (
	"context"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/sync/errgroup"
)

// graph is a module graph as minimal version selection sees it: of each module, the highest version
// that anything in it requires.
type graph struct {
	selected map[string]string
}

// require raises the selection to what is required.
func (g *graph) require(m module.Version) {
	if semver.Compare(m.Version, g.selected[m.Path]) > 0 || g.selected[m.Path] == "" {
		g.selected[m.Path] = m.Version
	}
}

// graph loads the module graph of a main module with these roots, by the rules of the Go Modules
// Reference ("Minimal version selection", "Module graph pruning"). In a pruned graph the
// requirements of a root count, and what they require does not, except below modules that do not
// support pruning: those count whole.
func (r *request) graph(ctx context.Context, roots []module.Version, pruned bool) (*graph, error) {
	type node struct {
		mod    module.Version
		pruned bool
	}
	g := &graph{selected: make(map[string]string)}
	var mu sync.Mutex // guards g and seen
	seen := make(map[node]bool)
	group, ctx := errgroup.WithContext(ctx)

	var visit func(n node)
	visit = func(n node) { // mu is held
		if seen[n] {
			return
		}
		seen[n] = true
		group.Go(func() error {
			f, err := r.mod(ctx, n.mod)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			below := n.pruned && f.Pruned()
			for _, m := range f.Require {
				if r.main != nil && r.main.Ignores(m) {
					continue
				}
				g.require(m)
				if !below {
					visit(node{m, below})
				}
			}
			return nil
		})
	}
	mu.Lock()
	for _, m := range roots {
		g.require(m)
		visit(node{m, pruned})
	}
	mu.Unlock()
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return g, nil
}
