package goproxy

import (
	"context"
	"path"
	"slices"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/internal/importgraph"
)

// imports lists the packages of a closure and all that they import, sorted: policies decide about
// them. What standard packages import is not among them. Engines compile for the installer's target
// and for WebAssembly: what they read for either counts.
func (r *request) imports(ctx context.Context, c *closure) ([]string, error) {
	wasm := importgraph.New("wasip1", "wasm", r.compiler.version)
	seen := make(map[string]bool)
	queue := sortedKeys(c.from)
	for _, pkg := range queue {
		seen[pkg] = true
	}
	for ; len(queue) > 0; queue = queue[1:] {
		p, err := r.provided(ctx, c, queue[0])
		if err != nil {
			return nil, err
		}
		if p.std || p.dir == "" {
			continue
		}
		own, err := r.scans.do(p.dir, func() (*importgraph.Package, error) { return r.scan.Scan(p.dir) })
		if err != nil {
			return nil, err
		}
		portable, err := wasm.Scan(p.dir)
		if err != nil {
			return nil, err
		}
		for _, imp := range slices.Concat(own.Imports, portable.Imports) {
			if !seen[imp] {
				seen[imp] = true
				queue = append(queue, imp)
			}
		}
	}
	return sortedKeys(seen), nil
}

// provided finds a package in the modules of a closure; without a directory it is in none.
func (r *request) provided(ctx context.Context, c *closure, pkg string) (provider, error) {
	if p, ok := c.from[pkg]; ok || r.standard(pkg) {
		p.std = p.std || !ok
		return p, nil
	}
	if r.main != nil && r.main.Vendor != nil {
		p, _ := provideVendored(r.main, pkg) // it may be in no module, which is an error of its build alone
		return p, nil
	}
	for prefix := pkg; prefix != "." && prefix != "/"; prefix = path.Dir(prefix) {
		version, ok := c.providers[prefix]
		if !ok {
			continue
		}
		m := module.Version{Path: prefix, Version: version}
		t, err := r.tree(ctx, m)
		if err != nil {
			return provider{}, err
		}
		if p, err := inModule(m, t, pkg); err != nil || p.dir != "" {
			return p, err
		}
	}
	return provider{}, nil
}
