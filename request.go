package load

import (
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
