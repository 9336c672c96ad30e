package goproxy

import (
	"context"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/sync/errgroup"

	"github.com/loadgo/load/install/goproxy/internal/gomod"
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

// graphWorkers is how many go.mod files are asked for at once: more than are in flight, since some
// are in the store, or being verified.
const graphWorkers = 64

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
	var mu sync.Mutex // guards g and the rest
	seen := make(map[node]bool)
	var queue []node
	workers := 0
	group, ctx := errgroup.WithContext(ctx)

	var work func() error
	visit := func(n node) { // mu is held
		if seen[n] {
			return
		}
		seen[n] = true
		queue = append(queue, n)
		if workers < graphWorkers {
			workers++
			group.Go(work)
		}
	}
	read := func(n node) error {
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
		if len(seen) > 2*gomod.MaxModules { // a module can be there twice, pruned and not
			return gomod.TooMany()
		}
		return nil
	}
	work = func() error {
		for {
			mu.Lock()
			if len(queue) == 0 {
				workers--
				mu.Unlock()
				return nil
			}
			n := queue[0]
			queue = queue[1:]
			mu.Unlock()
			if err := read(n); err != nil {
				return err
			}
		}
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
