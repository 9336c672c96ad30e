package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/policy"
)

// Dotted reports whether an import path begins with a host.
func Dotted(path string) bool {
	host, _, _ := strings.Cut(path, "/")
	return strings.Contains(host, ".")
}

// PermitModule decides about the module itself, by the name that was asked for and by all others
// that it goes by. by is the installer that brought it, "" for what lies in place.
func PermitModule(rules *policy.Policy, spec *find.Spec, asked, by string, now time.Time) policy.Decision {
	subject := Subject(spec)
	subject.Also = append(subject.Also, asked)
	switch {
	case spec.Source.Kind == find.KindBuiltin: // the program's own
		return rules.Denies(subject.Names()...)
	case by != "":
		return rules.Version(subject, now)
	}
	return rules.Asked(subject)
}

// PermitParts decides about what a build reads in place, and about the packages that it imports.
func PermitParts(rules *policy.Policy, spec *find.Spec) policy.Decision {
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

// PermitCompanions decides about companions. Those of a local module are parts of the build by
// their place.
func PermitCompanions(rules *policy.Policy, name find.Name, spec *find.Spec) policy.Decision {
	for _, c := range name.Along {
		local := slices.ContainsFunc(spec.Parts, func(part find.Part) bool { return part.Name == c.Path && part.Place != "" })
		if d := rules.Asked(policy.Subject{Package: c.Path, Standard: !Dotted(c.Path)}); !d.Allowed && !local {
			return d
		}
	}
	return policy.Decision{Allowed: true}
}
