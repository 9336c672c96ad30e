package install

import (
	"context"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/policy"
)

// Release is an exact version of a module that an installer can bring. It is resolved before
// anything is written, so that a policy can look at it.
type Release struct {
	Name    find.Name // what was asked
	Package string    // import path of the package, or the name within its registry
	Module  string    // path of the module that holds it
	Version string    // exact version
	Sum     string    // "h1:…" of the module, where it is known before the download
	Time    time.Time // when the version was published; zero where unknown
	Why     string    // why this version was chosen
	Origin  string    // the installer, for messages

	// BuildList holds modules, with their sums, that a lock file promises. Install checks what it
	// brings against them before it publishes it, and asks nobody else about their sums. Such a
	// release was not made by Resolve: it has Name, Package, Module and Version, and Sum and Time
	// where the lock file has them.
	BuildList []find.ModuleVersion

	// Changing tells that the name may lead to another version tomorrow, as a branch does: the
	// store does not answer for it.
	Changing bool

	// Deprecated is the module's deprecation message, "" if there is none.
	Deprecated string

	// Retracted says why the module's authors retracted this version, "" where they did not.
	Retracted string
}

// Installer brings missing modules into the store and tells how that goes by the events
// [event.Resolved], [event.Deprecated], [event.Downloaded], [event.Retrying] and [event.Installed].
// Installers are safe for concurrent use.
type Installer interface {
	// Claims reports whether the name is this installer's; it is cheap and does no I/O.
	Claims(name find.Name) bool
	// Resolve finds the exact version; it writes nothing that a build could use.
	Resolve(ctx context.Context, s *Session, name find.Name) (*Release, error)
	// Install downloads, verifies and publishes the release and what it imports.
	Install(ctx context.Context, s *Session, r *Release) (*find.Spec, error)
}

// Completer is an optional ability of an installer: it brings what a source found in place needs,
// such as the modules that a local directory's go.mod requires. Complete returns the spec unchanged
// where it has nothing to add. The build list of the spec that it is given holds what a lock file
// promises, if anything; that of the result what the build needs, to which the loader adds the tree
// of the source itself.
type Completer interface {
	Complete(ctx context.Context, s *Session, spec *find.Spec) (*find.Spec, error)
}

// Toolchains is an optional ability of an installer: it brings Go toolchains for this machine.
// Toolchain returns the GOROOT of a release, as in "go1.26.8": the one in the store, or one that it
// brings there, verified.
type Toolchains interface {
	Toolchain(ctx context.Context, s *Session, release string) (goroot string, err error)
}

// Subject is what the policies decide about.
func (r *Release) Subject() policy.Subject {
	return policy.Subject{Package: r.Package, Module: r.Module, Version: r.Version, Time: r.Time, Retracted: r.Retracted, Deprecated: policy.Deprecation(r.Retracted, r.Deprecated)}
}
