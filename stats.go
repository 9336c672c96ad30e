package load

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/seconds"
)

// Stages is how long each part of a load took; a part that was not needed is 0. In JSON each is a
// number of seconds.
type Stages struct {
	Find    time.Duration
	Install time.Duration // with what a source found in place needs
	Compile time.Duration // or finding the artifact
	Open    time.Duration // initialisation included, and the loads of imports
	Total   time.Duration
}

// stagesJSON is how Stages are written in JSON.
type stagesJSON struct {
	Find    seconds.Seconds `json:"find"`
	Install seconds.Seconds `json:"install"`
	Compile seconds.Seconds `json:"compile"`
	Open    seconds.Seconds `json:"open"`
	Total   seconds.Seconds `json:"total"`
}

// MarshalJSON implements [json.Marshaler].
func (s Stages) MarshalJSON() ([]byte, error) {
	return json.Marshal(stagesJSON{seconds.Seconds(s.Find), seconds.Seconds(s.Install), seconds.Seconds(s.Compile), seconds.Seconds(s.Open), seconds.Seconds(s.Total)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Stages) UnmarshalJSON(data []byte) error {
	var in stagesJSON
	err := json.Unmarshal(data, &in)
	*s = Stages{time.Duration(in.Find), time.Duration(in.Install), time.Duration(in.Compile), time.Duration(in.Open), time.Duration(in.Total)}
	return err
}

// Stats is what is known of a module's life, at one moment.
type Stats struct {
	Loaded   time.Time     `json:"loaded"`    // when
	LastUsed time.Time     `json:"last_used"` // when it was last looked up, bound or called; at most ten seconds, or an eighth of Config.IdleTimeout, later than that
	Stages   Stages        `json:"stages"`
	Calls    int64         `json:"calls"` // that ended, where the engine or the module saw them: not those of native functions bound with their own type
	Errors   int64         `json:"errors"`
	Running  int           `json:"running"` // calls that run now
	Objects  int           `json:"objects"` // that the host holds
	Memory   engine.Memory `json:"memory"`
	Artifact int64         `json:"artifact"` // size of the compiled module, in bytes
	Pins     int           `json:"pins"`
}

// Stats tells about the module's life so far, with that of the instances that run its
// instantiations. Errors are calls that ended by a panic, a crash, a cancellation or a limit; an
// error that a function returns is a result.
func (m *Module) Stats() Stats {
	s := Stats{Loaded: m.loaded, Stages: m.stages, Artifact: m.artifactSize}
	for _, part := range m.parts() {
		s.Calls += part.usage.Calls()
		s.Errors += part.usage.Failed()
		s.Running += part.usage.Running()
		s.Objects += part.usage.Objects()
		memory := part.memory()
		s.Memory.Now += memory.Now
		s.Memory.Peak += memory.Peak
		s.Memory.From = cmp.Or(s.Memory.From, memory.From)
	}
	s.Pins, s.LastUsed = m.loader.cache.useOf(m)
	return s
}

// ModuleInfo describes a module that runs.
type ModuleInfo struct {
	Name    string   `json:"name"`
	Version string   `json:"version,omitempty"`
	Names   []string `json:"names"` // by which it is registered, sorted; without those that tell what it is built with
	Engine  string   `json:"engine"`
	Origin  string   `json:"origin"`
	Dir     string   `json:"dir,omitempty"`
	Imports []string `json:"imports,omitempty"`
	Stats   Stats    `json:"stats"`
}

// Info describes a loader and what it runs.
type Info struct {
	Modules     []ModuleInfo      `json:"modules"` // sorted by name and version
	Memory      int64             `json:"memory"`  // of all modules whose engines report it, in bytes
	MemoryLimit int64             `json:"memory_limit,omitempty"`
	MaxModules  int               `json:"max_modules,omitempty"`
	Aliases     map[string]string `json:"aliases,omitempty"`
	Path        []string          `json:"path"`
	Installers  []string          `json:"installers"`
	Engines     []string          `json:"engines"`
	Store       string            `json:"store,omitempty"` // directory
}

// Info tells what the loader runs and how it is configured.
func (l *Loader) Info() Info {
	info := Info{MemoryLimit: l.config.MemoryLimit, MaxModules: l.config.MaxModules, Aliases: maps.Clone(*l.aliases.Load())}
	for _, finder := range l.config.Path {
		info.Path = append(info.Path, find.Describe(finder))
	}
	for _, installer := range l.config.Installers {
		info.Installers = append(info.Installers, find.Describe(installer))
	}
	for _, engine := range l.config.Engines {
		info.Engines = append(info.Engines, engine.Name())
	}
	if l.config.Store != nil {
		info.Store = l.config.Store.Dir()
	}
	names := l.cache.names()
	for m := range l.Modules() {
		i := ModuleInfo{
			Name: m.Name(), Version: m.Version(), Names: names[m], Engine: m.engine, Origin: m.spec.Origin, Dir: m.spec.Source.Dir,
			Imports: slices.Collect(l.cache.importsOf(m)), Stats: m.Stats(),
		}
		info.Modules = append(info.Modules, i)
		info.Memory += i.Stats.Memory.Now
	}
	return info
}

// Graph is what imports what among the modules that run, and what Go modules each is built from.
type Graph struct {
	Modules []string `json:"modules"` // with their versions, sorted
	Imports []Edge   `json:"imports"` // sorted
	// Built leads from modules to the entries of their build lists: "golang.org/x/text@v0.38.0".
	Built []Edge `json:"built"`
}

// Edge leads from a module to what it needs.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Graph returns the import graph as it is now.
func (l *Loader) Graph() Graph {
	g := Graph{Modules: []string{}, Imports: []Edge{}, Built: []Edge{}}
	for m := range l.Modules() {
		name := m.String()
		g.Modules = append(g.Modules, name)
		for on := range l.cache.importsOf(m) {
			g.Imports = append(g.Imports, Edge{name, on})
		}
		for _, part := range m.spec.BuildList {
			g.Built = append(g.Built, Edge{name, part.Path + phrase.Version(part.Version)})
		}
	}
	return g
}

// DOT returns the graph in the language of Graphviz. What a module is built from hangs on dashed
// lines.
func (g Graph) DOT() string {
	var b strings.Builder
	b.WriteString("digraph modules {\n")
	for _, m := range g.Modules {
		fmt.Fprintf(&b, "\t%q;\n", m)
	}
	for _, e := range g.Imports {
		fmt.Fprintf(&b, "\t%q -> %q;\n", e.From, e.To)
	}
	for _, e := range g.Built {
		fmt.Fprintf(&b, "\t%q -> %q [style=dashed];\n", e.From, "module "+e.To)
	}
	b.WriteString("}\n")
	return b.String()
}

// Mermaid returns the graph as a Mermaid flowchart. What a module is built from hangs on dotted
// lines.
func (g Graph) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	ids := make(map[string]string)
	node := func(name string) string {
		id, known := ids[name]
		if !known {
			id = "m" + strconv.Itoa(len(ids))
			ids[name] = id
			fmt.Fprintf(&b, "\t%s[\"%s\"]\n", id, strings.NewReplacer("\"", "#quot;", "&", "#amp;", "<", "#lt;", ">", "#gt;").Replace(name))
		}
		return id
	}
	for _, m := range g.Modules {
		node(m)
	}
	for _, e := range g.Imports {
		from, to := node(e.From), node(e.To)
		fmt.Fprintf(&b, "\t%s --> %s\n", from, to)
	}
	for _, e := range g.Built {
		from, to := node(e.From), node("module "+e.To)
		fmt.Fprintf(&b, "\t%s -.-> %s\n", from, to)
	}
	return b.String()
}
