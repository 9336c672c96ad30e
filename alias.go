package load

import (
	"fmt"
	"maps"
	"slices"

	"github.com/loadgo/load/find"
)

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
