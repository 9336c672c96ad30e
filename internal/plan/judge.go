package plan

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/report"
)

// Dotted reports whether an import path begins with a host.
func Dotted(path string) bool {
	host, _, _ := strings.Cut(path, "/")
	return strings.Contains(host, ".")
}

// Note is told what a policy decided about the module itself.
type Note func(policy.Decision) policy.Decision

// PermitName decides before anybody is asked for a name.
func PermitName(policies []*policy.Policy, name find.Name) error {
	return install.Decide(policies, func(p *policy.Policy) policy.Decision {
		d := p.Asked(policy.Subject{Package: name.Target})
		for _, c := range name.Along {
			if d.Allowed && Dotted(c.Path) {
				d = p.Asked(policy.Subject{Package: c.Path})
			}
		}
		if d.Allowed {
			d = p.Install()
		}
		return d
	})
}

// Permit decides about what was found or installed, before anything of it is compiled. by is the
// installer that brought it, "" for what lies in place; locked is what the lock file has of it, or
// nil.
func Permit(policies []*policy.Policy, name find.Name, spec *find.Spec, by string, locked *lockfile.Entry, note Note) error {
	now := time.Now()
	return install.Decide(policies, func(rules *policy.Policy) policy.Decision {
		d := note(permitModule(rules, spec, name.Target, by, now))
		if d.Allowed {
			d = rules.Modules(len(spec.BuildList))
		}
		for i, m := range spec.BuildList {
			if !d.Allowed {
				return d
			}
			d = rules.Name(m.Path)
			if d.Allowed {
				d = install.Signed(rules, locked, m, now)
			}
			if d.Allowed {
				d = permitAge(rules, spec, i, locked, now)
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
// that it goes by. by is the installer that brought it, "" for what lies in place.
func permitModule(rules *policy.Policy, spec *find.Spec, asked, by string, now time.Time) policy.Decision {
	subject := Subject(spec)
	subject.Also = append(subject.Also, asked)
	if spec.Source.Kind == find.KindBuiltin { // the program's own
		return rules.Denies(subject.Names()...)
	}
	var d policy.Decision
	if by == "" {
		d = rules.Asked(subject)
	} else {
		d = rules.Version(subject, now)
	}
	if d.Allowed && spec.Version == "" && spec.Source.Dir != "" {
		if unsigned := rules.Unsigned(filepath.Join(spec.Source.Dir, spec.Source.File)); !unsigned.Allowed {
			return unsigned
		}
	}
	return d
}

// permitAge decides about the age of a module of what was prepared elsewhere, where no installer
// asked; those that a lock file holds were reviewed, and so were those of a local module, by its
// go.sum file.
func permitAge(rules *policy.Policy, spec *find.Spec, i int, locked *lockfile.Entry, now time.Time) policy.Decision {
	m := spec.BuildList[i]
	inModule := spec.Module != "" && spec.Version == ""
	if !spec.Source.Prepared || rules.MinAge == 0 || inModule || find.IsURL(m.Path) || m.Path == spec.Module || install.Holds(locked, m) {
		return policy.Decision{Allowed: true}
	}
	s := policy.Subject{Module: m.Path, Version: m.Version}
	if len(spec.Published) > 0 {
		s.Time = spec.Published[i]
	}
	d := rules.Aged(s, now)
	if !d.Allowed {
		d.Reason = m.Path + ": " + d.Reason
	}
	return d
}

// permitParts decides about what a build reads in place, and about the packages that it imports.
func permitParts(rules *policy.Policy, spec *find.Spec) policy.Decision {
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
		if d.Allowed && part.Place != "" && spec.Version == "" {
			d = rules.Unsigned(part.Place)
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
func permitCompanions(rules *policy.Policy, name find.Name, spec *find.Spec) policy.Decision {
	for _, c := range name.Along {
		local := slices.ContainsFunc(spec.Parts, func(part find.Part) bool { return part.Name == c.Path && part.Place != "" })
		if d := rules.Asked(policy.Subject{Package: c.Path, Standard: !Dotted(c.Path)}); !d.Allowed && !local {
			return d
		}
	}
	return policy.Decision{Allowed: true}
}

// Granting is what policies give to the instances of a module.
type Granting struct {
	policy.Grants
	Isolated bool // they need full isolation

	granted, isolated []string // the rules
}

// Grant asks the policies what they give to a module of these names.
func Grant(policies []*policy.Policy, subject policy.Subject, names []string) Granting {
	var g Granting
	g.Grants, g.granted = policy.Granted(policies, names...)
	for _, p := range policies {
		if rule, required := p.Isolated(subject.Names()...); required {
			g.Isolated, g.isolated = true, append(g.isolated, rule)
		}
	}
	return g
}

// Rulings are the rules that give something.
func (g *Granting) Rulings() []report.Ruling {
	var rulings []report.Ruling
	for _, rule := range g.granted {
		rulings = append(rulings, report.Ruling{Allowed: true, Rule: rule, Reason: "granted"})
	}
	for _, rule := range g.isolated {
		rulings = append(rulings, report.Ruling{Allowed: true, Rule: rule, Reason: "it runs in full isolation only"})
	}
	return rulings
}

// Enforceable returns an error for what an engine cannot enforce.
func (g *Granting) Enforceable(eng engine.Engine) error {
	if !g.Isolated && g.Grants.Zero() {
		return nil
	}
	reason := "the engine " + eng.Name() + " cannot enforce it"
	if granter, ok := eng.(engine.Granter); ok {
		err := granter.CanGrant(g.Grants)
		if err == nil {
			return nil
		}
		reason += ": " + err.Error()
	}
	rules := append(slices.Clip(g.granted), g.isolated...)
	return &install.PolicyError{Rule: strings.Join(rules, "; "), Reason: reason, Fix: "run the module in another engine"}
}

// Within returns the limits with those that the policies set.
func (g *Granting) Within(limits engine.Limits) engine.Limits {
	if g.Memory > 0 && (limits.Memory == 0 || g.Memory < limits.Memory) {
		limits.Memory = g.Memory
	}
	if g.CallTime > 0 && (limits.CallTime == 0 || g.CallTime < limits.CallTime) {
		limits.CallTime = g.CallTime
	}
	return limits
}
