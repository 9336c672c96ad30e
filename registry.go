package load

import (
	"fmt"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
)

// parseName is [find.ParseName], with the name of a registry replaced by the prefix that it is short for: both spellings are
// one module.
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

// explainRegistry tells which registry owns a name, and by which rule.
func (l *Loader) explainRegistry(e *Explanation, name find.Name) {
	owner, ok := l.registries.Owner(name.Target)
	if name.Form != find.FormPath || !ok {
		return
	}
	e.Registry = owner.Name
	e.Policy = append(e.Policy, Ruling{Allowed: true, Rule: owner.Rule, Reason: fmt.Sprintf("owns %s: nobody else is asked", owner.Pattern)})
}
