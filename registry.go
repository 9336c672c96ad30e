package load

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/policy"
)

type (
	registriesKey struct{}
	promisesKey   struct{}
)

// RegistryFor returns the registry that owns a module or package path by the policies of this context's loader.
// Installers ask before they ask anybody else about a path, or look for it where strangers can have put it. What is
// owned comes from its registry alone, whatever that answers, and is not looked up in a checksum database; from a
// registry comes nothing but what it owns.
func RegistryFor(ctx context.Context, path string) (policy.Owner, bool) {
	registries, _ := ctx.Value(registriesKey{}).(policy.Registries)
	return registries.Owner(path)
}

// Belongs tells whether what the store has of a module may be used: it came from the registry that owns the module, whose
// URL is from, or from none where none owns it; or it has the sum that the lock file promises, wherever it came from.
// Finders and installers treat as absent what does not belong. Without a sum it is about the module's go.mod file.
func Belongs(ctx context.Context, m ModuleVersion, from string) bool {
	if owner, _ := RegistryFor(ctx, m.Path); owner.URL == from {
		return true
	}
	promised, _ := ctx.Value(promisesKey{}).([]ModuleVersion)
	return slices.ContainsFunc(promised, func(p ModuleVersion) bool {
		return p.Path == m.Path && p.Version == m.Version && (m.Sum == "" || m.Sum == p.Sum)
	})
}

// promising is the context of work for which the lock file promises sums.
func (p *pin) promising(ctx context.Context) context.Context {
	if !p.held {
		return ctx
	}
	return context.WithValue(ctx, promisesKey{}, p.modules())
}

// parseName is [ParseName], with the name of a registry replaced by the prefix that it is short for: both spellings are
// one module.
func (l *Loader) parseName(asked string) (Name, error) {
	name, err := ParseName(asked)
	if err != nil || name.Form != FormRegistry {
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
		return Name{}, &NameError{Name: name.String(), Reason: reason}
	}
	name.Form, name.Target = FormPath, registry.Prefix+"/"+path
	if err := module.CheckImportPath(name.Target); err != nil {
		return Name{}, &NameError{Name: name.String(), Reason: "it is not an import path: " + err.Error()}
	}
	return name, nil
}

// explainRegistry tells which registry owns a name, and by which rule.
func (l *Loader) explainRegistry(e *Explanation, name Name) {
	owner, ok := l.registries.Owner(name.Target)
	if name.Form != FormPath || !ok {
		return
	}
	e.Registry = owner.Name
	e.Policy = append(e.Policy, Ruling{Allowed: true, Rule: owner.Rule, Reason: fmt.Sprintf("owns %s: nobody else is asked", owner.Pattern)})
}
