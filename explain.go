package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/plan"
)

// Explanation tells what a load of a name would do, and why.
type Explanation struct {
	Name   string `json:"name"`   // as asked
	Loaded bool   `json:"loaded"` // the module runs already

	// Asked lists every finder in order, then every installer: the first that has Found answers.
	Asked []find.Tried `json:"asked"`

	// The answer; empty if there is none.
	Canonical  string    `json:"canonical,omitempty"`
	Module     string    `json:"module,omitempty"`
	Version    string    `json:"version,omitempty"`
	Why        string    `json:"why,omitempty"` // why this version
	Time       time.Time `json:"time,omitzero"` // when the version was made
	Origin     string    `json:"origin,omitempty"`
	Deprecated string    `json:"deprecated,omitempty"`
	Installed  bool      `json:"installed"`     // the source is here
	Dir        string    `json:"dir,omitempty"` // where the source is

	// What the module is built with, as asked for; the companions' versions where they are known.
	Along      []find.Companion `json:"along,omitempty"`
	Instances  []string         `json:"instances,omitempty"`
	Expression string           `json:"expression,omitempty"`

	// What follows needs the source: it is known once the module is installed.
	Engine    string               `json:"engine,omitempty"` // the engine that runs it
	Kind      string               `json:"kind,omitempty"`   // of module, where the engine runs several
	Engines   []EngineAnswer       `json:"engines,omitempty"`
	Artifact  *ArtifactKey         `json:"artifact,omitempty"` // of an engine that compiles
	BuildList []find.ModuleVersion `json:"build_list"`
	Isolation *engine.Isolation    `json:"isolation,omitempty"` // in force, or what the engine would put in force

	// Registry is the name of the registry that owns the name, "" where none does.
	Registry string `json:"registry,omitempty"`

	// Policy holds the rules that decided, and those that grant something; empty without a policy.
	Policy []Ruling `json:"policy,omitempty"`
}

// EngineAnswer is an engine that was considered, and why it was chosen or not.
type EngineAnswer struct {
	Engine string `json:"engine"`
	Chosen bool   `json:"chosen"`
	Why    string `json:"why"`
}

// ArtifactKey is what identifies a compiled module, and whether the store has it.
type ArtifactKey struct {
	SourceHash  string `json:"source_hash"` // "" where the source is completed and hashed by a load only
	Engine      string `json:"engine"`
	Fingerprint string `json:"fingerprint"`
	Key         string `json:"key"` // over the three above and what the module is built with
	Present     bool   `json:"present"`
	Size        int64  `json:"size,omitempty"` // in bytes
}

// Explain asks every finder and, where none of them knows the name, the installer that claims it
// for the version. It installs, compiles and runs nothing. The explanation is there with an error
// too, as far as it goes: the error is the one that a load would meet.
func (l *Loader) Explain(ctx context.Context, name string, options ...LoadOption) (e *Explanation, err error) {
	e = &Explanation{Name: name, BuildList: []find.ModuleVersion{}}
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	r, err := l.request(name, options)
	if err != nil {
		return e, err
	}
	e.Along, e.Instances, e.Expression = r.name.Along, r.name.Instances, r.name.Expression
	l.explainRegistry(e, r.name)
	p, err := l.pin(r)
	if err != nil {
		return e, err
	}
	s := l.under(l.session(), p)
	spec, err := l.askFinders(ctx, s, p.Pinned(r.name), e)
	if err != nil {
		return e, err
	}
	if err := l.askInstallers(ctx, s, r, p, spec != nil, e); err != nil || spec == nil {
		return e, err
	}
	l.explainPolicy(e, r, l.found(r, p, spec), nil, nil)
	if spec, err = asAsked(spec, p.Pinned(r.name)); err != nil {
		return e, err
	}
	spec = l.asCompiled(spec)
	m := l.running(r.asked+r.with, spec)
	if m != nil { // it was completed when it was loaded
		spec, e.Loaded = m.spec, true
	}
	l.explainSpec(e, spec)
	if m != nil {
		isolation := m.Isolation()
		e.Isolation = &isolation
	}
	return e, nil
}

// askFinders asks all of them, those after the answer too: what is shadowed is worth knowing.
func (l *Loader) askFinders(ctx context.Context, s *install.Session, name find.Name, e *Explanation) (*Spec, error) {
	var spec *Spec
	for _, finder := range l.config.Path {
		answer, tried, err := find.Path{finder}.Ask(ctx, name, s)
		e.Asked = append(e.Asked, tried...)
		if spec == nil {
			if err != nil {
				return nil, err
			}
			spec = answer
		}
	}
	return spec, nil
}

// askInstallers asks the one that claims the name for a version, unless it is found already.
func (l *Loader) askInstallers(ctx context.Context, s *install.Session, r *request, p pin, found bool, e *Explanation) error {
	first := r.claims
	asked := first >= 0 && !found && !l.config.NoInstall
	for i, answer := range l.wouldInstall(r) {
		if found {
			answer.Answer = "not asked: it is found already"
		} else if i == first && asked {
			release, err := l.permitted(ctx, s, r, p, e)
			var missing *NotFoundError
			switch {
			case errors.As(err, &missing):
				e.Asked = missing.Tried
				return err
			case err != nil:
				answer.Answer = err.Error()
				e.Asked = append(e.Asked, answer)
				return err
			}
			answer.Found, answer.Answer = true, release.Package+phrase.Version(release.Version)
			e.Canonical, e.Module, e.Version = release.Package, release.Module, release.Version
			e.Why, e.Time, e.Origin, e.Deprecated = release.Why, release.Time, release.Origin, release.Deprecated
		}
		e.Asked = append(e.Asked, answer)
	}
	if !found && !asked {
		return l.notFound(r, e.Asked)
	}
	return nil
}

// permitted is the release that would be installed, and what the policies say about it.
func (l *Loader) permitted(ctx context.Context, s *install.Session, r *request, p pin, e *Explanation) (*install.Release, error) {
	err := l.permitName(r)
	var release *install.Release
	if err == nil {
		release, err = l.release(ctx, s, r, p, e.Asked)
	}
	if err == nil {
		err = s.Consider(release)
	}
	l.explainPolicy(e, r, nil, release, err)
	if err != nil {
		return nil, err
	}
	return release, nil
}

// running returns the module that a load of the name would be answered with, if it runs.
func (l *Loader) running(name string, spec *Spec) *Module {
	if m := l.cache.get(name); m != nil {
		return m
	}
	return l.cache.get(plan.Identity(spec))
}

func (l *Loader) explainSpec(e *Explanation, spec *Spec) {
	e.Canonical, e.Module, e.Version, e.Why, e.Time = spec.Name, spec.Module, spec.Version, spec.Why, spec.Time
	e.Origin, e.Deprecated, e.Installed, e.Dir = spec.Origin, spec.Deprecated, true, spec.Source.Dir
	e.BuildList = append(e.BuildList, spec.BuildList...)
	if spec.Source.Go != nil && len(spec.Source.Go.Along) > 0 {
		e.Along = spec.Source.Go.Along
	}
	var eng engine.Engine
	if eng, e.Engines = l.chooseAmong(spec); eng == nil {
		return
	}
	e.Engine = eng.Name()
	e.Isolation = l.tryIsolation(eng, spec)
	if describer, ok := eng.(engine.Describer); ok {
		e.Kind = describer.Describe(spec.Source)
	}
	if compiler, ok := eng.(engine.Compiler); ok {
		l.explainArtifact(e, eng, compiler, spec)
	}
}

// explainArtifact tells what was compiled of a spec, or would be.
func (l *Loader) explainArtifact(e *Explanation, eng engine.Engine, compiler engine.Compiler, spec *Spec) {
	release, _ := l.toolchain(eng, spec)
	e.Artifact = &ArtifactKey{SourceHash: spec.Source.Hash, Engine: eng.Name(), Fingerprint: fingerprint(compiler, release)}
	if files := l.fromBundle(eng, compiler, spec); files != nil {
		e.Artifact.Key, e.Artifact.Present, e.Artifact.Size = files.Key(), true, files.Size()
		return
	}
	if spec.Source.Hash == "" || l.config.Store == nil {
		return
	}
	e.Artifact.Key = artifactKey(eng, e.Artifact.Fingerprint, spec.Source)
	// A damaged artifact counts as missing: a load makes it again.
	files, err := l.config.Store.Lookup(e.Artifact.Key)
	if err != nil || files == nil {
		if release, files = l.compiledBefore(eng, spec); files == nil {
			return
		}
		e.Artifact.Fingerprint, e.Artifact.Key = eng.(engine.Released).FingerprintOf(release), files.Key()
	}
	e.Artifact.Present, e.Artifact.Size = true, files.Size()
}

// String returns the explanation as text for a terminal.
func (e *Explanation) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\n", cmp.Or(e.Canonical, e.Name)+phrase.Version(e.Version))
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(w, "  %s\t%s\n", label, text)
		}
	}
	line("module", e.Module)
	line("kind", e.Kind)
	line("version", e.Why)
	line("registry", e.Registry)
	line("origin", e.Origin)
	line("source", e.Dir)
	line("deprecated", e.Deprecated)
	for _, c := range e.Along {
		line("along", find.Companion{Alias: c.Alias, Path: c.Path, Query: cmp.Or(c.Version, c.Query)}.String())
	}
	line("instances", strings.Join(e.Instances, ", "))
	line("expression", strings.Join(strings.Fields(e.Expression), " "))
	switch {
	case e.Loaded:
		line("state", "running")
	case e.Installed:
		line("state", "installed")
	case e.Canonical != "":
		line("state", "not installed")
	}
	fmt.Fprintf(w, "asked\n")
	for _, t := range e.Asked {
		line(mark(t.Found)+" "+t.Who, t.Answer)
	}
	if len(e.Policy) > 0 {
		fmt.Fprintf(w, "policy\n")
	}
	for _, r := range e.Policy {
		line(mark(r.Allowed)+" "+r.Rule, r.Reason)
	}
	if len(e.Engines) > 0 {
		fmt.Fprintf(w, "engines\n")
	}
	for _, a := range e.Engines {
		line(mark(a.Chosen)+" "+a.Engine, a.Why)
	}
	if a := e.Artifact; a != nil {
		fmt.Fprintf(w, "artifact\n")
		line("source hash", cmp.Or(a.SourceHash, "not known before it is loaded"))
		line("fingerprint", a.Fingerprint)
		line("key", a.Key)
		if a.Present {
			line("state", "compiled, "+phrase.Size(a.Size))
		} else {
			line("state", "not compiled")
		}
	}
	if len(e.BuildList) > 0 {
		fmt.Fprintf(w, "build list\n")
	}
	for _, m := range e.BuildList {
		line(m.Path+"@"+m.Version, m.Sum)
	}
	if e.Isolation != nil {
		fmt.Fprintf(w, "isolation %s\n", e.Isolation.Level)
		for _, m := range e.Isolation.Measures {
			line(mark(m.InForce)+" "+m.Name, measureText(m))
		}
	}
	w.Flush() // a strings.Builder takes everything
	return b.String()
}

func mark(yes bool) string {
	if yes {
		return "*"
	}
	return "-"
}

func measureText(m engine.Measure) string {
	switch {
	case m.Granted:
		return "granted"
	case m.InForce:
		return m.How
	}
	return cmp.Or(m.Why, "not in force")
}

// tryIsolation tells what would keep the module of a spec from the host, with what policies grant
// it, by trying where the engine can.
func (l *Loader) tryIsolation(eng engine.Engine, spec *Spec) *engine.Isolation {
	var isolation engine.Isolation
	switch eng := eng.(type) {
	case engine.Trier:
		a := l.artifact(eng.(engine.Engine), spec, nil)
		if granted, _, err := l.grants(eng.(engine.Engine), spec); err == nil {
			a.Grants, a.Limits = granted, limitsWithin(a.Limits, granted)
		}
		isolation = eng.Try(a)
	case engine.Isolated:
		isolation = eng.Isolation()
	default:
		return nil
	}
	return &isolation
}

// explainRegistry tells which registry owns a name, and by which rule.
func (l *Loader) explainRegistry(e *Explanation, name find.Name) {
	owner, ok := l.registries.Owner(name.Target)
	if name.Form != find.FormPath || !ok {
		return
	}
	e.Registry = owner.Name
	e.Policy = append(e.Policy, Ruling{Allowed: true, Rule: owner.Rule, Reason: fmt.Sprintf("owns %s: nobody else is asked", owner.Pattern)})
}
