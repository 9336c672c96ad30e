package load

import (
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/instantiation"
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
	name, err := l.ParseName(r.asked)
	if err != nil {
		return err
	}
	r.name = name
	r.name.Engine, r.name.Expression = r.engine, r.expression
	if err := l.parseCompanions(r); err != nil {
		return err
	}
	for _, text := range r.instances {
		instance, err := instantiation.Parse(text)
		if err != nil {
			return &NameError{Name: r.asked, Reason: fmt.Sprintf("it cannot be built with the instantiation %q: %v", text, err)}
		}
		r.name.Instances = append(r.name.Instances, instance.Text)
	}
	slices.Sort(r.name.Instances)
	r.name.Instances = slices.Compact(r.name.Instances)
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
func (l *Loader) ParseName(name string) (find.Name, error) {
	parsed, err := l.parseName(name)
	if err != nil {
		return find.Name{}, err
	}
	return l.unalias(parsed)
}

// unalias returns the name that a name stands for.
func (l *Loader) unalias(name find.Name) (find.Name, error) {
	for name.Form == find.FormPath {
		to, ok := (*l.aliases.Load())[name.Target]
		if !ok {
			break
		}
		target, err := l.parseName(to)
		if err != nil {
			return find.Name{}, err
		}
		if name.Query != "" {
			if target.Query != "" || target.Form == find.FormDir {
				return find.Name{}, &NameError{Name: name.String(), Reason: fmt.Sprintf("%s is an alias of %s: it has no other versions", name.Target, to)}
			}
			target.Query = name.Query
		}
		name.Target, name.Query, name.Form = target.Target, target.Query, target.Form
	}
	return name, nil
}

// parseName is [find.ParseName], with the name of a registry replaced by the prefix that it is
// short for: both spellings are one module.
func (l *Loader) parseName(asked string) (find.Name, error) {
	name, err := find.ParseName(asked)
	if err != nil || name.Form != find.FormRegistry {
		return name, err
	}
	known, path, _ := strings.Cut(name.Target, ":")
	registry, ok := l.registries.Named(known)
	if !ok {
		reason := fmt.Sprintf("there is no registry %q; ", known)
		if names := l.registries.Names(); len(names) > 0 {
			reason += "there is " + strings.Join(names, ", ")
		} else {
			reason += fmt.Sprintf("add one to the policy: registry %s https://HOST PREFIX", known)
		}
		return find.Name{}, &NameError{Name: name.String(), Reason: reason}
	}
	name.Form, name.Target = find.FormPath, registry.Prefix+"/"+path
	if err := module.CheckImportPath(name.Target); err != nil {
		return find.Name{}, &NameError{Name: name.String(), Reason: "it is not an import path: " + err.Error()}
	}
	return name, nil
}

// parseCompanions parses what the module is built along with.
func (l *Loader) parseCompanions(r *request) error {
	for _, text := range r.along {
		companion, err := l.parseCompanion(r.asked, text)
		if err != nil {
			return err
		}
		if companion.Path != r.name.Target || companion.Alias != "" {
			r.name.Along = append(r.name.Along, companion)
		}
	}
	slices.SortFunc(r.name.Along, func(a, b find.Companion) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.String(), b.String()))
	})
	r.name.Along = slices.Compact(r.name.Along)
	for i, c := range r.name.Along {
		if i > 0 && r.name.Along[i-1].Path == c.Path {
			return &NameError{Name: r.asked, Reason: fmt.Sprintf("its companion %s is asked for as %s and as %s", c.Path, r.name.Along[i-1], c)}
		}
	}
	return nil
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

// Alias gives a module a further name: from then on the alias leads to the module of that name, for
// the host and for modules that import it. The alias is a plain name, without a version; the name
// may have one, or be an alias itself. An alias comes before what the path knows under it, and
// outlives the module. [Config].Aliases does the same from the start.
//
// The error is an [*AliasError] for aliases that lead to each other, and a [*NameError] for names
// that are invalid, and for an alias that is taken by another one or by a module that runs.
func (l *Loader) Alias(alias, name string) error {
	if err := l.addAlias(alias, name); err != nil {
		return fmt.Errorf("alias %q: %w", alias, err)
	}
	return nil
}

func (l *Loader) addAlias(alias, name string) error {
	parsed, err := find.ParseName(alias)
	if err != nil {
		return err
	}
	if parsed.Form != find.FormPath || parsed.Query != "" || parsed.Alias != "" {
		return &NameError{Name: alias, Reason: "an alias is a plain name, without a version"}
	}
	target, err := l.parseName(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if target.Alias != "" {
		return &NameError{Name: alias, Reason: fmt.Sprintf("%q has an alias before it", name)}
	}
	l.aliasing.Lock()
	defer l.aliasing.Unlock()
	aliases := *l.aliases.Load()
	if other, ok := aliases[alias]; ok {
		if other == name {
			return nil
		}
		return &NameError{Name: alias, Reason: "it is an alias of " + other + " already"}
	}
	chain := []string{alias, name}
	for next := target; ; {
		if next.Form == find.FormPath && next.Target == alias {
			return &AliasError{Chain: append(chain[:len(chain)-1], alias)}
		}
		to, ok := aliases[next.Target]
		if next.Form != find.FormPath || !ok {
			break
		}
		if next, err = l.parseName(to); err != nil {
			return err
		}
		chain = append(chain, to)
	}
	if m := l.cache.get(alias); m != nil && m != l.cache.get(name) {
		return &NameError{Name: alias, Reason: "a module of that name runs already"}
	}
	aliases = maps.Clone(aliases)
	aliases[alias] = name
	l.aliases.Store(&aliases)
	return nil
}

// addAliases takes over those of the Config.
func (l *Loader) addAliases(aliases map[string]string) error {
	l.aliases.Store(&map[string]string{})
	for _, alias := range slices.Sorted(maps.Keys(aliases)) {
		if err := l.addAlias(alias, aliases[alias]); err != nil {
			return &ConfigError{Setting: fmt.Sprintf("Config.Aliases[%q]", alias), Reason: err.Error()}
		}
	}
	return nil
}
