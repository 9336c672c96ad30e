package load

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/plan"
)

// request is what somebody asked for. Its name is parsed, unaliased, expanded by the names of
// registries, and given its keys once; nothing on the way to the module works them out again.
type request struct {
	asked string    // as it was written
	name  find.Name // what that stands for
	with  string    // what the module is built with, as a part of keys; "" for nothing else
	key   string    // by which a module is cached besides asked+with; "" where gone is set
	gone  error     // why a relative directory has no key, or nil

	installer install.Installer // the first that claims the name, or nil
	claims    int               // its place among the installers, or -1

	along, instances []string // as the options have them
	expression       string
	engine           string
	check            Check // what a reload asks of the new instance, or nil
	force            bool  // it is unloaded although others imported it
}

// request makes a request of a name and the options of a load.
func (l *Loader) request(asked string, options []LoadOption) (*request, error) {
	r := &request{asked: asked}
	for _, o := range options {
		o.load(r)
	}
	return r, l.parse(r)
}

// parse works the request's name out.
func (l *Loader) parse(r *request) (err error) {
	defer recovered(&err)
	if r.name, err = l.names.Parse(r.asked); err != nil {
		return err
	}
	r.name.Engine, r.name.Expression = r.engine, r.expression
	if r.name, err = l.names.Build(r.name, r.asked, r.along, r.instances); err != nil {
		return err
	}
	r.claims = slices.IndexFunc(l.config.Installers, func(in install.Installer) bool { return in.Claims(r.name) })
	if r.claims >= 0 {
		r.installer = l.config.Installers[r.claims]
	}
	r.with = plan.BuiltWith(r.name.Along, r.name.Instances, r.name.Expression, r.name.Engine)
	key := r.name.String()
	if r.name.Form == find.FormDir {
		if key, err = filepath.Abs(r.name.Target); err != nil {
			r.gone = &SystemError{
				Reason: "the current directory is gone or out of reach: " + err.Error(), Fix: "change to another directory, or use an absolute path", Err: err,
			}
			return nil
		}
	}
	r.key = key + r.with
	return nil
}

// keys are those under which the cache may have what is asked for, what was written first.
func (r *request) keys() []string {
	if r.gone != nil {
		return []string{r.asked + r.with}
	}
	return []string{r.asked + r.with, r.key}
}

// at returns the request with another version query.
func (r *request) at(query string) *request {
	other := *r
	other.name.Query = query
	return &other
}

// ParseName is [find.ParseName] as the loader does it: it replaces aliases, and names of
// registries, by what they stand for.
func (l *Loader) ParseName(name string) (find.Name, error) { return l.names.Parse(name) }

// Alias gives a module a further name: from then on the alias leads to the module of that name, for
// the host and for modules that import it. The alias is a plain name, without a version; the name
// may have one, or be an alias itself. An alias comes before what the path knows under it, and
// outlives the module. [Config].Aliases does the same from the start.
//
// The error is an [*AliasError] for aliases that lead to each other, and a [*NameError] for names
// that are invalid, and for an alias that is taken by another one or by a module that runs.
func (l *Loader) Alias(alias, name string) error {
	taken := func() bool {
		m := l.cache.Get(alias)
		return m != nil && m != l.cache.Get(name)
	}
	if err := l.names.Alias(alias, name, taken); err != nil {
		return fmt.Errorf("alias %q: %w", alias, err)
	}
	return nil
}

// LoadOption says what a module is built with besides its package, and what runs it: [Along],
// [Instantiate], [Expression], [WithEngine]. It is part of what is asked for: a module with an
// option is one of its own, beside the one without. Everything that takes a name takes these
// options.
type LoadOption interface {
	ReloadOption
	UnloadOption
	load(*request)
}

// ReloadOption is an option of [Loader.Reload]: a [LoadOption], or a [Check].
type ReloadOption interface{ reload(*request) }

// UnloadOption is an option of [Loader.Unload]: a [LoadOption], or [Force].
type UnloadOption interface{ unload(*request) }

// option is a [LoadOption].
type option func(*request)

func (o option) load(r *request)   { o(r) }
func (o option) reload(r *request) { o(r) }
func (o option) unload(r *request) { o(r) }

// WithEngine lets the engine of that name run the module, whatever the order of [Config].Engines.
// An engine that does not take the module is an [*EngineError].
func WithEngine(name string) LoadOption {
	return option(func(r *request) { r.engine = cmp.Or(name, r.engine) })
}

// Along builds further packages, the companions, into the module, so that values flow between them.
// Each is an import path, with an alias before it and a version query after it where need be:
// "go.uber.org/zap/zapcore", "zc=go.uber.org/zap/zapcore", "golang.org/x/text/language@v0.14.0". A
// companion comes from the standard library, from the package's own module, from the modules that
// it is built from, or else it is installed. Its symbols go by its alias or its package's name:
// "zapcore.NewCore".
//
// The order does not matter, and neither does a companion that is named twice.
func Along(packages ...string) LoadOption {
	return option(func(r *request) { r.along = append(r.along, packages...) })
}

// Instantiate builds instantiations of generic functions and types into the module, where they are
// symbols of these names: "Uniq[int]", "Map[string, time.Duration]", "Set[Point]". Type arguments
// are made of predeclared types, of the package's own exported types, and of those of companions
// and of the standard library, which go by the names of their packages.
//
// [Func] and [Module.Call] instantiate on demand as well; see there for what is different.
func Instantiate(symbols ...string) LoadOption {
	return option(func(r *request) { r.instances = append(r.instances, symbols...) })
}

// Expression builds a Go expression into the module, as the result of a function without parameters
// that is called [ExpressionSymbol]. It may be any expression, or statements of which the last is
// an expression; it names what the package exports without the package's name, and what companions
// export by theirs:
//
//	load.Expression(`Map([]string{"a"}, func(s string) string { return s + "!" })`)
//
// It is Go code of its author, and runs with what the module is granted. Package eval evaluates
// expressions over a module that runs, without compiling them, where they need no more than that.
// One that does not compile is an [*ExpressionError].
func Expression(src string) LoadOption {
	return option(func(r *request) { r.expression = src })
}

// ExpressionSymbol is the name of the function that [Expression] builds.
const ExpressionSymbol = find.ExpressionSymbol

// Check tries a new instance before it takes the old one's place: a reload whose check returns an
// error, or panics, leaves the old one where it is. It is an option of [Loader.Reload] and
// [Loader.Watch].
type Check func(ctx context.Context, m *Module) error

func (f Check) reload(r *request) { r.check = f }

type force struct{}

func (force) unload(r *request) { r.force = true }

// Force makes [Loader.Unload] unload a module that other modules imported, and these before it.
func Force() UnloadOption { return force{} }
