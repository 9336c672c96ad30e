package load

import (
	"cmp"
	"context"
	"sync"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
)

// Lock finds the module or installs it, with everything it imports, and so brings it into the lock file. Nothing
// of it is compiled and nothing runs. A name that is in the lock file keeps its version.
func (l *Loader) Lock(ctx context.Context, name string, options ...LoadOption) (spec *Spec, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	parsed, err := l.writable(name, options)
	if err != nil {
		return nil, err
	}
	return l.obtain(l.context(ctx), parsed, new(Stages))
}

// Accept writes what the policies grant to a locked name into the lock file, where they grant more than it holds.
func (l *Loader) Accept(ctx context.Context, name string, options ...LoadOption) (err error) {
	defer func() { err = loadError(name, err) }()
	parsed, err := l.writable(name, options)
	if err != nil {
		return err
	}
	spec, err := l.Find(ctx, name, options...)
	if err != nil {
		return err
	}
	p, err := l.pin(parsed)
	if err != nil {
		return err
	}
	return l.lock.change(l.context(ctx), l.config.Store, func(file *lockfile.File) (bool, error) {
		entry, held := file.Entry(p.key)
		if !held {
			return false, l.notLocked(parsed, "it")
		}
		granted, _ := policy.Granted(l.config.Policies, grantNames(spec)...)
		entry.Grants = granted.Capabilities()
		return true, file.Set(entry)
	})
}

// writable parses the name of something that the lock file is to be changed for.
func (l *Loader) writable(name string, options []LoadOption) (find.Name, error) {
	if l.lock.path == "" {
		return find.Name{}, &ConfigError{Setting: "Config.LockFile", Reason: "there is no lock file"}
	}
	return l.parseRequest(name, options)
}

// Upgrade installs the version that the registry would choose for a name today, whatever the lock file has, and
// locks that; from is the version that was locked before, "" where there was none. Nothing of it is compiled and
// nothing runs; what is running goes on.
func (l *Loader) Upgrade(ctx context.Context, name string, options ...LoadOption) (spec *Spec, from string, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	parsed, err := l.writable(name, options)
	if err != nil {
		return nil, "", err
	}
	ctx = l.context(ctx)
	p, err := l.pin(parsed)
	if err != nil {
		return nil, "", err
	}
	if spec, err = l.renew(ctx, parsed, p); err != nil {
		return nil, "", err
	}
	if err := l.permitGrants(p, spec); err != nil {
		return nil, "", err
	}
	fresh := pin{asked: parsed, key: cmp.Or(p.key, lockKey(parsed))}
	err = l.lock.change(ctx, l.config.Store, func(file *lockfile.File) (bool, error) {
		before, held := file.Entry(fresh.key)
		if held && before.Version == spec.Version { // what it holds for other systems stays
			missing, err := (&pin{key: fresh.key, entry: before, held: true}).check(spec, l.lock.base)
			if len(missing) == 0 || err != nil {
				return false, err
			}
			return true, file.Set(l.entry(pin{key: fresh.key, entry: before, held: true}, parsed, spec))
		}
		return true, file.Set(l.entry(fresh, parsed, spec))
	})
	return spec, p.entry.Version, err
}

// renew installs what the registry chooses today.
func (l *Loader) renew(ctx context.Context, name find.Name, p pin) (*Spec, error) {
	if l.config.Frozen {
		return nil, &PolicyError{Rule: "Config.Frozen", Reason: l.lock.base + " is not to be changed", Fix: "set Config.Frozen to false"}
	}
	if p.held && p.entry.Version == inPlace {
		return nil, &VersionError{Reason: "it is found in place and has no versions", Fix: "remove its lines from " + l.lock.base + " to choose anew what it needs"}
	}
	spec, err := l.install(ctx, name, pin{asked: name}, nil)
	if err != nil {
		return nil, err
	}
	if err := agrees(spec, name); err != nil {
		return nil, err
	}
	if err := l.permitSpec(name, pin{}, spec); err != nil {
		return nil, err
	}
	return withName(spec, name)
}

// Unlock takes a name out of the lock file and reports whether it was there.
func (l *Loader) Unlock(ctx context.Context, name string, options ...LoadOption) (was bool, err error) {
	defer func() { err = loadError(name, err) }()
	parsed, err := l.writable(name, options)
	if err != nil {
		return false, err
	}
	err = l.lock.change(l.context(ctx), l.config.Store, func(file *lockfile.File) (bool, error) {
		was = file.Remove(lockKey(parsed))
		return was, nil
	})
	return was, err
}

// LockedVersion tells what a name is locked at, and what the registry would choose for it today.
type LockedVersion struct {
	Name   string `json:"name"` // as the lock file has it
	Locked string `json:"locked"`
	Latest string `json:"latest,omitempty"` // the same where there is nothing newer; "" where Err says why
	Why    string `json:"why,omitempty"`    // why the latest would be chosen
	Err    error  `json:"-"`
}

// Outdated asks the registry about every name of the lock file, some at a time, and changes nothing. The error is
// of the lock file alone.
func (l *Loader) Outdated(ctx context.Context) ([]LockedVersion, error) {
	file, err := l.lock.read()
	if err != nil {
		return nil, err
	}
	ctx = l.context(ctx)
	list := make([]LockedVersion, 0, file.Len())
	for e := range file.All() {
		if e.Version != inPlace {
			list = append(list, LockedVersion{Name: e.Name, Locked: e.Version})
		}
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range list {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			l.ask(ctx, &list[i])
		})
	}
	wg.Wait()
	return list, nil
}

func (l *Loader) ask(ctx context.Context, v *LockedVersion) {
	defer func() { v.Err = loadError(v.Name, v.Err) }()
	defer recovered(&v.Err)
	name, err := l.lockedName(v.Name)
	switch {
	case err != nil:
		v.Err = err
		return
	case pinnedExactly(name):
		v.Latest, v.Why = v.Locked, "asked for"
		return
	case l.config.Offline:
		v.Err = ErrOffline
		return
	}
	i := l.claimant(name)
	if i < 0 {
		v.Err = l.notFound(name, l.wouldInstall(name))
		return
	}
	release, err := l.resolve(ctx, l.config.Installers[i], name, nil)
	if err != nil {
		v.Err = err
		return
	}
	v.Latest, v.Why = release.Version, release.Why
}
