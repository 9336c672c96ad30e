package artifact

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/store"
)

// Plan is how an engine comes by the artifact of a spec: what is decided before anything is
// compiled.
type Plan struct {
	Release     string // of the toolchain that compiles, "" if the engine has none
	Fingerprint string
	Key         string // "" if the source is not hashed yet

	maker    *Maker
	engine   engine.Engine
	compiler engine.Compiler // nil for an engine that compiles nothing
	spec     *find.Spec
	missing  error           // why the release is not here
	fetched  bool            // another machine compiled it
	bundled  *store.Artifact // or nil
}

// Plan decides how an engine comes by the artifact of a spec. The error is that of a spec for which
// it never can.
func (m *Maker) Plan(eng engine.Engine, spec *find.Spec) (*Plan, error) {
	p := &Plan{maker: m, engine: eng, spec: spec}
	var compiles bool
	if p.compiler, compiles = eng.(engine.Compiler); !compiles {
		return p, nil
	}
	p.Release, p.missing = m.release(eng, spec)
	p.Fingerprint = fingerprint(p.compiler, p.Release)
	switch p.bundled = m.fromBundle(eng, p.compiler, spec); {
	case p.bundled != nil:
		p.Key = p.bundled.Key()
	case spec.Source.Prepared:
		return nil, notPrepared(eng, spec)
	case m.Store == nil:
		return nil, &engine.ConfigError{Setting: "Config.Store", Reason: eng.Name() + " has no store to compile into"}
	case spec.Source.Hash != "":
		p.Key = key(eng, p.Fingerprint, spec.Source)
	}
	return p, nil
}

// Compiles reports whether the engine compiles anything.
func (p *Plan) Compiles() bool { return p.compiler != nil }

// Present returns what is compiled by now, or nil. If another release of the toolchain compiled it,
// the plan is that release's from then on.
func (p *Plan) Present() *store.Artifact {
	if p.bundled != nil || p.Key == "" {
		return p.bundled
	}
	// A damaged artifact counts as missing: a load makes it again.
	if files := p.maker.lookup(p.Key); files != nil {
		return files
	}
	release, files := p.maker.compiledBefore(p.engine, p.spec)
	if files != nil {
		p.of(release)
	}
	return files
}

// of makes the plan that of another release.
func (p *Plan) of(release string) {
	p.Release, p.spec = release, plan.OfRelease(p.spec, release)
	p.Fingerprint = fingerprint(p.compiler, release)
	p.Key = key(p.engine, p.Fingerprint, p.spec.Source)
}

// Target returns the system that the artifact runs on, as in "linux/amd64", "" for every system.
func (p *Plan) Target() string {
	if targeted, ok := p.engine.(engine.Targeted); ok {
		return targeted.Target()
	}
	return ""
}

// key identifies what compiling the source would produce.
func key(eng engine.Engine, fingerprint string, src find.Source) string {
	parts := []string{src.Hash, eng.Name(), fingerprint}
	if src.Go != nil { // the versions of companions are part of the hash
		for _, c := range src.Go.Along {
			parts = append(parts, "along "+c.Alias+"="+c.Path)
		}
		for _, instance := range src.Go.Instances {
			parts = append(parts, "instance "+instance)
		}
		if src.Go.Expression != "" {
			parts = append(parts, "expression "+src.Go.Expression)
		}
	}
	return store.Key(parts...)
}

// fingerprint is that of a compiler with a release of its toolchain, "" for one that has none.
func fingerprint(c engine.Compiler, release string) string {
	if released, ok := c.(engine.Released); ok {
		return released.FingerprintOf(release)
	}
	return c.Fingerprint()
}

// compiledBefore returns what some release compiled of a source, if there is no toolchain to
// compile it now, and that release.
func (m *Maker) compiledBefore(eng engine.Engine, spec *find.Spec) (string, *store.Artifact) {
	released, ok := eng.(engine.Released)
	if !ok || m.Store == nil || spec.Source.Hash == "" || m.Asked() != "" {
		return "", nil
	}
	if _, missing := released.Release(); missing == nil {
		return "", nil
	}
	for _, release := range m.Store.Releases() {
		key := key(eng, released.FingerprintOf(release), plan.OfRelease(spec, release).Source)
		if files := m.lookup(key); files != nil {
			return release, files
		}
	}
	return "", nil
}

// AsCompiled returns a standard package as that of the release that compiles it, if that is not the
// toolchain in which it was found: the one that is asked for or, without a toolchain, the one that
// compiled it before, here or where the remote has it from.
func (m *Maker) AsCompiled(ctx context.Context, spec *find.Spec) *find.Spec {
	asked := m.Asked()
	if !plan.Standard(spec) || spec.Source.Dir != "" && asked == "" || spec.Source.Prepared {
		return spec
	}
	if asked != "" {
		return plan.OfRelease(spec, asked)
	}
	eng, _, err := m.Choose(spec)
	if err != nil {
		return spec // the load says so
	}
	release, _ := m.compiledBefore(eng, spec)
	if release == "" {
		release = m.elsewhere(ctx, eng, spec)
	}
	if release != "" {
		return plan.OfRelease(spec, release)
	}
	return spec
}

func notPrepared(eng engine.Engine, spec *find.Spec) error {
	with, names := "", []string{spec.Name}
	compiles := false
	if g := spec.Source.Go; g != nil {
		if len(g.Instances) > 0 {
			with, names = fmt.Sprintf(" with %q", g.Instances), nil
			for _, instance := range g.Instances {
				names = append(names, fmt.Sprintf("%q", spec.Name+"#"+instance))
			}
		}
		compiles = g.Expression != ""
	}
	fix := fmt.Sprintf("run `load bundle -target %s/%s -engine %s -o FILE %s` where the image is built, with the version of load that the host has",
		runtime.GOOS, runtime.GOARCH, eng.Name(), strings.Join(names, " "))
	if compiles {
		with += " with an expression"
		fix = `bundle "NAME#SYMBOL[TYPES]" for each generic function and write its type arguments, or evaluate it where a Go toolchain is`
	}
	return &engine.NotPreparedError{
		Module: spec.Name,
		For:    fmt.Sprintf("%s/%s, the engine %s and this version of load%s", runtime.GOOS, runtime.GOARCH, eng.Name(), with),
		Fix:    fix,
	}
}
