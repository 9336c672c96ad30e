// Package policy says which modules may be installed and run, and what they are given. A [Policy]
// is made in the program or read from a file:
//
//	load.policy 1
//
//	# What may be loaded. Patterns are as in GOPRIVATE: path prefixes, with * in their elements. They stand for
//	# repositories and files at that host and path, too; what is local matches by its absolute path, without links.
//	allow example.com github.com/ourorg /srv/plugins
//	allow std # the standard library, as modules of its own
//	deny  github.com/ourorg/attic
//	age   3d  except github.com/ourorg
//	deprecated refuse
//	max-size 64MiB
//
//	# Where private modules come from, and from nowhere else: company:auth is corp.example.com/auth.
//	registry company https://modules.corp.example.com corp.example.com
//
//	# Where hosts find what one of them compiled, and by whose signature they run it.
//	artifacts oci://registry.corp.example.com/artifacts signed-by builder+5f1c3a2b+AbC…
//
//	# What modules are given; they have nothing without it.
//	grant example.com/fetch network
//	grant example.com/fetch read /etc/ssl "/srv/my data"
//	isolation example.com
//
// Every decision names the rule that made it. Of the rules of one policy, deny goes before allow;
// if there are several policies, each has to allow a module, and what they grant adds up.
package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/internal/quantity"
)

// Policy is a set of rules. The zero Policy allows everything but retracted versions and grants
// nothing. It is not changed while it is in use.
type Policy struct {
	// Deny and Allow are patterns, as in GOPRIVATE, of the modules and packages that must not be
	// loaded, or alone may be, by themselves or as a part of others. What is local is matched by
	// its absolute path, without links, and "std" stands for the standard library. Once there is an
	// Allow, what it does not name does not run, but for what the program registers itself and the
	// standard packages that a module imports. No Allow allows all that is not denied.
	Deny, Allow []string

	// NoInstall keeps everything from being installed; what is installed already can be used.
	NoInstall bool

	// LocalToolchain keeps Go toolchains from being installed: the one that is there has to do.
	LocalToolchain bool

	// MinAge is for how long a version must have been published, but for those that match
	// AgeExcept: what is asked for, and each module that it needs and that neither a lock file nor
	// a go.sum file holds. One whose time is not known, or lies in the future, is too young. The
	// time is what the registry says; many take it from version control.
	MinAge    time.Duration
	AgeExcept []string

	// AllowRetracted allows versions that their authors retracted, where they are asked for
	// exactly.
	AllowRetracted bool
	// RefuseDeprecated refuses modules that their authors deprecated; otherwise an event tells.
	RefuseDeprecated bool

	// MaxSize is how large the archive of a module may be, in bytes, and MaxModules of how many
	// modules something may be built; 0 is no limit.
	MaxSize    int64
	MaxModules int

	// Signers say which modules need a signature, and Signatures is the directory that holds them,
	// see [Sign].
	Signers    []Signer
	Signatures string

	// Artifacts say where the fleet keeps what was compiled, and who signs it. If several policies
	// do, an artifact needs a signature for each.
	Artifacts []ArtifactSource

	// Registries own modules: see [Registry].
	Registries []Registry

	// Grants is what modules are given beyond what their engine gives to all.
	Grants []Grant
	// Isolation holds patterns of modules that run only where the engine offers every restriction.
	Isolation []string

	path string            // of the file that it was read from, or ""
	file string            // its name, or ""
	from map[string]string // rule → "load.policy:7"
}

// Subject is what a policy decides about: a version of a module, for itself or as a part of
// another.
type Subject struct {
	// Package is what is asked for: an import path, a URL or another name, or the absolute path of
	// what is used in place; "" for a module that is a part of it.
	Package    string
	Module     string   // or the URL of a repository, an archive or a file
	Declares   string   // the module that the go.mod file there says it is; it can be denied, and allows nothing
	Also       []string // further names and places of it, which can be denied, and allow nothing
	Standard   bool     // it is a package of the standard library: see [Standard]
	Version    string
	Time       time.Time // of its publication; zero where unknown
	Retracted  string    // why it is retracted, "" where it is not
	Deprecated string
}

// Deprecation is what is said of a module. Of a version that is retracted, an installer repeats
// that.
func Deprecation(retracted, deprecated string) string {
	if retracted == deprecated {
		return ""
	}
	return deprecated
}

// Decision is what a policy says about something.
type Decision struct {
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule"`          // "load.policy:7: deny example.com"
	Reason  string `json:"reason"`        // "it was published 2h ago, less than 3d"
	Fix     string `json:"fix,omitempty"` // what can be done about a refusal
}

// Standard is the pattern that stands for every package of the standard library.
const Standard = "std"

// StandardName is the name of a package of the standard library that the pattern [Standard]
// matches.
func StandardName(pkg string) string { return Standard + "/" + pkg }

// File returns the absolute path of the file that [Read] read, "" for a policy that was made in
// another way.
func (p *Policy) File() string { return p.path }

const setting = "Config.Policies: "

// rule names a rule for messages: by its line, or as a setting of the program.
func (p *Policy) rule(text string) string {
	if from, ok := p.from[text]; ok {
		return from + ": " + text
	}
	if p.file != "" {
		return p.file + ": " + text + " is the default"
	}
	return setting + text
}

func (p *Policy) refuse(rule, reason, fix string) Decision {
	return Decision{Rule: p.rule(rule), Reason: reason, Fix: fix}
}

// Name decides about a module that is going to be a part of something, by the names that it goes
// by. It may hold a package that is allowed, and comes with it then.
func (p *Policy) Name(names ...string) Decision {
	if d := p.Denies(names...); !d.Allowed || len(p.Allow) == 0 {
		return d
	}
	for _, name := range names {
		if d := p.allows(name); d.Allowed {
			return d
		}
		for _, pattern := range p.Allow {
			if strings.HasPrefix(location(pattern), location(name)+"/") {
				return Decision{Allowed: true, Rule: p.rule("allow " + pattern), Reason: name + " may hold what is allowed"}
			}
		}
	}
	name := names[len(names)-1]
	return p.notAllowed(name, name)
}

// Denies decides by the names that something goes by, of which none must be denied.
func (p *Policy) Denies(names ...string) Decision {
	if pattern, name := denied(p.Deny, names...); pattern != "" {
		return p.refuse("deny "+pattern, strings.TrimPrefix(name, Standard+"/")+" is denied", "")
	}
	return Decision{Allowed: true, Rule: p.rule("allow everything"), Reason: "nothing denies it"}
}

// Asked decides about what is asked for and not merely a part of something: the package itself has
// to be allowed, by its name or, where it is used in place, by its place.
func (p *Policy) Asked(s Subject) Decision {
	if d := p.Denies(s.Names()...); !d.Allowed || len(p.Allow) == 0 {
		return d
	}
	if s.Package == "" {
		return p.Name(s.Module)
	}
	allowed := []string{s.Package}
	fix := s.Package
	if s.Standard {
		allowed = append(allowed, StandardName(s.Package))
		fix = Standard
	}
	for _, name := range allowed {
		if d := p.allows(name); d.Allowed {
			return d
		}
	}
	return p.notAllowed(s.Package, fix)
}

// Places decides about the files and directories of this machine that something is read from, of
// which each has to be allowed.
func (p *Policy) Places(places ...string) Decision {
	d := p.Denies(places...)
	for _, place := range places {
		if !d.Allowed || len(p.Allow) == 0 {
			return d
		}
		if d = p.allows(place); !d.Allowed {
			return p.notAllowed(place, place)
		}
	}
	return d
}

func (p *Policy) allows(name string) Decision {
	pattern := match(p.Allow, name)
	if pattern == "" {
		return Decision{}
	}
	return Decision{Allowed: true, Rule: p.rule("allow " + pattern), Reason: strings.TrimPrefix(name, Standard+"/") + " is allowed"}
}

func (p *Policy) notAllowed(name, pattern string) Decision {
	return p.refuse("allow "+strings.Join(p.Allow, " "), name+" is not among what is allowed", "add the rule \"allow "+pattern+"\" if you trust it")
}

// Install decides whether something may be installed at all.
func (p *Policy) Install() Decision {
	if p.NoInstall {
		return p.refuse("install off", "nothing may be installed", "install it where the policy allows that")
	}
	return Decision{Allowed: true}
}

// Toolchain decides about installing a Go toolchain.
func (p *Policy) Toolchain() Decision {
	if p.LocalToolchain {
		return p.refuse("toolchain local", "no Go toolchain may be installed", "install Go from https://go.dev/dl")
	}
	return p.Install()
}

// Version decides about a version of what was asked for.
func (p *Policy) Version(s Subject, now time.Time) Decision {
	d := p.Asked(s)
	if !d.Allowed {
		return d
	}
	if s.Retracted != "" && !p.AllowRetracted {
		return p.refuse("retracted refuse", s.Version+" is "+s.Retracted, "ask for another version")
	}
	if s.Deprecated != "" && p.RefuseDeprecated {
		return p.refuse("deprecated refuse", "it is deprecated: "+s.Deprecated, "")
	}
	if aged := p.Aged(s, now); !aged.Allowed {
		return aged
	}
	return d
}

// Aged decides about how long a version must have been published.
func (p *Policy) Aged(s Subject, now time.Time) Decision {
	if p.MinAge > 0 && match(p.AgeExcept, s.Package) == "" && match(p.AgeExcept, s.Module) == "" {
		rule := "age " + quantity.Duration(p.MinAge)
		switch age := now.Sub(s.Time); {
		case s.Time.IsZero():
			return p.refuse(rule, "it is not known when "+s.Version+" was published", "ask for a version whose time is known, or make an exception: age "+quantity.Duration(p.MinAge)+" except "+s.Module)
		case age < 0:
			return p.refuse(rule, s.Version+" claims to be published in the future, at "+s.Time.UTC().Format(time.RFC3339), "check this machine's clock")
		case age < p.MinAge:
			return p.refuse(rule, fmt.Sprintf("%s was published %s ago, less than %s", s.Version, quantity.Duration(age.Truncate(time.Minute)), quantity.Duration(p.MinAge)), "ask for an older version, or wait")
		}
	}
	return Decision{Allowed: true}
}

// Names are all that the subject goes by.
func (s Subject) Names() []string {
	names := slices.Concat([]string{s.Package, s.Module, s.Declares}, s.Also)
	if s.Standard {
		names = append(names, StandardName(s.Package))
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	return slices.Compact(names)
}

// Size decides about the size of a module's archive, in bytes.
func (p *Policy) Size(path, version string, size int64) Decision {
	if p.MaxSize > 0 && size > p.MaxSize {
		return p.refuse("max-size "+quantity.Size(p.MaxSize), fmt.Sprintf("%s@%s is %s large", path, version, quantity.Size(size)), "")
	}
	return Decision{Allowed: true}
}

// Modules decides about the number of modules that something is built of.
func (p *Policy) Modules(n int) Decision {
	if p.MaxModules > 0 && n > p.MaxModules {
		return p.refuse(fmt.Sprintf("max-modules %d", p.MaxModules), fmt.Sprintf("it is built of %d modules", n), "")
	}
	return Decision{Allowed: true}
}

// Isolated reports whether a module runs only in full isolation, by any of the names that it goes
// by, and by which rule.
func (p *Policy) Isolated(names ...string) (rule string, required bool) {
	if pattern, _ := denied(p.Isolation, names...); pattern != "" {
		return p.rule("isolation " + pattern), true
	}
	return "", false
}
