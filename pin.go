package load

import (
	"context"
	"fmt"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/lock"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/lockfile"
)

// look looks the name up in the lock file, and lets installers know what that holds. A frozen one
// keeps them from bringing more.
func (w *walk) look(s *install.Session) error {
	pin, err := w.loader.pin(w.request)
	if err != nil {
		return err
	}
	session := *s
	session.Locked, session.NotLocked = pin.Locked(), nil
	if pin.Held && w.loader.config.Frozen {
		session.NotLocked = w.notLocked
	}
	w.pin, w.pinned, w.session = pin, pin.Pinned(w.name), &session
	return nil
}

// pin looks a name up in the lock file.
func (l *Loader) pin(r *request) (plan.Pin, error) {
	if l.lock.Path == "" {
		return plan.Pin{}, nil
	}
	file, err := l.lock.Read()
	if err != nil {
		return plan.Pin{}, err
	}
	return plan.FindPin(file, r.name), nil
}

// notLocked refuses a module that a name needs and a frozen lock file does not hold.
func (w *walk) notLocked(m find.ModuleVersion) error {
	return w.loader.notLocked(w.request, "the module "+m.Path+"@"+m.Version+", which it needs on this system,")
}

// notLocked refuses what a frozen lock file does not hold.
func (l *Loader) notLocked(r *request, what string) error {
	fix := "run `load lock " + r.name.String() + "` without it, and review the change"
	if plan.LockKey(r.name) == "" {
		fix = "give it a name without spaces, or set Config.Frozen to false"
	}
	return &PolicyError{Rule: "Config.Frozen", Reason: fmt.Sprintf("%s is not in %s", what, l.lock.Base), Fix: fix}
}

// fits checks the spec against the lock file; missing reports whether the lock file is to hold more
// than it does.
func (w *walk) fits() (missing bool, err error) {
	l := w.loader
	if err := w.pin.PermitGrants(l.config.Policies, w.spec, l.lock.Base); err != nil || l.lock.Path == "" || !plan.Lockable(w.spec, w.by) {
		return false, err
	}
	if !w.pin.Held {
		if l.config.Frozen {
			return false, l.notLocked(w.request, "it")
		}
		return true, nil
	}
	if err := w.pin.PermitOrigin(w.spec, w.by, l.lock.Base); err != nil {
		return false, err
	}
	more, err := w.pin.Check(w.spec, l.lock.Base)
	if len(more) > 0 && err == nil && l.config.Frozen {
		err = w.notLocked(more[0])
	}
	return len(more) > 0, err
}

// keep adds to the lock file what it misses. It returns false if another process locked the name
// meanwhile at another version: then the load starts over.
func (w *walk) keep(ctx context.Context) (bool, error) {
	if !w.missing || w.pin.Key == "" {
		return true, nil
	}
	kept := true
	err := w.loader.changeLock(ctx, func(file *lockfile.File) (bool, error) {
		now, held := file.Entry(w.pin.Key)
		if held && (!w.pin.Held || !now.Equal(w.pin.Entry)) {
			kept = false
			return false, nil
		}
		return true, file.Set(w.pin.Filled(w.loader.config.Policies, w.spec, w.by))
	})
	return kept, err
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

// lockedRequest is what a key of the lock file stands for.
func (l *Loader) lockedRequest(key string) (*request, error) {
	parts := strings.Split(key, " with ")
	return l.request(parts[0], []LoadOption{Along(parts[1:]...)})
}
