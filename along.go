package load

import (
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"slices"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/instantiation"
	"github.com/loadgo/load/internal/query"
)

// LoadOption says what a module is built with besides its package, and what runs it: [Along], [Instantiate],
// [WithEngine]. It is part of what is asked for: a module with an option is one of its own, beside the one without.
type LoadOption struct {
	along, instances []string
	engine           string
	force            bool
	check            check
}

// forced reports whether one of the options is [Force].
func forced(options []LoadOption) bool {
	return slices.ContainsFunc(options, func(o LoadOption) bool { return o.force })
}

// WithEngine lets the engine of that name run the module, whatever the order of [Config].Engines. An engine that
// does not take the module is an [*EngineError].
func WithEngine(name string) LoadOption { return LoadOption{engine: name} }

// Along builds further packages, the companions, into the module, so that values flow between them. Each
// is an import path, with an alias before it and a version query after it where need be:
// "go.uber.org/zap/zapcore", "zc=go.uber.org/zap/zapcore", "golang.org/x/text/language@v0.14.0". A companion
// comes from the standard library, from the package's own module, from the modules that it is built from,
// or else it is installed. Its symbols go by its alias or its package's name: "zapcore.NewCore".
//
// The order does not matter, and neither does a companion that is named twice.
func Along(packages ...string) LoadOption { return LoadOption{along: slices.Clone(packages)} }

// Instantiate builds instantiations of generic functions and types into the module, where they are symbols
// of these names: "Uniq[int]", "Map[string, time.Duration]", "Set[Point]". Type arguments are made of predeclared
// types, of the package's own exported types, and of those of companions and of the standard library, which
// go by the names of their packages.
//
// [Func] and [Module.Call] instantiate on demand as well; see there for what is different.
func Instantiate(symbols ...string) LoadOption { return LoadOption{instances: slices.Clone(symbols)} }

// parseRequest takes a name, which may be an alias, and what it is to be built with.
func (l *Loader) parseRequest(asked string, options []LoadOption) (find.Name, error) {
	name, err := l.ParseName(asked)
	if err != nil {
		return find.Name{}, err
	}
	for _, option := range options {
		for _, text := range option.along {
			companion, err := l.parseCompanion(asked, text)
			if err != nil {
				return find.Name{}, err
			}
			if companion.Path != name.Target || companion.Alias != "" {
				name.Along = append(name.Along, companion)
			}
		}
		for _, text := range option.instances {
			instance, err := instantiation.Parse(text)
			if err != nil {
				return find.Name{}, &NameError{Name: asked, Reason: fmt.Sprintf("it cannot be built with the instantiation %q: %v", text, err)}
			}
			name.Instances = append(name.Instances, instance.Text)
		}
		name.Engine = cmp.Or(option.engine, name.Engine)
	}
	slices.SortFunc(name.Along, func(a, b find.Companion) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.String(), b.String()))
	})
	name.Along = slices.Compact(name.Along)
	slices.Sort(name.Instances)
	name.Instances = slices.Compact(name.Instances)
	for i, c := range name.Along {
		if i > 0 && name.Along[i-1].Path == c.Path {
			return find.Name{}, &NameError{Name: asked, Reason: fmt.Sprintf("its companion %s is asked for as %s and as %s", c.Path, name.Along[i-1], c)}
		}
	}
	return name, nil
}

func (l *Loader) parseCompanion(asked, text string) (find.Companion, error) {
	bad := func(reason string) (find.Companion, error) {
		return find.Companion{}, &NameError{Name: asked, Reason: fmt.Sprintf("its companion %q: %s", text, reason)}
	}
	name, err := l.parseName(text)
	if err != nil {
		var invalid *NameError
		if errors.As(err, &invalid) {
			return bad(invalid.Reason)
		}
		return bad(err.Error())
	}
	switch {
	case name.Form != find.FormPath:
		return bad("it is a " + string(name.Form) + ", not an import path")
	case name.Alias != "" && !token.IsIdentifier(name.Alias):
		return bad("its alias is not a Go identifier")
	}
	return find.Companion{Alias: name.Alias, Path: name.Target, Query: name.Query}, nil
}

// builtWith is the part of a cache key that tells what a module is built with, "" for nothing else. Names
// hold no control character, so that no two requests have one key.
func builtWith(along []find.Companion, instances []string, engine string) string {
	var b strings.Builder
	if engine != "" {
		b.WriteString("\x00engine " + engine)
	}
	for _, c := range along {
		b.WriteString("\x00along " + c.String())
	}
	for _, instance := range instances {
		b.WriteString("\x00instance " + instance)
	}
	return b.String()
}

// builtWith is what the specs of one module have in common: the versions that were found rather than asked for.
func specBuiltWith(s *Spec) string {
	if s.Source.Go == nil {
		return builtWith(nil, nil, s.Engine)
	}
	along := slices.Clone(s.Source.Go.Along)
	for i, c := range along {
		along[i].Query = cmp.Or(c.Version, c.Query)
	}
	return builtWith(along, s.Source.Go.Instances, s.Engine)
}

// with returns the spec with what the name is to be built with besides companions, which only the finders
// and installers can bring.
func withName(s *Spec, name find.Name) (*Spec, error) {
	if name.Engine != "" {
		own := *s
		own.Engine = name.Engine
		s = &own
	}
	if len(name.Along) == 0 && len(name.Instances) == 0 {
		return s, nil
	}
	if s.Source.Go == nil {
		return nil, &CompileError{Reason: "it is no Go package: it cannot be built with companions or instantiations"}
	}
	if len(s.Source.Go.Along) != len(name.Along) {
		return nil, &InternalError{Value: fmt.Sprintf("%s does not bring companions", s.Origin)}
	}
	return instantiated(s, name.Instances), nil
}

// instantiated returns a spec of the same source with other instantiations.
func instantiated(s *Spec, instances []string) *Spec {
	spec, source := *s, *s.Source.Go
	source.Instances = instances
	spec.Source.Go = &source
	return &spec
}

// agrees checks that the companions did not raise the module to a version that was not asked for.
func agrees(s *Spec, name find.Name) error {
	q, err := query.Parse(name.Query)
	if err != nil || len(name.Along) == 0 || q.Kind() == query.Any || q.Kind() == query.Revision || q.Match(s.Version) {
		return nil // a query that is none was refused by who understands it
	}
	return &VersionError{
		Module: s.Module, Query: name.Query, Reason: fmt.Sprintf("%s was asked for, and its companions need %s", name.Query, s.Version),
		Fix: "ask for " + name.Target + "@" + s.Version + ", or for companions of older versions",
	}
}
