package engine

import (
	"context"
	"go/version"
	"reflect"
	"sync/atomic"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/trusted"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// Engine opens artifacts as running instances. Engines are safe for concurrent use.
type Engine interface {
	// Name is the engine's short name: "goprocess".
	Name() string
	// Accepts reports whether the engine can run the source, by its content and never by executing
	// it.
	Accepts(find.Source) bool
	// Open starts the artifact and runs the module's initialisation. A panic, a trap or an exit
	// there is an [*InitError].
	Open(ctx context.Context, a Artifact, imp Importer) (Instance, error)
}

// Compiler is an optional ability of an engine: it makes an artifact that the store keeps.
type Compiler interface {
	// Fingerprint changes whenever the output of Compile would for an unchanged source. It is
	// cheap: every load asks for it.
	Fingerprint() string
	// Compile writes the artifact's files into the empty directory dir. An error in the module's
	// code is a [*CompileError].
	Compile(ctx context.Context, src find.Source, dir string) error
}

// Means is what a [Compiler] compiles with. The zero Means is what it finds itself.
type Means struct {
	Processors int    // how many it uses at once; 0 is all of them
	GOROOT     string // of the Go toolchain; "" is the one whose release [Released] tells
}

// ReleaseFor returns the oldest release of Go that compiles what a "go" line of a go.mod file asks
// for: "go1.27.4" for "1.27.4", and "go1.27.0" for the language "1.27".
func ReleaseFor(goVersion string) string {
	release := "go" + goVersion
	if release == version.Lang(release) && version.Compare(release, "go1.21") >= 0 { // before, the first release had the language's name
		release += ".0"
	}
	return release
}

// Equipped is an optional ability of a [Compiler]: it compiles with what it is given.
type Equipped interface {
	// CompileWith is Compile with other means.
	CompileWith(ctx context.Context, means Means, src find.Source, dir string) error
}

// Artifact is a module ready to be opened.
type Artifact struct {
	Spec *find.Spec
	// Files are the verified files that the engine compiled; nil for an engine without a compile
	// step.
	Files *store.Artifact
	// Derive returns what was made of Files under a key before, by this process or another, or lets
	// make write it into the empty directory dir and keeps it. It is nil where the loader has no
	// store. Files of it are verified when they are opened; where Open returns the
	// [*store.DamagedError] of one, the loader takes it out of the store and opens the artifact
	// again, once.
	Derive func(ctx context.Context, key string, make func(ctx context.Context, dir string) error) (*store.Artifact, error)
	// Limits bound what the module may use, by what the program says and by what policies say.
	Limits Limits
	// Events is where the engine says what happens to the module, then and later; it may be nil,
	// and its Emit may be called all the same.
	Events event.Sink
	// WorkDir is an empty directory for a module that runs as a process; "" where the loader has no
	// store.
	WorkDir string
	// Grants is what a policy gives this module beyond what the engine gives to all (its limits are
	// in Limits); RequireIsolation refuses to run it without every restriction. Only a [Granter] is
	// given either.
	Grants           Grants
	RequireIsolation bool
	// Trusted lists the files and directories of which nothing may be written by a module, whatever
	// is granted: what the loader and its engines compile, run and believe. It may be nil.
	Trusted func() []string
}

// Writable returns why one of the places cannot be granted to the module for writing, an
// [*fs.PathError], or nil. An engine asks before it opens the artifact.
func (a Artifact) Writable(places []string) error {
	if a.Trusted == nil || len(places) == 0 {
		return nil
	}
	return trusted.Refuse(places, a.Trusted())
}

// Truster is an optional ability of a [Compiler]: Trusts lists the files and directories that it
// compiles from and not for one module alone, such as its toolchain and its build cache.
type Truster interface {
	Trusts() []string
}

// Preparer is an optional ability of an engine that derives further files from an artifact: Prepare
// does that ahead of Open, so that an installed module starts at once.
type Preparer interface {
	Prepare(ctx context.Context, a Artifact) error
}

// Describer is an optional ability of an engine that takes sources of several kinds: Describe says
// in a line of which kind one is and what it asks for, or what is wrong with it. Nothing of it
// runs.
type Describer interface {
	Describe(src find.Source) string
}

// Released is an optional ability of a [Compiler] whose toolchain has releases. If there is none,
// what any release made is opened.
type Released interface {
	// Release is the toolchain's, as in "go1.26.8". The error is why there is no toolchain.
	Release() (string, error)
	// FingerprintOf is what Fingerprint is with another release.
	FingerprintOf(release string) string
}

// Targeted is an optional ability of a [Compiler] whose artifacts run on one system only: Target
// tells it, as in "linux/amd64". Artifacts of others run on every system.
type Targeted interface {
	Target() string
}

// Importer lets an engine load further modules while one is loading or running. It carries the
// import chain, so that cycles are found and errors show "a → b → c".
type Importer interface {
	Import(ctx context.Context, name string) (Imported, error)
}

// Imported is a module that another one has imported. [Instance] says what the methods do.
type Imported interface {
	Name() string
	Symbols() []Symbol
	Bind(symbol string, t reflect.Type) (reflect.Value, error)
	Call(ctx context.Context, symbol string, args ...any) ([]any, error)
}

// Registry is an optional ability of an [Importer]: Registered imports a module that the host
// program itself registered. No other is loaded, whatever it is called: the error is then
// [ErrNotRegistered].
type Registry interface {
	Registered(ctx context.Context, name string) (Imported, error)
}

// Typed is an optional ability of an [Instance] and an [Imported]: TypeOf returns the Go type that
// a symbol has in the host.
type Typed interface {
	TypeOf(symbol string) (reflect.Type, error)
}

// Instance is a running module. Instances are safe for concurrent use.
type Instance interface {
	// Symbols lists what the module exports, sorted by name. The caller does not change it.
	Symbols() []Symbol
	// Bind makes the symbol available as a value of type t: a function type for a function, the
	// type of the value for a variable or a constant. A type that does not fit is a [*SymbolError],
	// and nothing runs.
	Bind(symbol string, t reflect.Type) (reflect.Value, error)
	// Call calls a function with arguments whose types are checked now, and returns its results as
	// the Go values that come closest: plain data as itself, everything else as an [*Object]. A
	// trailing error result is returned as err and is not part of the results.
	Call(ctx context.Context, symbol string, args []any) (results []any, err error)
	// Close stops the instance and frees everything it holds. It is idempotent.
	Close(ctx context.Context) error
}

// Assigner is an optional ability of an instance: it sets variables.
type Assigner interface {
	Assign(ctx context.Context, symbol string, value any) error
}

// Configured is an optional ability of an engine: Valid returns what is wrong with how it was
// configured, such as a limit below what any module needs to start. [load.New] refuses the engine
// then.
type Configured interface {
	Valid() error
}

// Memory is how much memory a module uses.
type Memory struct {
	Now  int64  `json:"now"`            // bytes
	Peak int64  `json:"peak"`           // the most there was, in bytes, or 0 where that is not known
	From string `json:"from,omitempty"` // what was measured: "resident memory of its process"; "" where nothing was
}

// Measurable is an optional ability of an instance: it tells how much memory the module uses. What
// shares the host's heap cannot tell.
type Measurable interface {
	Memory() Memory
}

// Holder is an optional ability of an instance: it reports whether the module refers to functions
// or other values of the host, so that it may call them at any time.
type Holder interface {
	Holds() bool
}

// Isolated is an optional ability of an instance: it tells what keeps the module from the host.
type Isolated interface {
	Isolation() Isolation
}

// Trier is an optional ability of an engine: Try tells what would keep a module from the host, by
// trying it without the module. The artifact's Files may be missing.
type Trier interface {
	Try(a Artifact) Isolation
}

// Crashable is an optional ability of an instance: Crash returns where the instance keeps the error
// that ended it, nil as long as it can be used. The error is there before anything of the instance
// returns [ErrCrashed]; the loader, which looks at every look-up, then makes a fresh instance on
// the next load.
type Crashable interface {
	Crash() *atomic.Pointer[error]
}

// Grants is what a policy gives a module beyond what its engine gives to all modules.
type Grants = policy.Grants

// Granter is an optional ability of an engine: it honours [Artifact.Grants] and
// [Artifact.RequireIsolation]. A module of another engine to which a policy grants something, or
// which must be isolated, does not start.
type Granter interface {
	// CanGrant returns an error that says what of it the engine cannot enforce.
	CanGrant(Grants) error
}
