package load

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/policy"
)

// permitName decides before anybody is asked for a name.
func (l *Loader) permitName(r *request) error {
	name := r.name
	return install.Decide(l.config.Policies, func(p *policy.Policy) policy.Decision {
		d := p.Asked(policy.Subject{Package: name.Target})
		for _, c := range name.Along {
			if d.Allowed && dotted(c.Path) {
				d = p.Asked(policy.Subject{Package: c.Path})
			}
		}
		if d.Allowed {
			d = p.Install()
		}
		return d
	})
}

// dotted reports whether an import path begins with a host.
func dotted(path string) bool {
	host, _, _ := strings.Cut(path, "/")
	return strings.Contains(host, ".")
}

// permit decides about what was found or installed, before anything of it is compiled.
func (l *Loader) permit(f *found) error {
	now, spec := time.Now(), f.spec
	return install.Decide(l.config.Policies, func(rules *policy.Policy) policy.Decision {
		d := permitModule(rules, f, now)
		if d.Allowed {
			d = rules.Modules(len(spec.BuildList))
		}
		for _, m := range spec.BuildList {
			if !d.Allowed {
				return d
			}
			d = rules.Name(m.Path)
			if d.Allowed {
				d = install.Signed(rules, f.pin.locked(), m, now)
			}
		}
		if d.Allowed {
			d = permitParts(rules, spec)
		}
		if d.Allowed {
			d = permitCompanions(rules, f.name, spec)
		}
		return d
	})
}

// permitModule decides about the module itself, by the name that was asked for and by all others
// that it goes by.
func permitModule(rules *policy.Policy, f *found, now time.Time) policy.Decision {
	subject := specSubject(f.spec)
	subject.Also = append(subject.Also, f.name.Target)
	switch {
	case f.spec.Source.Kind == find.KindBuiltin: // the program's own
		return rules.Denies(subject.Names()...)
	case f.by != "":
		return rules.Version(subject, now)
	}
	return rules.Asked(subject)
}

// permitParts decides about what a build reads in place, and about the packages that it imports.
func permitParts(rules *policy.Policy, spec *Spec) policy.Decision {
	var names []string
	for _, part := range spec.Parts {
		if part.Place == "" && len(part.Files) == 0 {
			names = append(names, part.Name)
			continue
		}
		d := rules.Denies(slices.Concat(policy.Subject{Package: part.Name}.Names(), part.Files)...)
		if d.Allowed && part.Place != "" {
			d = rules.Places(part.Place)
		}
		if !d.Allowed {
			if part.Name != "" && !strings.HasPrefix(d.Reason, part.Name+" ") {
				d.Reason = part.Name + ": " + d.Reason
			}
			return d
		}
	}
	return rules.Denies(names...)
}

// permitCompanions decides about companions. Those of a local module are parts of the build by
// their place.
func permitCompanions(rules *policy.Policy, name find.Name, spec *Spec) policy.Decision {
	for _, c := range name.Along {
		local := slices.ContainsFunc(spec.Parts, func(part find.Part) bool { return part.Name == c.Path && part.Place != "" })
		if d := rules.Asked(policy.Subject{Package: c.Path, Standard: !dotted(c.Path)}); !d.Allowed && !local {
			return d
		}
	}
	return policy.Decision{Allowed: true}
}

// permitGrants compares what the policies grant with what the lock file says that they granted:
// more than that has to be reviewed.
func (l *Loader) permitGrants(f *found) error {
	p, spec := f.pin, f.spec
	granted, _ := policy.Granted(l.config.Policies, grantNames(spec)...)
	more := granted.Beyond(p.entry.Grants)
	if !p.held || len(more) == 0 {
		return nil
	}
	return &PolicyError{
		Rule:   l.lock.base,
		Reason: fmt.Sprintf("the policy grants it more than it had when it was locked: %s", strings.Join(more, ", ")),
		Fix:    "run `load lock -accept " + p.entry.Name + "` if it should have that",
	}
}

// grants is what the policies give to the instance of a spec, and whether it needs full isolation.
func (l *Loader) grants(eng engine.Engine, spec *Spec) (granted engine.Grants, isolated bool, err error) {
	granted, rules := policy.Granted(l.config.Policies, grantNames(spec)...)
	for _, p := range l.config.Policies {
		if rule, required := p.Isolated(specSubject(spec).Names()...); required {
			isolated, rules = true, append(rules, rule)
		}
	}
	if !isolated && granted.Zero() {
		return granted, false, nil
	}
	reason := "the engine " + eng.Name() + " cannot enforce it"
	if granter, ok := eng.(engine.Granter); ok {
		err := granter.CanGrant(granted)
		if err == nil {
			return granted, isolated, nil
		}
		reason += ": " + err.Error()
	}
	return engine.Grants{}, false, &PolicyError{Rule: strings.Join(rules, "; "), Reason: reason, Fix: "run the module in another engine"}
}

// Ruling is what a policy says about a name, and by which rule.
type Ruling struct {
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule"`
	Reason  string `json:"reason"`
}

// explainPolicy tells which rules decided, and what is granted.
func (l *Loader) explainPolicy(e *Explanation, r *request, f *found, release *install.Release, err error) {
	var refused *PolicyError
	if errors.As(err, &refused) {
		e.Policy = append(e.Policy, Ruling{Rule: refused.Rule, Reason: refused.Reason})
		return
	}
	subject := policy.Subject{Package: r.name.Target}
	granted := []string{r.name.Target}
	decision := func(rules *policy.Policy) policy.Decision { return rules.Version(subject, time.Now()) }
	if release != nil {
		subject = release.Subject()
		granted = []string{subject.Package}
	}
	if f != nil {
		subject, granted = specSubject(f.spec), grantNames(f.spec)
		if err := cmp.Or(l.permit(f), l.permitGrants(f), l.permitPin(f)); errors.As(err, &refused) {
			e.Policy = append(e.Policy, Ruling{Rule: refused.Rule, Reason: refused.Reason})
		}
		decision = func(rules *policy.Policy) policy.Decision { return permitModule(rules, f, time.Now()) }
	}
	for _, rules := range l.config.Policies {
		if d := decision(rules); d.Allowed {
			e.Policy = append(e.Policy, Ruling{Allowed: true, Rule: d.Rule, Reason: d.Reason})
		}
	}
	_, rules := policy.Granted(l.config.Policies, granted...)
	for _, rule := range rules {
		e.Policy = append(e.Policy, Ruling{Allowed: true, Rule: rule, Reason: "granted"})
	}
	for _, p := range l.config.Policies {
		if rule, required := p.Isolated(subject.Names()...); required {
			e.Policy = append(e.Policy, Ruling{Allowed: true, Rule: rule, Reason: "it runs in full isolation only"})
		}
	}
}
