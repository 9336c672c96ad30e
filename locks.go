package load

import (
	"cmp"
	"context"
	"sync"

	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/report"
)

// Locks changes what the lock file of a loader holds; see [Loader.Locks]. Nothing that it brings is
// compiled, and nothing runs; what is running goes on. All methods are safe for concurrent use.
type Locks struct{ loader *Loader }

// Locks returns what changes the loader's lock file, [Config].LockFile. Without one, all methods
// but Outdated return a [*ConfigError].
func (l *Loader) Locks() Locks { return Locks{l} }

// Add finds the module or installs it, with everything it imports, and so brings it into the lock
// file. A name that the lock file holds keeps its version.
func (k Locks) Add(ctx context.Context, name string, options ...LoadOption) (spec *Spec, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	r, err := k.request(name, options)
	if err != nil {
		return nil, err
	}
	w, err := k.loader.obtain(ctx, k.loader.session(), r)
	if err != nil {
		return nil, err
	}
	return w.spec, nil
}

// Accept writes what the policies grant to a locked name into the lock file. It installs the locked
// version if it is not here.
func (k Locks) Accept(ctx context.Context, name string, options ...LoadOption) (err error) {
	defer func() { err = loadError(name, err) }()
	l := k.loader
	r, err := k.request(name, options)
	if err != nil {
		return err
	}
	if p, err := l.pin(r); err != nil || !p.Held {
		return cmp.Or(err, l.notLocked(r, "it"))
	}
	w, err := l.walk(ctx, l.session(), r, atPermitted)
	if err != nil {
		return err
	}
	if err := w.pin.PermitOrigin(w.spec, w.by, l.lock.Base); err != nil {
		return err
	}
	return l.changeLock(ctx, func(file *lockfile.File) (bool, error) {
		entry, held := file.Entry(w.pin.Key)
		if !held {
			return false, l.notLocked(r, "it")
		}
		granted, _ := policy.Granted(l.config.Policies, plan.GrantNames(w.spec)...)
		entry.Grants = granted.Capabilities()
		return true, file.Set(entry)
	})
}

// request parses the name of something that the lock file is to be changed for.
func (k Locks) request(name string, options []LoadOption) (*request, error) {
	if k.loader.lock.Path == "" {
		return nil, &ConfigError{Setting: "Config.LockFile", Reason: "there is no lock file"}
	}
	return k.loader.request(name, options)
}

// Upgrade installs the version that the registry would choose for a name today, whatever the lock
// file has, and locks that; from is the version that was locked before, "" if there was none.
func (k Locks) Upgrade(ctx context.Context, name string, options ...LoadOption) (spec *Spec, from string, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	l := k.loader
	r, err := k.request(name, options)
	if err != nil {
		return nil, "", err
	}
	p, err := l.pin(r)
	if err != nil {
		return nil, "", err
	}
	w, err := l.renew(ctx, r, p)
	if err != nil {
		return nil, "", err
	}
	if err := p.PermitGrants(l.config.Policies, w.spec, l.lock.Base); err != nil {
		return nil, "", err
	}
	key := cmp.Or(p.Key, plan.LockKey(r.name))
	err = l.changeLock(ctx, func(file *lockfile.File) (bool, error) {
		return plan.Renew(file, key, l.config.Policies, w.spec, w.by, l.lock.Base)
	})
	return w.spec, p.Entry.Version, err
}

// renew installs what the registry chooses today, whatever the pin holds.
func (l *Loader) renew(ctx context.Context, r *request, p plan.Pin) (*walk, error) {
	if err := l.changeable(); err != nil {
		return nil, err
	}
	if p.Held && p.Entry.Version == plan.InPlace {
		return nil, &VersionError{Reason: "it is found in place and has no versions", Fix: "remove its lines from " + l.lock.Base + " to choose anew what it needs"}
	}
	w := &walk{request: r, loader: l, session: l.session(), pinned: r.name}
	err := w.install(ctx, atSpec)
	if err != nil {
		return nil, err
	}
	if w.spec, err = asAsked(w.spec, w.pinned); err != nil {
		return nil, err
	}
	return w, w.permit()
}

// Remove takes a name out of the lock file and reports whether it was there.
func (k Locks) Remove(ctx context.Context, name string, options ...LoadOption) (was bool, err error) {
	defer func() { err = loadError(name, err) }()
	l := k.loader
	r, err := k.request(name, options)
	if err != nil {
		return false, err
	}
	err = l.changeLock(ctx, func(file *lockfile.File) (bool, error) {
		was = file.Remove(plan.LockKey(r.name)) || file.Remove(plan.FormerLockKey(r.name))
		return was, nil
	})
	return was, err
}

// Outdated asks the registry about every name of the lock file, some at a time, and changes
// nothing. The error is of the lock file alone.
func (k Locks) Outdated(ctx context.Context) ([]report.LockedVersion, error) {
	l := k.loader
	file, err := l.lock.Read()
	if err != nil {
		return nil, err
	}
	list := make([]report.LockedVersion, 0, file.Len())
	for e := range file.All() {
		if e.Version != plan.InPlace {
			list = append(list, report.LockedVersion{Name: e.Name, Locked: e.Version})
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

// ask asks the registry about a locked name.
func (l *Loader) ask(ctx context.Context, v *report.LockedVersion) {
	defer func() { v.Err = loadError(v.Name, v.Err) }()
	defer recovered(&v.Err)
	r, err := l.lockedRequest(v.Name)
	switch {
	case err != nil:
		v.Err = err
		return
	case plan.Exact(r.name):
		v.Latest, v.Why = v.Locked, "asked for"
		return
	case l.config.Offline:
		v.Err = ErrOffline
		return
	case r.installer == nil:
		v.Err = l.notFound(r, l.wouldInstall(r))
		return
	}
	release, err := l.resolve(ctx, l.session(), r, nil)
	if err != nil {
		v.Err = err
		return
	}
	v.Latest, v.Why = release.Version, release.Why
}
