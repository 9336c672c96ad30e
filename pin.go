package load

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/lock"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
)

// pin is what the lock file says about a name.
type pin struct {
	*request
	plan.Pin
}

// changeable refuses to change a frozen lock file.
func (l *Loader) changeable() error {
	if !l.config.Frozen {
		return nil
	}
	return &PolicyError{Rule: "Config.Frozen", Reason: l.lock.Base + " is not to be changed", Fix: "set Config.Frozen to false"}
}

// changeLock changes the lock file; see [lock.File.Change].
func (l *Loader) changeLock(ctx context.Context, f func(*lockfile.File) (bool, error)) error {
	if err := l.changeable(); err != nil {
		return err
	}
	err := l.lock.Change(ctx, l.config.Store, f)
	if unwritten, ok := err.(*lock.WriteError); ok {
		return &ConfigError{Setting: "Config.LockFile", Reason: unwritten.Reason, Err: unwritten.Err}
	}
	return err
}

// pin looks a name up in the lock file. One with an exact version is also held by the entry of any
// name that leads to the same version of the same module.
func (l *Loader) pin(r *request) (p pin, err error) {
	if l.lock.Path == "" {
		return pin{request: r}, nil
	}
	file, err := l.lock.Read()
	if err != nil {
		return pin{}, err
	}
	p.request, p.Key = r, plan.LockKey(r.name)
	if p.Entry, p.Held = file.Entry(p.Key); p.Held {
		return p, nil
	}
	if former := plan.FormerLockKey(r.name); former != p.Key {
		if e, held := file.Entry(former); held {
			p.Key, p.Entry, p.Held = former, e, true
			return p, nil
		}
	}
	if r.name.Query == "" || p.Key != r.name.String() {
		return p, nil
	}
	for e := range file.All() {
		target, _, _ := strings.Cut(e.Name, "@")
		if target == r.name.Target && e.Version == r.name.Query && !strings.Contains(e.Name, " ") {
			p.Key, p.Entry, p.Held = e.Name, e, true
			return p, nil
		}
	}
	return p, nil
}

// under returns the session with what the lock file holds about a name. A frozen one keeps
// installers from bringing more.
func (l *Loader) under(s *install.Session, p pin) *install.Session {
	other := *s
	other.Locked, other.NotLocked = p.Locked(), nil
	if p.Held && l.config.Frozen {
		other.NotLocked = func(m find.ModuleVersion) error {
			return l.notLocked(p.request, "the module "+m.Path+"@"+m.Version+", which it needs on this system,")
		}
	}
	return &other
}

// permitPin compares the origin and the module of a lock file's entry with what is really loaded.
func (l *Loader) permitPin(f *found) error {
	p := f.pin
	if !p.Held {
		return nil
	}
	now := l.entry(f, pin{Pin: plan.Pin{Key: p.Key}})
	what, locked, loaded := "origin", p.Entry.Origin, now.Origin
	if locked == loaded {
		what, locked, loaded = "module", p.Entry.Module, now.Module
	}
	if locked == loaded {
		return nil
	}
	return &PolicyError{
		Rule:   l.lock.Base,
		Reason: fmt.Sprintf("the %s that it is locked with is %s, and what is loaded has %s", what, cmp.Or(locked, "-"), cmp.Or(loaded, "-")),
		Fix:    "somebody changed the file, or where it comes from; if you trust what is there now, run `load lock -remove " + p.Entry.Name + "` and lock it again",
	}
}

// lockable reports whether the lock file is about a spec: an installer brought the module, or what
// it needs.
func (l *Loader) lockable(f *found) bool {
	switch {
	case l.lock.Path == "":
		return false
	case f.by != "":
		return true
	}
	// In a local module, go.mod and go.sum are the lock.
	inModule := f.spec.Module != "" && f.spec.Version == ""
	return len(f.spec.BuildList) > 0 && !inModule
}

// notLocked refuses what a frozen lock file does not hold.
func (l *Loader) notLocked(r *request, what string) error {
	fix := "run `load lock " + r.name.String() + "` without it, and review the change"
	if plan.LockKey(r.name) == "" {
		fix = "give it a name without spaces, or set Config.Frozen to false"
	}
	return &PolicyError{Rule: "Config.Frozen", Reason: fmt.Sprintf("%s is not in %s", what, l.lock.Base), Fix: fix}
}

// keep checks a spec against the lock file and adds it there. It returns false where another
// process locked the name meanwhile at another version: then the load starts over.
func (l *Loader) keep(ctx context.Context, f *found) (bool, error) {
	p, spec := f.pin, f.spec
	if err := l.permitGrants(f); err != nil || !l.lockable(f) {
		return true, err
	}
	if !p.Held && l.config.Frozen {
		return false, l.notLocked(f.request, "it")
	}
	if p.Held {
		if err := l.permitPin(f); err != nil {
			return false, err
		}
		missing, err := p.Check(spec, l.lock.Base)
		if len(missing) == 0 || err != nil {
			return true, err
		}
		if l.config.Frozen {
			return false, l.notLocked(f.request, "the module "+missing[0].Path+"@"+missing[0].Version+", which it needs on this system,")
		}
	}
	if p.Key == "" {
		return true, nil
	}
	kept := true
	err := l.changeLock(ctx, func(file *lockfile.File) (bool, error) {
		now, held := file.Entry(p.Key)
		if held && (!p.Held || !now.Equal(p.Entry)) {
			kept = false
			return false, nil
		}
		return true, file.Set(l.entry(f, p))
	})
	return kept, err
}

// entry is what the lock file is to hold about a spec: what the pin has, and what is new.
func (l *Loader) entry(f *found, p pin) lockfile.Entry {
	e, spec := p.Entry, f.spec
	if !p.Held {
		e = lockfile.Entry{Name: p.Key, Version: spec.Version, Origin: f.by, Module: plan.Origin(spec), Time: spec.Time}
		if f.by == "" {
			e.Version, e.Module, e.Origin = plan.InPlace, "", strings.ReplaceAll(spec.Origin, " ", "-")
		}
	}
	if !p.Held {
		granted, _ := policy.Granted(l.config.Policies, plan.GrantNames(spec)...)
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

// lockedRequest is what a key of the lock file stands for.
func (l *Loader) lockedRequest(key string) (*request, error) {
	parts := strings.Split(key, " with ")
	return l.request(parts[0], []LoadOption{Along(parts[1:]...)})
}
