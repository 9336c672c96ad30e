// Package naming says what the names stand for by which modules are asked for: aliases, the names
// of registries, companions and instantiations. It looks nothing up.
package naming

import (
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/instantiation"
	"github.com/loadgo/load/policy"
)

// Names are the aliases and registries of a loader. All methods are safe for concurrent use.
type Names struct {
	Registries policy.Registries // not changed after New

	changing sync.Mutex                        // held while aliases are added
	aliases  atomic.Pointer[map[string]string] // never nil after New
}

// New returns names without an alias.
func New(registries policy.Registries) *Names {
	n := &Names{Registries: registries}
	n.aliases.Store(&map[string]string{})
	return n
}

// Aliases returns the aliases, for the caller to keep.
func (n *Names) Aliases() map[string]string { return maps.Clone(*n.aliases.Load()) }

// Parse is [find.ParseName] with aliases and names of registries replaced by what they stand for.
func (n *Names) Parse(name string) (find.Name, error) {
	parsed, err := n.parse(name)
	if err != nil {
		return find.Name{}, err
	}
	return n.unalias(parsed)
}

// unalias returns the name that a name stands for.
func (n *Names) unalias(name find.Name) (find.Name, error) {
	for name.Form == find.FormPath {
		to, ok := (*n.aliases.Load())[name.Target]
		if !ok {
			break
		}
		target, err := n.parse(to)
		if err != nil {
			return find.Name{}, err
		}
		if name.Query != "" {
			if target.Query != "" || target.Form == find.FormDir {
				return find.Name{}, &find.NameError{Name: name.String(), Reason: fmt.Sprintf("%s is an alias of %s: it has no other versions", name.Target, to)}
			}
			target.Query = name.Query
		}
		name.Target, name.Query, name.Form = target.Target, target.Query, target.Form
	}
	return name, nil
}

// parse is [find.ParseName], with the name of a registry replaced by the prefix that it is
// short for: both spellings are one module.
func (n *Names) parse(asked string) (find.Name, error) {
	name, err := find.ParseName(asked)
	if err != nil || name.Form != find.FormRegistry {
		return name, err
	}
	known, path, _ := strings.Cut(name.Target, ":")
	registry, ok := n.Registries.Named(known)
	if !ok {
		reason := fmt.Sprintf("there is no registry %q; ", known)
		if names := n.Registries.Names(); len(names) > 0 {
			reason += "there is " + strings.Join(names, ", ")
		} else {
			reason += fmt.Sprintf("add one to the policy: registry %s https://HOST PREFIX", known)
		}
		return find.Name{}, &find.NameError{Name: name.String(), Reason: reason}
	}
	name.Form, name.Target = find.FormPath, registry.Prefix+"/"+path
	if err := module.CheckImportPath(name.Target); err != nil {
		return find.Name{}, &find.NameError{Name: name.String(), Reason: "it is not an import path: " + err.Error()}
	}
	return name, nil
}

// along adds the companions.
func (n *Names) along(name find.Name, asked string, along []string) (find.Name, error) {
	for _, text := range along {
		companion, err := n.companion(asked, text)
		if err != nil {
			return name, err
		}
		if companion.Path != name.Target || companion.Alias != "" {
			name.Along = append(name.Along, companion)
		}
	}
	slices.SortFunc(name.Along, func(a, b find.Companion) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.String(), b.String()))
	})
	name.Along = slices.Compact(name.Along)
	for i, c := range name.Along {
		if i > 0 && name.Along[i-1].Path == c.Path {
			return name, &find.NameError{Name: asked, Reason: fmt.Sprintf("its companion %s is asked for as %s and as %s", c.Path, name.Along[i-1], c)}
		}
	}
	return name, nil
}

func (n *Names) companion(asked, text string) (find.Companion, error) {
	bad := func(reason string) (find.Companion, error) {
		return find.Companion{}, &find.NameError{Name: asked, Reason: fmt.Sprintf("its companion %q: %s", text, reason)}
	}
	name, err := n.parse(text)
	if err != nil {
		var invalid *find.NameError
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

// Build returns the name with what its module is built with: companions and instantiations, each
// once and sorted. asked is how the name was written.
func (n *Names) Build(name find.Name, asked string, along, instances []string) (find.Name, error) {
	name, err := n.along(name, asked, along)
	if err != nil {
		return name, err
	}
	for _, text := range instances {
		instance, err := instantiation.Parse(text)
		if err != nil {
			return name, &find.NameError{Name: asked, Reason: fmt.Sprintf("it cannot be built with the instantiation %q: %v", text, err)}
		}
		name.Instances = append(name.Instances, instance.Text)
	}
	slices.Sort(name.Instances)
	name.Instances = slices.Compact(name.Instances)
	return name, nil
}

// Alias adds an alias of a name. taken reports whether a module runs by that name that is not the
// alias's. The error is a [*find.AliasError] or a [*find.NameError].
func (n *Names) Alias(alias, name string, taken func() bool) error {
	parsed, err := find.ParseName(alias)
	if err != nil {
		return err
	}
	if parsed.Form != find.FormPath || parsed.Query != "" || parsed.Alias != "" {
		return &find.NameError{Name: alias, Reason: "an alias is a plain name, without a version"}
	}
	target, err := n.parse(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if target.Alias != "" {
		return &find.NameError{Name: alias, Reason: fmt.Sprintf("%q has an alias before it", name)}
	}
	n.changing.Lock()
	defer n.changing.Unlock()
	aliases := *n.aliases.Load()
	if other, ok := aliases[alias]; ok {
		if other == name {
			return nil
		}
		return &find.NameError{Name: alias, Reason: "it is an alias of " + other + " already"}
	}
	chain := []string{alias, name}
	for next := target; ; {
		if next.Form == find.FormPath && next.Target == alias {
			return &find.AliasError{Chain: append(chain[:len(chain)-1], alias)}
		}
		to, ok := aliases[next.Target]
		if next.Form != find.FormPath || !ok {
			break
		}
		if next, err = n.parse(to); err != nil {
			return err
		}
		chain = append(chain, to)
	}
	if taken() {
		return &find.NameError{Name: alias, Reason: "a module of that name runs already"}
	}
	aliases = maps.Clone(aliases)
	aliases[alias] = name
	n.aliases.Store(&aliases)
	return nil
}
