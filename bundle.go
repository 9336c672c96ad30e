package load

import (
	"context"
	"fmt"
	"runtime"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/report"
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

// fromBundle returns what a bundle has of a spec, or nil.
func (l *Loader) fromBundle(eng engine.Engine, compiler engine.Compiler, spec *Spec) *store.Artifact {
	for _, b := range l.config.Bundles {
		release, _ := l.toolchain(eng, spec)
		fingerprints := []string{fingerprint(compiler, release)}
		if released, ok := eng.(engine.Released); ok && spec.Source.Prepared { // this host compiles nothing of it
			fingerprints = nil
			for _, release := range b.Releases() {
				fingerprints = append(fingerprints, released.FingerprintOf(release))
			}
		}
		for _, fingerprint := range fingerprints {
			if files := b.Artifact(artifactKey(eng, fingerprint, spec.Source)); files != nil {
				return files
			}
		}
	}
	return nil
}

// preparedFor returns the name of the first engine for which a bundle has what was compiled of a
// spec, "" for none.
func (l *Loader) preparedFor(spec *Spec) string {
	if !spec.Source.Prepared {
		return ""
	}
	for _, eng := range l.config.Engines {
		compiler, ok := eng.(engine.Compiler)
		if ok && eng.Accepts(spec.Source) && l.fromBundle(eng, compiler, spec) != nil {
			return eng.Name()
		}
	}
	return ""
}

// NotPreparedError reports a module that a bundle holds, and that was not compiled for this host.
type NotPreparedError struct {
	Module string
	For    string // the system and the engine, as in "linux/arm64 and the engine goprocess"
	Fix    string
}

func (e *NotPreparedError) Error() string {
	return fmt.Sprintf("%s is in the bundle and not prepared for %s\n\t%s", e.Module, e.For, e.Fix)
}

func notPrepared(eng engine.Engine, spec *Spec) error {
	with := ""
	if spec.Source.Go != nil && len(spec.Source.Go.Instances) > 0 {
		with = fmt.Sprintf(" with %q", spec.Source.Go.Instances)
	}
	if spec.Source.Go != nil && spec.Source.Go.Expression != "" {
		with += " with an expression"
	}
	return &NotPreparedError{
		Module: spec.Name,
		For:    fmt.Sprintf("%s/%s, the engine %s and this version of load%s", runtime.GOOS, runtime.GOARCH, eng.Name(), with),
		Fix:    fmt.Sprintf("run `load bundle -target %s/%s -engine %s -o FILE %s` where the image is built, with the version of load that the host has", runtime.GOOS, runtime.GOARCH, eng.Name(), spec.Name),
	}
}

// Prepared is a module that was found and compiled, and is not run. See [Loader.Prepare].
type Prepared struct {
	Name    find.Name // what was asked for
	By      string    // the installer whose it is, "" for what lies in place
	Spec    *Spec
	Engine  string
	Release string // of the toolchain that compiled it, "" where it has none
	Target  string // the system that it runs on, as in "linux/amd64"; "" is every system
	Key     string // what it was compiled under
	Files   *store.Artifact

	engine engine.Engine
}

// Prepare is [Loader.Install] for those who carry what was compiled to another machine, as package
// bundle does. A module that is part of the program has no Files.
func (l *Loader) Prepare(ctx context.Context, name string, options ...LoadOption) (p *Prepared, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	r, err := l.request(name, options)
	if err != nil {
		return nil, err
	}
	spec, err := l.obtain(ctx, l.session(), r, new(report.Stages))
	if err != nil {
		return nil, err
	}
	return l.prepare(ctx, r, spec)
}

// prepare compiles a spec.
func (l *Loader) prepare(ctx context.Context, r *request, spec *Spec) (*Prepared, error) {
	eng, err := l.choose(spec)
	if err != nil {
		return nil, err
	}
	p := &Prepared{Name: r.name, By: l.found(r, pin{}, spec).by, Spec: spec, Engine: eng.Name(), engine: eng}
	if p.Files, err = l.compile(ctx, eng, spec, false); err != nil || p.Files == nil {
		return p, err
	}
	p.Key = p.Files.Key()
	if targeted, ok := eng.(engine.Targeted); ok {
		p.Target = targeted.Target()
	}
	var missing error
	if p.Release, missing = l.toolchain(eng, spec); missing != nil {
		if before, _ := l.compiledBefore(eng, spec); before != "" {
			p.Release = before
		}
	}
	return p, nil
}
