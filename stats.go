package load

import (
	"cmp"
	"slices"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/report"
)

// Stats tells about the module's life so far, with that of the instances that run its
// instantiations. Errors are calls that ended by a panic, a crash, a cancellation or a limit; an
// error that a function returns is a result.
func (m *Module) Stats() report.Stats {
	s := report.Stats{Loaded: m.loaded, Stages: m.stages, Artifact: m.artifactSize}
	for _, part := range m.entry.Parts() {
		s.Calls += part.Usage.Calls()
		s.Errors += part.Usage.Failed()
		s.Latency = s.Latency.Plus(part.Usage.Latency())
		s.Running += part.Usage.Running()
		s.Objects += part.Usage.Objects()
		memory := part.Memory()
		s.Memory.Now += memory.Now
		s.Memory.Peak += memory.Peak
		s.Memory.From = cmp.Or(s.Memory.From, memory.From)
	}
	s.Pins, s.LastUsed = m.loader.cache.UseOf(m)
	return s
}

// Info tells what the loader runs and how it is configured.
func (l *Loader) Info() report.Info {
	info := report.Info{MemoryLimit: l.config.MemoryLimit, MaxModules: l.config.MaxModules, Aliases: l.names.Aliases()}
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
	names := l.cache.Names()
	for m := range l.Modules() {
		i := report.ModuleInfo{
			Name: m.Name(), Version: m.Version(), Names: names[m], Engine: m.engine, Origin: m.entry.Spec.Origin, Dir: m.entry.Spec.Source.Dir,
			Imports: slices.Collect(l.cache.ImportsOf(m)), Stats: m.Stats(),
		}
		info.Modules = append(info.Modules, i)
		info.Memory += i.Stats.Memory.Now
	}
	return info
}

// Graph returns the import graph as it is now.
func (l *Loader) Graph() report.Graph {
	g := report.Graph{Modules: []string{}, Imports: []report.Edge{}, Built: []report.Edge{}}
	for m := range l.Modules() {
		name := m.String()
		g.Modules = append(g.Modules, name)
		for on := range l.cache.ImportsOf(m) {
			g.Imports = append(g.Imports, report.Edge{From: name, To: on})
		}
		for _, part := range m.entry.Spec.BuildList {
			g.Built = append(g.Built, report.Edge{From: name, To: part.Path + phrase.Version(part.Version)})
		}
	}
	return g
}
