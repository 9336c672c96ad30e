package load

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/report"
)

// permitName decides before anybody is asked for a name.
func (l *Loader) permitName(r *request) error {
	name := r.name
	return install.Decide(l.config.Policies, func(p *policy.Policy) policy.Decision {
		d := p.Asked(policy.Subject{Package: name.Target})
		for _, c := range name.Along {
			if d.Allowed && plan.Dotted(c.Path) {
				d = p.Asked(policy.Subject{Package: c.Path})
			}
		}
		if d.Allowed {
			d = p.Install()
		}
		return d
	})
}

// permit decides about what was found or installed, before anything of it is compiled.
func (l *Loader) permit(f *found) error {
	now, spec := time.Now(), f.spec
	return install.Decide(l.config.Policies, func(rules *policy.Policy) policy.Decision {
		d := plan.PermitModule(rules, f.spec, f.name.Target, f.by, now)
		if d.Allowed {
			d = rules.Modules(len(spec.BuildList))
		}
		for _, m := range spec.BuildList {
			if !d.Allowed {
				return d
			}
			d = rules.Name(m.Path)
			if d.Allowed {
				d = install.Signed(rules, f.pin.Locked(), m, now)
			}
		}
		if d.Allowed {
			d = plan.PermitParts(rules, spec)
		}
		if d.Allowed {
			d = plan.PermitCompanions(rules, f.name, spec)
		}
		return d
	})
}

// permitGrants compares what the policies grant with what the lock file says that they granted:
// more than that has to be reviewed.
func (l *Loader) permitGrants(f *found) error {
	p, spec := f.pin, f.spec
	granted, _ := policy.Granted(l.config.Policies, plan.GrantNames(spec)...)
	more := granted.Beyond(p.Entry.Grants)
	if !p.Held || len(more) == 0 {
		return nil
	}
	return &PolicyError{
		Rule:   l.lock.Base,
		Reason: fmt.Sprintf("the policy grants it more than it had when it was locked: %s", strings.Join(more, ", ")),
		Fix:    "run `load lock -accept " + p.Entry.Name + "` if it should have that",
	}
}

// grants is what the policies give to the instance of a spec, and whether it needs full isolation.
func (l *Loader) grants(eng engine.Engine, spec *Spec) (granted engine.Grants, isolated bool, err error) {
	granted, rules := policy.Granted(l.config.Policies, plan.GrantNames(spec)...)
	for _, p := range l.config.Policies {
		if rule, required := p.Isolated(plan.Subject(spec).Names()...); required {
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

// explainPolicy tells which rules decided, and what is granted.
func (l *Loader) explainPolicy(e *report.Explanation, r *request, f *found, release *install.Release, err error) {
	var refused *PolicyError
	if errors.As(err, &refused) {
		e.Policy = append(e.Policy, report.Ruling{Rule: refused.Rule, Reason: refused.Reason})
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
		subject, granted = plan.Subject(f.spec), plan.GrantNames(f.spec)
		if err := cmp.Or(l.permit(f), l.permitGrants(f), l.permitPin(f)); errors.As(err, &refused) {
			e.Policy = append(e.Policy, report.Ruling{Rule: refused.Rule, Reason: refused.Reason})
		}
		decision = func(rules *policy.Policy) policy.Decision {
			return plan.PermitModule(rules, f.spec, f.name.Target, f.by, time.Now())
		}
	}
	for _, rules := range l.config.Policies {
		if d := decision(rules); d.Allowed {
			e.Policy = append(e.Policy, report.Ruling{Allowed: true, Rule: d.Rule, Reason: d.Reason})
		}
	}
	_, rules := policy.Granted(l.config.Policies, granted...)
	for _, rule := range rules {
		e.Policy = append(e.Policy, report.Ruling{Allowed: true, Rule: rule, Reason: "granted"})
	}
	for _, p := range l.config.Policies {
		if rule, required := p.Isolated(subject.Names()...); required {
			e.Policy = append(e.Policy, report.Ruling{Allowed: true, Rule: rule, Reason: "it runs in full isolation only"})
		}
	}
}
