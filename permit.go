package load

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/policy"
)

// subject is what the policies decide about: the place of what is used in place, and else what it
// is called.
func specSubject(s *Spec) policy.Subject {
	subject := policy.Subject{
		Package: s.Name, Module: originOf(s), Declares: s.Module, Version: s.Version, Time: s.Time,
		Retracted: s.Retracted, Deprecated: policy.Deprecation(s.Retracted, s.Deprecated), Standard: isStandard(s),
	}
	if liesInPlace(s) {
		subject.Package, subject.Module = s.Source.Dir, ""
		subject.Also = []string{s.Name, filepath.Join(s.Source.Dir, filepath.FromSlash(s.Source.File))}
		if s.Source.File != "" && s.Name != s.Source.Dir {
			subject.Package = subject.Also[1]
		}
		if s.Source.Go != nil && s.Source.Go.ImportPath != "" {
			subject.Also = append(subject.Also, s.Source.Go.ImportPath)
		}
	}
	return subject
}

// inPlace reports whether the source lies where the user keeps it, and not in the store.
func liesInPlace(s *Spec) bool { return s.Source.Dir != "" && s.Version == "" }

// standard reports whether the module is a package of the standard library.
func isStandard(s *Spec) bool {
	return s.Source.Kind == find.KindGo && s.Version != "" && s.Module == "" && !find.IsURL(s.Name)
}

// origin is the module by the name that its installer knows it by: what a repository's own go.mod says it is is not
// where it comes from.
func originOf(s *Spec) string {
	if find.IsURL(s.Name) {
		return s.Name
	}
	return s.Module
}

// permitName decides before anybody is asked for a name.
func (l *Loader) permitName(name find.Name) error {
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

// permitSpec decides about what was found or installed, before anything of it is compiled.
func (l *Loader) permitSpec(name find.Name, p pin, spec *Spec) error {
	now := time.Now()
	return install.Decide(l.config.Policies, func(rules *policy.Policy) policy.Decision {
		d := l.permitModule(rules, name, spec, now)
		if d.Allowed {
			d = rules.Modules(len(spec.BuildList))
		}
		for _, m := range spec.BuildList {
			if !d.Allowed {
				return d
			}
			d = rules.Name(m.Path)
			if d.Allowed {
				d = install.Signed(rules, p.locked(), m, now)
			}
		}
		if d.Allowed {
			d = permitParts(rules, spec)
		}
		if d.Allowed {
			d = permitCompanions(rules, name, spec)
		}
		return d
	})
}

// permitModule decides about the module itself, by the name that was asked for and by all others
// that it goes by.
func (l *Loader) permitModule(rules *policy.Policy, name find.Name, spec *Spec, now time.Time) policy.Decision {
	subject := specSubject(spec)
	subject.Also = append(subject.Also, name.Target)
	switch {
	case spec.Source.Kind == find.KindBuiltin: // the program's own
		return rules.Denies(subject.Names()...)
	case spec.Version != "" && l.claimant(name) >= 0:
		return rules.Version(subject, now)
	}
	return rules.Asked(subject)
}

// permitParts decides about what a build reads in place.
func permitParts(rules *policy.Policy, spec *Spec) policy.Decision {
	for _, part := range spec.Parts {
		d := rules.Denies(append([]string{part.Name}, part.Files...)...)
		if d.Allowed && part.Place != "" {
			d = rules.Asked(policy.Subject{Package: part.Place})
		}
		if !d.Allowed {
			if !strings.HasPrefix(d.Reason, part.Name+" ") {
				d.Reason = part.Name + ": " + d.Reason
			}
			return d
		}
	}
	return policy.Decision{Allowed: true}
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

// names are those by which a module is granted something: where it lies, or what it is called.
func grantNames(s *Spec) []string {
	subject := specSubject(s)
	if subject.Standard {
		return []string{subject.Package, policy.StandardName(subject.Package)}
	}
	return []string{subject.Package}
}

// permitGrants compares what the policies grant with what the lock file says that they granted: more than that
// has to be reviewed.
func (l *Loader) permitGrants(p pin, spec *Spec) error {
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
func (l *Loader) explainPolicy(e *Explanation, name find.Name, p pin, spec *Spec, release *install.Release, err error) {
	var refused *PolicyError
	if errors.As(err, &refused) {
		e.Policy = append(e.Policy, Ruling{Rule: refused.Rule, Reason: refused.Reason})
		return
	}
	subject := policy.Subject{Package: name.Target}
	granted := []string{name.Target}
	decision := func(rules *policy.Policy) policy.Decision { return rules.Version(subject, time.Now()) }
	if release != nil {
		subject = release.Subject()
		granted = []string{subject.Package}
	}
	if spec != nil {
		subject, granted = specSubject(spec), grantNames(spec)
		if err := cmp.Or(l.permitSpec(name, p, spec), l.permitGrants(p, spec), l.permitPin(p, name, spec)); errors.As(err, &refused) {
			e.Policy = append(e.Policy, Ruling{Rule: refused.Rule, Reason: refused.Reason})
		}
		decision = func(rules *policy.Policy) policy.Decision { return l.permitModule(rules, name, spec, time.Now()) }
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
