// Package artifact chooses the engine that runs a spec, and has what that compiles of it: from a
// bundle, from the store, or made now.
package artifact

import (
	"fmt"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/report"
	"github.com/loadgo/load/store"
)

// Maker makes the artifacts of a loader. Its fields are not changed while it is in use; all methods
// are safe for concurrent use.
type Maker struct {
	Engines   []engine.Engine
	Engine    string // the only one to use, "" for any
	Bundles   []Bundle
	Store     *store.Store  // nil for none
	Remote    engine.Remote // nil for none
	Offline   bool          // Remote is not asked; it decides about what it brought before
	Toolchain string        // as Config.Toolchain of package load has it
	Policies  []*policy.Policy
	LockFile  string // "" for none
	Events    event.Sink

	GOROOT Roots // brings toolchains; it is asked as the settings and policies allow it
}

// Bundle has what was compiled elsewhere.
type Bundle interface {
	// Artifact returns what was compiled under a key, or nil.
	Artifact(key string) *store.Artifact
	// Releases are the releases of toolchains that compiled what it has.
	Releases() []string
}

// Choose asks every engine: the first that accepts the source and is not ruled out is chosen. If
// there is none, the error is an [*engine.EngineError].
func (m *Maker) Choose(spec *find.Spec) (engine.Engine, []report.EngineAnswer, error) {
	src, wanted, who := spec.Source, m.Engine, "Config.Engine"
	if spec.Engine != "" {
		wanted, who = spec.Engine, "the load"
	}
	if prepared := m.preparedFor(spec); wanted == "" && prepared != "" {
		wanted, who = prepared, "what was prepared"
	}
	var chosen engine.Engine
	var answers []report.EngineAnswer
	for _, engine := range m.Engines {
		a := report.EngineAnswer{Engine: engine.Name()}
		switch {
		case wanted != "" && wanted != a.Engine:
			a.Why = fmt.Sprintf("%s asks for %s", who, wanted)
		case !engine.Accepts(src):
			a.Why = fmt.Sprintf("it does not take this source (%s)", src.Kind)
		case chosen != nil:
			a.Why = fmt.Sprintf("it takes the source, and %s comes first", chosen.Name())
		default:
			chosen, a.Chosen, a.Why = engine, true, "the first that takes the source"
			if wanted != "" {
				a.Why = who + " asks for it"
			}
		}
		answers = append(answers, a)
	}
	if chosen != nil {
		return chosen, answers, nil
	}
	err := &engine.EngineError{Kind: src.Kind, Fix: "set Config.Engines to one that takes it"}
	for _, a := range answers {
		err.Tried = append(err.Tried, find.Tried{Who: a.Engine, Answer: a.Why})
	}
	return nil, answers, err
}

// preparedFor returns the name of the first engine for which a bundle has what was compiled of a
// spec, "" for none.
func (m *Maker) preparedFor(spec *find.Spec) string {
	if !spec.Source.Prepared {
		return ""
	}
	for _, eng := range m.Engines {
		compiler, ok := eng.(engine.Compiler)
		if ok && eng.Accepts(spec.Source) && m.fromBundle(eng, compiler, spec) != nil {
			return eng.Name()
		}
	}
	return ""
}

// fromBundle returns what a bundle has of a spec, or nil.
func (m *Maker) fromBundle(eng engine.Engine, compiler engine.Compiler, spec *find.Spec) *store.Artifact {
	for _, b := range m.Bundles {
		release, _ := m.release(eng, spec)
		fingerprints := []string{fingerprint(compiler, release)}
		if released, ok := eng.(engine.Released); ok && spec.Source.Prepared { // this host compiles nothing of it
			fingerprints = nil
			for _, release := range b.Releases() {
				fingerprints = append(fingerprints, released.FingerprintOf(release))
			}
		}
		for _, fingerprint := range fingerprints {
			if files := b.Artifact(key(eng, fingerprint, spec.Source)); files != nil {
				return files
			}
		}
	}
	return nil
}
