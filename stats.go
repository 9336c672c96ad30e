package load

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
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
