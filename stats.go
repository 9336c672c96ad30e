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
	names := l.cache.names()
	for m := range l.Modules() {
		i := report.ModuleInfo{
			Name: m.Name(), Version: m.Version(), Names: names[m], Engine: m.engine, Origin: m.spec.Origin, Dir: m.spec.Source.Dir,
			Imports: slices.Collect(l.cache.importsOf(m)), Stats: m.Stats(),
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
		for on := range l.cache.importsOf(m) {
			g.Imports = append(g.Imports, report.Edge{From: name, To: on})
		}
		for _, part := range m.spec.BuildList {
			g.Built = append(g.Built, report.Edge{From: name, To: part.Path + phrase.Version(part.Version)})
		}
	}
	return g
}
