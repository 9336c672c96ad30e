package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/query"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
)

// Pin is what a lock file says about a name.
type Pin struct {
	Key   string // of the name in the lock file, "" for a name that it cannot hold
	Entry lockfile.Entry
	Held  bool // there is an entry
}

// InPlace is the version by which a lock file holds what is found in place and needs modules.
const InPlace = "local"

// Locked returns the entry, or nil if there is none.
func (p *Pin) Locked() *lockfile.Entry {
	if !p.Held {
		return nil
	}
	return &p.Entry
}

// Pinned returns the name at the version that the lock file holds.
func (p *Pin) Pinned(name find.Name) find.Name {
	if !p.Held {
		return name
	}
	if p.Entry.Version != InPlace {
		name.Query = p.Entry.Version
	}
	name.Along = slices.Clone(name.Along)
	for i, c := range name.Along {
		best := ""
		for _, m := range p.Entry.Needs {
			if within(m.Path, c.Path) && len(m.Path) > len(best) {
				best, name.Along[i].Query = m.Path, m.Version
			}
		}
	}
	return name
}

func within(module, pkg string) bool { return pkg == module || strings.HasPrefix(pkg, module+"/") }

// Release is what an installer is asked for.
func (p *Pin) Release(name find.Name, origin, file string) (*install.Release, error) {
	if p.Entry.Origin != origin {
		return nil, &install.PolicyError{
			Rule:   file,
			Reason: fmt.Sprintf("it is locked as a module of %s, and would be installed by %s", p.Entry.Origin, origin),
			Fix:    "set up " + p.Entry.Origin + " in Config.Installers, or run `load upgrade " + name.Target + "`",
		}
	}
	if name.Form == find.FormPath && !within(p.Entry.Module, name.Target) {
		return nil, &install.PolicyError{
			Rule: file, Reason: fmt.Sprintf("it is locked as a package of the module %s, which cannot hold it", cmp.Or(p.Entry.Module, "-")),
			Fix: "somebody changed the file; remove its lines from it, and lock it again",
		}
	}
	own, _ := p.Entry.Need(p.Entry.Module)
	return &install.Release{
		Name: p.Pinned(name), Package: name.Target, Module: p.Entry.Module, Version: p.Entry.Version, Sum: own.Sum, Time: p.Entry.Time,
		Why: "locked by " + file, Origin: origin, BuildList: p.Modules(),
	}, nil
}

func (p *Pin) Modules() []find.ModuleVersion {
	list := make([]find.ModuleVersion, len(p.Entry.Needs))
	for i, m := range p.Entry.Needs {
		list[i] = find.ModuleVersion(m)
	}
	return list
}

// Check compares what was found or installed with the lock file; missing are modules that it does
// not hold.
func (p *Pin) Check(spec *find.Spec, file string) (missing []find.ModuleVersion, err error) {
	if p.Entry.Version != InPlace && p.Entry.Version != spec.Version {
		return nil, &find.VersionError{
			Module: spec.Module, Reason: fmt.Sprintf("%s has %s, and %s is what was found", file, p.Entry.Version, cmp.Or(spec.Version, "a version without a name")),
			Fix: "run `load upgrade " + p.Entry.Name + "` to lock what is found now",
		}
	}
	for _, m := range spec.BuildList {
		need, ok := p.Entry.Need(m.Path)
		switch {
		case !ok:
			missing = append(missing, m)
		case need.Version != m.Version:
			return nil, &find.VersionError{
				Module: spec.Module, Reason: fmt.Sprintf("%s has %s@%s, and the build needs %s", file, m.Path, need.Version, m.Version),
				Fix: "run `load upgrade " + p.Entry.Name + "` to lock what is needed now",
			}
		case need.Sum != m.Sum:
			return nil, &install.ChecksumError{
				Subject: m.Path + "@" + m.Version, Want: need.Sum, Got: m.Sum, By: file,
				Fix: "somebody changed a published version, or " + file + " is wrong; find out which before you remove the line",
			}
		}
	}
	return missing, nil
}

// FindPin looks a name up in a lock file. One with an exact version is also held by the entry of
// any name that leads to the same version of the same module.
func FindPin(file *lockfile.File, name find.Name) Pin {
	p := Pin{Key: LockKey(name)}
	if p.Entry, p.Held = file.Entry(p.Key); p.Held {
		return p
	}
	if former := FormerLockKey(name); former != p.Key {
		if e, held := file.Entry(former); held {
			return Pin{Key: former, Entry: e, Held: true}
		}
	}
	if name.Query == "" || p.Key != name.String() {
		return p
	}
	for e := range file.All() {
		target, _, _ := strings.Cut(e.Name, "@")
		if target == name.Target && e.Version == name.Query && !strings.Contains(e.Name, " ") {
			return Pin{Key: e.Name, Entry: e, Held: true}
		}
	}
	return p
}

// Lockable reports whether a lock file is about a spec: an installer brought the module, or what it
// needs. by is that installer, "" for what lies in place.
func Lockable(spec *find.Spec, by string) bool {
	// In a local module, go.mod and go.sum are the lock.
	inModule := spec.Module != "" && spec.Version == ""
	return by != "" || len(spec.BuildList) > 0 && !inModule
}

// Filled is the entry that the lock file is to hold about a spec: what the pin has, and what is
// new.
func (p *Pin) Filled(policies []*policy.Policy, spec *find.Spec, by string) lockfile.Entry {
	e := p.Entry
	if !p.Held {
		e = lockfile.Entry{Name: p.Key, Version: spec.Version, Origin: by, Module: Origin(spec), Time: spec.Time}
		if by == "" {
			e.Version, e.Module, e.Origin = InPlace, "", strings.ReplaceAll(spec.Origin, " ", "-")
		}
		granted, _ := policy.Granted(policies, GrantNames(spec)...)
		e.Grants = granted.Capabilities()
	}
	e.Needs = slices.Clone(e.Needs)
	for _, m := range spec.BuildList {
		if _, ok := p.Entry.Need(m.Path); !ok {
			e.Needs = append(e.Needs, lockfile.Module(m))
		}
	}
	return e
}

// Renew sets the entry of a key to what was chosen anew, and reports whether that changes it. What
// an entry of the same version holds for other systems stays. name is the file's, for messages.
func Renew(file *lockfile.File, key string, policies []*policy.Policy, spec *find.Spec, by, name string) (bool, error) {
	now := (&Pin{Key: key}).Filled(policies, spec, by)
	before, held := file.Entry(key)
	if !held || before.Version != spec.Version {
		return true, file.Set(now)
	}
	same := Pin{Key: key, Entry: before, Held: true}
	if _, err := same.Check(spec, name); err != nil {
		return false, err
	}
	first := now
	now = same.Filled(policies, spec, by)
	now.Origin, now.Module, now.Grants = first.Origin, first.Module, first.Grants
	return !now.Equal(before), file.Set(now)
}

// PermitOrigin compares the origin and the module of the entry with what is really loaded.
func (p *Pin) PermitOrigin(spec *find.Spec, by, file string) error {
	now := (&Pin{Key: p.Key}).Filled(nil, spec, by)
	what, locked, loaded := "origin", p.Entry.Origin, now.Origin
	if locked == loaded {
		what, locked, loaded = "module", p.Entry.Module, now.Module
	}
	if !p.Held || locked == loaded {
		return nil
	}
	return &install.PolicyError{
		Rule:   file,
		Reason: fmt.Sprintf("the %s that it is locked with is %s, and what is loaded has %s", what, cmp.Or(locked, "-"), cmp.Or(loaded, "-")),
		Fix:    "somebody changed the file, or where it comes from; if you trust what is there now, run `load lock -remove " + p.Entry.Name + "` and lock it again",
	}
}

// PermitGrants compares what the policies grant with what the lock file says that they granted:
// more than that has to be reviewed.
func (p *Pin) PermitGrants(policies []*policy.Policy, spec *find.Spec, file string) error {
	granted, _ := policy.Granted(policies, GrantNames(spec)...)
	more := granted.Beyond(p.Entry.Grants)
	if !p.Held || len(more) == 0 {
		return nil
	}
	return &install.PolicyError{
		Rule:   file,
		Reason: fmt.Sprintf("the policy grants it more than it had when it was locked: %s", strings.Join(more, ", ")),
		Fix:    "run `load lock -accept " + p.Entry.Name + "` if it should have that",
	}
}

// LockKey is the name as a lock file holds it; "" for a name with a space. Companions of the
// standard library are no part of it: they come with the toolchain, and change no version.
func LockKey(name find.Name) string {
	return lockKey(name, func(c find.Companion) bool { return Dotted(c.Path) || c.Query != "" })
}

// FormerLockKey is the name as lock files held it when all companions were part of it.
func FormerLockKey(name find.Name) string {
	return lockKey(name, func(find.Companion) bool { return true })
}

func lockKey(name find.Name, counts func(find.Companion) bool) string {
	key := name.String()
	if strings.Contains(key, " ") {
		return ""
	}
	for _, c := range name.Along {
		if counts(c) {
			c.Alias = ""
			key += " with " + c.String()
		}
	}
	return key
}

// Exact reports whether a name can never lead to another version.
func Exact(name find.Name) bool {
	q, err := query.Parse(name.Query)
	return err == nil && q.Kind() == query.Exact
}
