package install

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/webhost"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// Session is what a loader lets an installer do for one name.
type Session struct {
	// Store keeps what is installed.
	Store *store.Store
	// Events is where an installer says what it does: by [event.Resolved], [event.Deprecated],
	// [event.Downloaded], [event.Retrying] and [event.Installed]. It may be nil; see Emit.
	Events event.Sink
	// Progress, if not nil, is told how much of each file has arrived; see [Session.Receive].
	Progress func(Transfer)
	// Offline keeps the installer from the network: it answers with [ErrOffline] instead.
	Offline bool
	// Policies decide about each part of what is installed.
	Policies []*policy.Policy
	// Registries are those that the policies bind to names.
	Registries policy.Registries
	// Locked is the lock file's entry of the name, nil if there is none.
	Locked *lockfile.Entry
	// Toolchain is the release of Go that compiles what is installed, as in "go1.26.8"; "" is that
	// of the toolchain that is here or, if there is none or it is too old, of one that can be
	// brought.
	Toolchain string
	// LocalToolchain keeps installers from bringing toolchains: the one that is here has to do.
	LocalToolchain bool
	// Elsewhere tells that what is installed may have been compiled elsewhere, by another host:
	// installers do without a toolchain, too.
	Elsewhere bool
	// NotLocked, if it is not nil, refuses a module that the entry does not hold.
	NotLocked func(find.ModuleVersion) error
}

// Emit sends an event to the loader's sink.
func (s *Session) Emit(e event.Event) { s.Events.Emit(e) }

// Admit lets the policies decide about a module that is going to be a part of what is installed.
// Installers ask before they fetch it, with a negative size, and again when they know the size of
// its archive in bytes, before they publish it. The error is a [*PolicyError].
func (s *Session) Admit(m find.ModuleVersion, size int64) error {
	if s.Locked != nil && s.NotLocked != nil {
		if _, ok := s.Locked.Need(m.Path); !ok {
			return s.NotLocked(m)
		}
	}
	return Decide(s.Policies, func(p *policy.Policy) policy.Decision {
		d := p.Name(m.Path)
		if d.Allowed && size >= 0 {
			d = p.Size(m.Path, m.Version, size)
		}
		return d
	})
}

// AdmitPlaces lets the policies decide about the files and directories of this machine, without
// links, that what is asked for is read from. The error is a [*PolicyError].
func (s *Session) AdmitPlaces(places ...string) error {
	return Decide(s.Policies, func(p *policy.Policy) policy.Decision { return p.Places(places...) })
}

// AdmitURL lets the policies decide about an address that something is fetched from: those that
// name its place must not deny it. Installers ask about each address that they are led to by
// others. The error is a [*PolicyError].
func (s *Session) AdmitURL(u *url.URL) error {
	if why := webhost.Doubt(u.Host); s.Denies() && why != "" {
		return &PolicyError{Rule: "deny", Reason: fmt.Sprintf("the host %q, which may be one that is denied, %s", u.Host, why)}
	}
	where := url.URL{Scheme: u.Scheme, Host: u.Host, Path: path.Clean("/" + u.Path)}
	return Decide(s.Policies, func(p *policy.Policy) policy.Decision { return p.Denies(where.String()) })
}

// Holds reports whether the lock file has a module, with its version and sum: somebody reviewed it.
func (s *Session) Holds(m find.ModuleVersion) bool { return Holds(s.Locked, m) }

// Denies reports whether [Session.AdmitURL] may refuse anything.
func (s *Session) Denies() bool {
	return slices.ContainsFunc(s.Policies, func(p *policy.Policy) bool { return len(p.Deny) > 0 })
}

// AdmitAge lets the policies decide how long a part of what is asked for must have been published,
// unless the lock file holds it with its sum. published is called only if a policy sets a minimum
// age; it returns the zero time if unknown. Installers ask also about what the store has: a program
// without that policy may have installed it. The error is a [*PolicyError], or that of published.
func (s *Session) AdmitAge(m find.ModuleVersion, published func() (time.Time, error)) error {
	if !slices.ContainsFunc(s.Policies, func(p *policy.Policy) bool { return p.MinAge > 0 }) || s.Holds(m) {
		return nil
	}
	at, err := published()
	if err != nil {
		return err
	}
	return s.Consider(&Release{Module: m.Path, Version: m.Version, Time: at})
}

// AdmitSum lets the policies decide about a module whose sum is known and verified, before it is
// published: whether it has the signature that it needs, unless the lock file holds it already. The
// error is a [*PolicyError].
func (s *Session) AdmitSum(m find.ModuleVersion) error {
	return Decide(s.Policies, func(p *policy.Policy) policy.Decision { return Signed(p, s.Locked, m, time.Now()) })
}

// Signed decides about a signature, unless a lock file's entry holds the module.
func Signed(p *policy.Policy, locked *lockfile.Entry, m find.ModuleVersion, now time.Time) policy.Decision {
	if Holds(locked, m) {
		return policy.Decision{Allowed: true}
	}
	return p.Signed(m.Path, m.Version, m.Sum, now)
}

// Holds reports whether a lock file's entry has a module, with its version and sum.
func Holds(locked *lockfile.Entry, m find.ModuleVersion) bool {
	if locked == nil {
		return false
	}
	need, ok := locked.Need(m.Path)
	return ok && need == lockfile.Module(m)
}

// Consider lets the policies decide about a version that an installer could choose. If it is free
// to choose, an installer that gets an error tries the next best. The error is a [*PolicyError].
func (s *Session) Consider(r *Release) error {
	return Decide(s.Policies, func(p *policy.Policy) policy.Decision { return p.Version(r.Subject(), time.Now()) })
}

// Considerate reports whether [Session.Consider] may refuse anything.
func (s *Session) Considerate() bool { return len(s.Policies) > 0 }

// Decide asks every policy; the first refusal is the error.
func Decide(policies []*policy.Policy, ask func(*policy.Policy) policy.Decision) error {
	for _, p := range policies {
		if d := ask(p); !d.Allowed {
			return &PolicyError{Rule: d.Rule, Reason: d.Reason, Fix: d.Fix}
		}
	}
	return nil
}

// Owner returns the registry that owns a module or package path. Installers ask before they ask
// anybody else about a path, or look for it where strangers can have put it. What is owned comes
// from its registry alone, whatever that answers, and is not looked up in a checksum database; from
// a registry comes nothing but what it owns.
func (s *Session) Owner(path string) (policy.Owner, bool) { return s.Registries.Owner(path) }

// Belongs reports whether what the store has of a module may be used: it came from the registry
// that owns the module, whose URL is from, or from none if none owns it; or it has the sum that the
// lock file promises, wherever it came from. Finders and installers treat as absent what does not
// belong. Without a sum it is about the module's go.mod file.
func (s *Session) Belongs(m find.ModuleVersion, from string) bool {
	if owner, _ := s.Owner(m.Path); owner.URL == from {
		return true
	}
	if s.Locked == nil {
		return false
	}
	return slices.ContainsFunc(s.Locked.Needs, func(p lockfile.Module) bool {
		return p.Path == m.Path && p.Version == m.Version && (m.Sum == "" || m.Sum == p.Sum)
	})
}

// MayAsk reports whether the network may be asked.
func (s *Session) MayAsk() bool { return !s.Offline }

// WithoutNetwork returns the session of the same work without a network.
func (s *Session) WithoutNetwork() *Session {
	other := *s
	other.Offline = true
	return &other
}
