package load

import (
	"context"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// Bundle is a place of prepared modules: it finds them, and has what was compiled of them. Package
// bundle has the one that is a file. What a bundle holds is run as it is, so that the user who
// names one trusts it.
type Bundle interface {
	find.Finder

	// Check returns what is wrong with the bundle as a whole.
	Check() error
	// Artifact returns what was compiled under a key, see [Prepared].Key, or nil. Its files are
	// verified when they are used.
	Artifact(key string) *store.Artifact
	// Releases are the releases of toolchains that compiled what is in the bundle.
	Releases() []string
}

// withBundles returns the path with the bundles before it.
func withBundles(bundles []Bundle, path find.Path) (find.Path, error) {
	var all find.Path
	for _, b := range bundles {
		if b == nil {
			return nil, &ConfigError{Setting: "Config.Bundles", Reason: "it holds a nil bundle"}
		}
		if err := b.Check(); err != nil {
			return nil, &ConfigError{Setting: "Config.Bundles", Reason: err.Error(), Err: err}
		}
		all = append(all, b)
	}
	return append(all, path...), nil
}

// Install finds the module or installs it, with everything it imports, and compiles it, so that a
// later Load needs no network and no compiler. Nothing of the module runs.
func (l *Loader) Install(ctx context.Context, name string, options ...LoadOption) (spec *Spec, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	prepared, err := l.prepare(ctx, name, options)
	if err != nil {
		return nil, err
	}
	if p, ok := prepared.outfit.engine.(engine.Preparer); ok && prepared.Files != nil {
		if err := p.Prepare(ctx, prepared.outfit.hand(l, prepared.Spec, prepared.Files)); err != nil {
			return nil, err
		}
	}
	return prepared.Spec, nil
}

// Prepared is a module that was found and compiled, and is not run. See [Loader.Prepare].
type Prepared struct {
	Name    find.Name // what was asked for
	By      string    // the installer whose it is, "" for what lies in place
	Spec    *Spec
	Engine  string
	Release string        // of the toolchain that compiled it, "" where it has none
	Target  string        // the system that it runs on, as in "linux/amd64"; "" is every system
	Key     string        // what it was compiled under
	Sought  engine.Sought // what a [engine.Remote] calls it
	Files   *store.Artifact

	Granted   policy.Grants // by the loader's policies
	Published []time.Time   // when the modules of the build list were, zero where unknown

	outfit *outfit
}

// Prepare is [Loader.Install] for those who carry what was compiled to another machine, as package
// bundle does. A module that is part of the program has no Files.
func (l *Loader) Prepare(ctx context.Context, name string, options ...LoadOption) (p *Prepared, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	if p, err = l.prepare(ctx, name, options); err == nil {
		p.Published, err = install.Published(ctx, l.session(), l.config.Installers, p.Spec)
	}
	return p, err
}

// prepare obtains a module, and compiles it.
func (l *Loader) prepare(ctx context.Context, name string, options []LoadOption) (*Prepared, error) {
	r, err := l.request(name, options)
	if err != nil {
		return nil, err
	}
	w, err := l.obtain(ctx, l.session(), r)
	if err != nil {
		return nil, err
	}
	o, err := l.outfit(w.spec)
	if err != nil {
		return nil, err
	}
	p := &Prepared{Name: w.name, By: w.by, Spec: w.spec, Engine: o.engine.Name(), Granted: o.granting.Grants, outfit: o}
	if p.Files, err = o.plan.Make(ctx, false); err != nil || p.Files == nil {
		return p, err
	}
	o.plan.Present() // another release may have compiled it
	p.Key, p.Target, p.Release, p.Sought = p.Files.Key(), o.plan.Target(), o.plan.Release, o.plan.Sought()
	return p, nil
}
