package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/internal/query"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// lock is a loader's lock file. The zero lock has none.
type lock struct {
	path string // absolute, "" for none
	base string // its name, for messages

	mu   sync.Mutex
	file *lockfile.File
	info fs.FileInfo // of the file that was read, nil where there was none
}

func (k *lock) init(path string) (err error) {
	if path == "" {
		return nil
	}
	k.base = filepath.Base(path)
	k.path, err = filepath.Abs(path)
	return err
}

// read returns the contents of the lock file, which the caller does not change. It is read again
// when it was changed on disk.
func (k *lock) read() (*lockfile.File, error) {
	if k.path == "" {
		return &lockfile.File{}, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k.file, k.info = &lockfile.File{}, nil
		return k.file, nil
	case err != nil:
		return nil, err
	case k.info != nil && os.SameFile(info, k.info) && info.ModTime().Equal(k.info.ModTime()) && info.Size() == k.info.Size():
		return k.file, nil
	}
	file, err := lockfile.Read(k.path)
	if err != nil {
		return nil, err
	}
	k.file, k.info = file, info
	return file, nil
}

// change reads the lock file as it is now, lets f change a copy of it, and writes that, while no
// other process with the same store does. f returns false to leave the file as it is.
func (k *lock) change(ctx context.Context, s *store.Store, f func(*lockfile.File) (bool, error)) error {
	if s != nil {
		unlock, err := s.Lock(ctx, "lock file "+k.path)
		if err != nil {
			return err
		}
		defer unlock()
	}
	file, err := k.read()
	if err != nil {
		return err
	}
	file = file.Clone()
	if changed, err := f(file); !changed || err != nil {
		return err
	}
	if err := file.Write(k.path); err != nil {
		return k.notWritten(err)
	}
	return nil
}

func (k *lock) notWritten(err error) error {
	cause, fix := err, "set Config.Frozen where it is not to be changed"
	var file *fs.PathError // of one that is gone again
	if errors.As(err, &file) {
		cause = file.Err
	}
	if store.Full(err) {
		fix = "free space on its disk; it is as it was"
	}
	return &ConfigError{Setting: "Config.LockFile", Reason: fmt.Sprintf("%s cannot be written: %v\n\t%s", k.path, cause, fix), Err: err}
}

// pin is what the lock file says about a name.
type pin struct {
	*request
	key   string // of the name in the lock file, "" for a name that it cannot hold
	entry lockfile.Entry
	held  bool // there is an entry
}

// inPlace is the version by which the lock file holds what is found in place and needs modules.
const inPlace = "local"

// pin looks a name up in the lock file. One with an exact version is also held by the entry of any
// name that leads to the same version of the same module.
func (l *Loader) pin(r *request) (p pin, err error) {
	if l.lock.path == "" {
		return pin{request: r}, nil
	}
	file, err := l.lock.read()
	if err != nil {
		return pin{}, err
	}
	p.request, p.key = r, lockKey(r.name)
	if p.entry, p.held = file.Entry(p.key); p.held || r.name.Query == "" || len(r.name.Along) > 0 {
		return p, nil
	}
	for e := range file.All() {
		target, _, _ := strings.Cut(e.Name, "@")
		if target == r.name.Target && e.Version == r.name.Query && !strings.Contains(e.Name, " ") {
			p.key, p.entry, p.held = e.Name, e, true
			return p, nil
		}
	}
	return p, nil
}

// locked returns the entry, or nil if there is none.
func (p *pin) locked() *lockfile.Entry {
	if !p.held {
		return nil
	}
	return &p.entry
}

// under returns the session with what the lock file holds about a name. A frozen one keeps
// installers from bringing more.
func (l *Loader) under(s *install.Session, p pin) *install.Session {
	other := *s
	other.Locked, other.NotLocked = p.locked(), nil
	if p.held && l.config.Frozen {
		other.NotLocked = func(m find.ModuleVersion) error {
			return l.notLocked(p.request, "the module "+m.Path+"@"+m.Version+", which it needs on this system,")
		}
	}
	return &other
}

// pinned returns the name at the version that the lock file holds.
func (p *pin) pinned(name find.Name) find.Name {
	if !p.held {
		return name
	}
	if p.entry.Version != inPlace {
		name.Query = p.entry.Version
	}
	name.Along = slices.Clone(name.Along)
	for i, c := range name.Along {
		best := ""
		for _, m := range p.entry.Needs {
			if within(m.Path, c.Path) && len(m.Path) > len(best) {
				best, name.Along[i].Query = m.Path, m.Version
			}
		}
	}
	return name
}

func within(module, pkg string) bool { return pkg == module || strings.HasPrefix(pkg, module+"/") }

// release is what an installer is asked for.
func (p *pin) release(r *request, file string) (*install.Release, error) {
	name, origin := r.name, find.Describe(r.installer)
	if p.entry.Origin != origin {
		return nil, &PolicyError{
			Rule:   file,
			Reason: fmt.Sprintf("it is locked as a module of %s, and would be installed by %s", p.entry.Origin, origin),
			Fix:    "set up " + p.entry.Origin + " in Config.Installers, or run `load upgrade " + name.Target + "`",
		}
	}
	if name.Form == find.FormPath && !within(p.entry.Module, name.Target) {
		return nil, &PolicyError{
			Rule: file, Reason: fmt.Sprintf("it is locked as a package of the module %s, which cannot hold it", cmp.Or(p.entry.Module, "-")),
			Fix: "somebody changed the file; remove its lines from it, and lock it again",
		}
	}
	own, _ := p.entry.Need(p.entry.Module)
	return &install.Release{
		Name: p.pinned(name), Package: name.Target, Module: p.entry.Module, Version: p.entry.Version, Sum: own.Sum, Time: p.entry.Time,
		Why: "locked by " + file, Origin: origin, BuildList: p.modules(),
	}, nil
}

func (p *pin) modules() []find.ModuleVersion {
	list := make([]find.ModuleVersion, len(p.entry.Needs))
	for i, m := range p.entry.Needs {
		list[i] = find.ModuleVersion(m)
	}
	return list
}

// check compares what was found or installed with the lock file; missing are modules that it does
// not hold.
func (p *pin) check(spec *Spec, file string) (missing []find.ModuleVersion, err error) {
	if p.entry.Version != inPlace && p.entry.Version != spec.Version {
		return nil, &VersionError{
			Module: spec.Module, Reason: fmt.Sprintf("%s has %s, and %s is what was found", file, p.entry.Version, cmp.Or(spec.Version, "a version without a name")),
			Fix: "run `load upgrade " + p.entry.Name + "` to lock what is found now",
		}
	}
	for _, m := range spec.BuildList {
		need, ok := p.entry.Need(m.Path)
		switch {
		case !ok:
			missing = append(missing, m)
		case need.Version != m.Version:
			return nil, &VersionError{
				Module: spec.Module, Reason: fmt.Sprintf("%s has %s@%s, and the build needs %s", file, m.Path, need.Version, m.Version),
				Fix: "run `load upgrade " + p.entry.Name + "` to lock what is needed now",
			}
		case need.Sum != m.Sum:
			return nil, &ChecksumError{
				Subject: m.Path + "@" + m.Version, Want: need.Sum, Got: m.Sum, By: file,
				Fix: "somebody changed a published version, or " + file + " is wrong; find out which before you remove the line",
			}
		}
	}
	return missing, nil
}

// permitPin compares the origin and the module of a lock file's entry with what is really loaded.
func (l *Loader) permitPin(f *found) error {
	p := f.pin
	if !p.held {
		return nil
	}
	now := l.entry(f, pin{key: p.key})
	what, locked, loaded := "origin", p.entry.Origin, now.Origin
	if locked == loaded {
		what, locked, loaded = "module", p.entry.Module, now.Module
	}
	if locked == loaded {
		return nil
	}
	return &PolicyError{
		Rule:   l.lock.base,
		Reason: fmt.Sprintf("the %s that it is locked with is %s, and what is loaded has %s", what, cmp.Or(locked, "-"), cmp.Or(loaded, "-")),
		Fix:    "somebody changed the file, or where it comes from; if you trust what is there now, run `load lock -remove " + p.entry.Name + "` and lock it again",
	}
}

// lockable reports whether the lock file is about a spec: an installer brought the module, or what
// it needs.
func (l *Loader) lockable(f *found) bool {
	switch {
	case l.lock.path == "":
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
	if lockKey(r.name) == "" {
		fix = "give it a name without spaces, or set Config.Frozen to false"
	}
	return &PolicyError{Rule: "Config.Frozen", Reason: fmt.Sprintf("%s is not in %s", what, l.lock.base), Fix: fix}
}

// keep checks a spec against the lock file and adds it there. It returns false where another
// process locked the name meanwhile at another version: then the load starts over.
func (l *Loader) keep(ctx context.Context, f *found) (bool, error) {
	p, spec := f.pin, f.spec
	if err := l.permitGrants(f); err != nil || !l.lockable(f) {
		return true, err
	}
	if !p.held && l.config.Frozen {
		return false, l.notLocked(f.request, "it")
	}
	if p.held {
		if err := l.permitPin(f); err != nil {
			return false, err
		}
		missing, err := p.check(spec, l.lock.base)
		if len(missing) == 0 || err != nil {
			return true, err
		}
		if l.config.Frozen {
			return false, l.notLocked(f.request, "the module "+missing[0].Path+"@"+missing[0].Version+", which it needs on this system,")
		}
	}
	if p.key == "" {
		return true, nil
	}
	kept := true
	err := l.lock.change(ctx, l.config.Store, func(file *lockfile.File) (bool, error) {
		now, held := file.Entry(p.key)
		if held && (!p.held || !now.Equal(p.entry)) {
			kept = false
			return false, nil
		}
		return true, file.Set(l.entry(f, p))
	})
	return kept, err
}

// entry is what the lock file is to hold about a spec: what the pin has, and what is new.
func (l *Loader) entry(f *found, p pin) lockfile.Entry {
	e, spec := p.entry, f.spec
	if !p.held {
		e = lockfile.Entry{Name: p.key, Version: spec.Version, Origin: f.by, Module: plan.Origin(spec), Time: spec.Time}
		if f.by == "" {
			e.Version, e.Module, e.Origin = inPlace, "", strings.ReplaceAll(spec.Origin, " ", "-")
		}
	}
	if !p.held {
		granted, _ := policy.Granted(l.config.Policies, plan.GrantNames(spec)...)
		e.Grants = granted.Capabilities()
	}
	e.Needs = slices.Clone(e.Needs)
	for _, m := range spec.BuildList {
		if _, ok := p.entry.Need(m.Path); !ok {
			e.Needs = append(e.Needs, lockfile.Module(m))
		}
	}
	return e
}

// lockKey is the name as a lock file holds it; "" for a name with a space.
func lockKey(name find.Name) string {
	key := name.String()
	if strings.Contains(key, " ") {
		return ""
	}
	for _, c := range name.Along {
		c.Alias = ""
		key += " with " + c.String()
	}
	return key
}

// lockedRequest is what a key of the lock file stands for.
func (l *Loader) lockedRequest(key string) (*request, error) {
	parts := strings.Split(key, " with ")
	return l.request(parts[0], []LoadOption{Along(parts[1:]...)})
}

// pinnedExactly reports whether a name can never lead to another version.
func pinnedExactly(name find.Name) bool {
	q, err := query.Parse(name.Query)
	return err == nil && q.Kind() == query.Exact
}
