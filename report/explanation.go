package report

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/policy"
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

	// Asks is what the module's bundle asks to be granted, and whether a policy grants it.
	Asks []Ask `json:"asks,omitempty"`

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

// Ask is something that a module asks to be granted.
type Ask struct {
	Capability string `json:"capability"` // "network"
	Granted    bool   `json:"granted"`
	Fix        string `json:"fix,omitempty"` // the line of a policy that grants it
}

// Asks says of what a module asks for whether it is granted. The name is the one that it is granted
// things by.
func Asks(asks []string, granted policy.Grants, name string) []Ask {
	var all []Ask
	for _, capability := range asks {
		a := Ask{Capability: capability, Granted: granted.Has(capability)}
		if !a.Granted {
			a.Fix = policy.GrantRule(name, capability)
		}
		all = append(all, a)
	}
	return all
}

// Ruling is what a policy says about a name, and by which rule.
type Ruling struct {
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule"`
	Reason  string `json:"reason"`
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
	if len(e.Asks) > 0 {
		fmt.Fprintf(w, "asks for\n")
	}
	for _, a := range e.Asks {
		answer := "granted"
		if !a.Granted {
			answer = "not granted; a policy does that by: " + a.Fix
		}
		line(mark(a.Granted)+" "+a.Capability, answer)
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
			line("state", "compiled, "+quantity.About(a.Size))
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
