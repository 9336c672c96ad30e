// Package goprocess is the default engine: it builds a Go package natively and runs it as a child
// process, inside the sandbox that the operating system offers. Calls go over a pair of sockets.
// The module has native speed, a crash stays outside of the host, and unloading gives back
// everything.
//
// Package standard wires it. A program that wants it otherwise lists the engines itself:
//
//	engines := []engine.Engine{goprocess.New(goprocess.Config{Memory: 256 << 20}), native.New()}
//	l, err := standard.New(load.Config{Engines: engines})
package goprocess

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/goglue/build/workspace"
	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/sandbox"
	"github.com/loadgo/load/internal/toolchain"
)

// Config says how modules are built and run. The zero Config is useful: modules get nothing, and
// the isolation is the best that the system offers.
type Config struct {
	// ReadOnly and ReadWrite are the directories, as absolute paths, that modules may read, or read
	// and change. A module gets no other files.
	ReadOnly, ReadWrite []string
	// Network lets modules open IPv4 and IPv6 sockets.
	Network bool
	// Programs lets modules start programs that lie in granted directories.
	Programs bool
	// Env is the environment of modules, as "KEY=value"; nothing is inherited from the host.
	Env []string

	// Memory is how much memory, in bytes, a module and what it starts may use, page tables
	// included; 0 is no limit, and less than 32 MiB is refused. The module's garbage collector is
	// told (GOMEMLIMIT), and going beyond ends the module; the error then holds a
	// [*engine.LimitError]. Only Linux enforces it.
	Memory int64
	// Processors is how many processors a module uses at once (GOMAXPROCS); 0 is all of them.
	Processors int
	// Processes is how many threads and, where Programs is set, processes modules may have beyond
	// what the machine runs at their start; the system does not hold root to it. On Linux those of
	// a module are also counted, and more, beyond what its runtime needs, end it with a
	// [*engine.LimitError]. 0 limits processes to 1,024, and threads not at all.
	Processes int
	// FileSize is the size, in bytes, to which a module can make a file grow; 0 is no limit.
	FileSize int64
	// OpenFiles is how many files a module can have open at once; 0 is the host's limit.
	OpenFiles int

	// MaxMessage is how many bytes the arguments of a call, or its results, take at most; 0 is 256
	// MiB.
	MaxMessage int
	// MaxInFlight is how much memory of the host, in bytes, the results of calls may take until
	// they are decoded, as much again the arguments of the module's calls of the host until these
	// return, and as much again what is sent to the module until it is written; 0 is 256 MiB.
	// Beyond it the module, or the host's call, waits. A single message of the module may always
	// take eight times its size; beyond that, and what is left, a call ends with a
	// [*engine.LimitError].
	MaxInFlight int

	// RequireIsolation refuses to run modules where the system does not offer every restriction.
	// The error is a [*engine.IsolationError].
	RequireIsolation bool

	// Stdout and Stderr receive what modules print; nil makes an event, [event.Output], of every
	// line.
	// Modules write to a pipe, whatever the writer is. A writer has what was printed in a call when
	// the call returns, and what was printed before a call of the host when that begins.
	Stdout, Stderr io.Writer

	// Grace is how long a module may stay busy with a call that was cancelled before
	// [event.Overrun] is emitted; 0 is five seconds. Cancelled calls return at once all the same.
	Grace time.Duration
	// KillOverrun ends a module that stays busy for longer than Grace; every call of it in flight
	// then returns [engine.ErrCrashed].
	KillOverrun bool

	// Spare is how many children of each module that runs wait, started ahead, for its next start:
	// a reload of unchanged code, the load after a crash, another loader's. Such a start takes a
	// fraction of a millisecond, and another spare child is started. The module's packages have run
	// their initialisations before: it is not for modules that do something there, or note the time.
	// A spare child has the grants, limits and sandbox of the module, and memory of its own, and
	// what it prints is heard when it is taken. It ends when the last instance of its module is
	// closed; where that has crashed, five seconds later.
	Spare int

	// BuildCache is the directory of the go command's build cache; "" is the user's.
	BuildCache string
	// GOOS and GOARCH are the system that modules are compiled for; "" is this machine's. Modules
	// for another one are compiled and not started.
	GOOS, GOARCH string
	// GOROOT is the directory of the Go toolchain that compiles; "" is the one in PATH.
	GOROOT string

	memorySetting string // what set Memory
}

// Engine runs Go packages as child processes.
type Engine struct {
	config     Config
	toolchains toolchain.Finder
	spares     spares
}

// New returns an engine. The config is copied.
func New(config Config) *Engine {
	config.GOOS, config.GOARCH = cmp.Or(config.GOOS, runtime.GOOS), cmp.Or(config.GOARCH, runtime.GOARCH)
	if config.Grace == 0 {
		config.Grace = 5 * time.Second
	}
	return &Engine{config: config, toolchains: toolchain.Finder{Root: config.GOROOT}, spares: spares{most: config.Spare, of: map[string]*spare{}}}
}

// Name implements [engine.Engine].
func (*Engine) Name() string { return "goprocess" }

// Accepts implements [engine.Engine]: every Go package.
func (*Engine) Accepts(src find.Source) bool { return src.Kind == find.KindGo && src.Go != nil }

// Target implements [engine.Targeted].
func (e *Engine) Target() string { return e.config.GOOS + "/" + e.config.GOARCH }

// Fingerprint implements [engine.Compiler]. If there is no toolchain, artifacts of the toolchain
// that built the host are looked for: a machine that only runs needs none.
func (e *Engine) Fingerprint() string {
	release, _ := e.Release()
	return e.FingerprintOf(release)
}

// Release implements [engine.Released].
func (e *Engine) Release() (string, error) {
	t, err := e.toolchains.Find() // without one, it has the version to look for
	return t.Version, err
}

// FingerprintOf implements [engine.Released].
func (e *Engine) FingerprintOf(release string) string {
	return builder(toolchain.Toolchain{Version: release}, e.config).Fingerprint()
}

// Trusts implements [engine.Truster].
func (e *Engine) Trusts() []string {
	t, _ := e.toolchains.Find()
	return (&workspace.Workspace{Toolchain: t, BuildCache: e.config.BuildCache}).Trusts()
}

func builder(t toolchain.Toolchain, config Config) build.Builder {
	return build.Builder{Toolchain: t, GOOS: config.GOOS, GOARCH: config.GOARCH, BuildCache: config.BuildCache}
}

// Compile implements [engine.Compiler].
func (e *Engine) Compile(ctx context.Context, src find.Source, dir string) error {
	return e.CompileWith(ctx, engine.Means{}, src, dir)
}

// CompileWith implements [engine.Equipped].
func (e *Engine) CompileWith(ctx context.Context, means engine.Means, src find.Source, dir string) error {
	if !runsOn(e.config.GOOS) {
		return &engine.CompileError{Reason: "goprocess does not run on " + e.config.GOOS + "; take the engine gowasm"}
	}
	t, err := e.toolchains.FindAt(means.GOROOT)
	if err != nil {
		return err
	}
	b := builder(t, e.config)
	b.Processors = means.Processors
	return b.Build(ctx, src, dir)
}

// runsOn reports whether there are processes of this engine on a system: it needs sockets that are
// inherited.
func runsOn(goos string) bool {
	return !slices.Contains([]string{"windows", "plan9", "js", "wasip1"}, goos)
}

// policy is what the sandbox enforces.
func (c *Config) policy() sandbox.Policy {
	return sandbox.Policy{
		ReadOnly: c.ReadOnly, ReadWrite: c.ReadWrite, Network: c.Network, Programs: c.Programs,
		Limits: sandbox.Limits{Memory: c.Memory, Processes: c.Processes, FileSize: c.FileSize, OpenFiles: c.OpenFiles},
	}
}

// with is the configuration for a module to which a policy grants something.
func (c Config) with(g engine.Grants) Config {
	c.ReadOnly = slices.Concat(c.ReadOnly, g.ReadOnly)
	c.ReadWrite = slices.Concat(c.ReadWrite, g.ReadWrite)
	c.Network = c.Network || g.Network
	c.Programs = c.Programs || g.Programs
	c.Env = slices.Concat(c.Env, g.Environ())
	return c
}

// leastMemory is what a module needs to start: one that imports net/http does within it
// (TestLeastMemory).
const leastMemory = 32 << 20

// Valid implements [engine.Configured].
func (e *Engine) Valid() error { return engine.TooLittleMemory(e.Name(), e.config.Memory, leastMemory) }

// CanGrant implements [engine.Granter].
func (e *Engine) CanGrant(g engine.Grants) error {
	return engine.TooLittleMemory(e.Name(), g.Memory, leastMemory)
}

// Isolation tells what keeps modules of this engine from the host here, without starting one.
func (e *Engine) Isolation() engine.Isolation { return sandbox.Probe(e.config.policy()) }

// Try implements [engine.Trier].
func (e *Engine) Try(a engine.Artifact) engine.Isolation {
	config, err := e.configured(a)
	if err == nil && a.WorkDir != "" {
		err = canStartIn(a.WorkDir)
	}
	if err != nil {
		return sandbox.Unavailable(config.policy(), err)
	}
	return sandbox.Try(config.policy())
}

// canStartIn says why no program can be started that lies beside a directory of the store.
func canStartIn(dir string) error {
	opened, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer opened.Close()
	var system *engine.SystemError
	if err := cannotStart(fs.ErrPermission, opened); errors.As(err, &system) {
		return system
	}
	return nil
}

// configured is the configuration for one artifact.
func (e *Engine) configured(a engine.Artifact) (Config, error) {
	config := e.config.with(a.Grants)
	config.memorySetting = "goprocess.Config.Memory"
	if a.Limits.Memory > 0 {
		config.Memory, config.memorySetting = a.Limits.Memory, "what Config.Limits returns, or what the policy grants"
	}
	if err := engine.TooLittleMemory(e.Name(), config.Memory, leastMemory); err != nil {
		return config, err
	}
	return config, a.Writable(config.ReadWrite)
}

// Open implements [engine.Engine].
func (e *Engine) Open(ctx context.Context, a engine.Artifact, _ engine.Importer) (engine.Instance, error) {
	config, err := e.configured(a)
	if err != nil {
		return nil, err
	}
	if system := e.Target(); system != runtime.GOOS+"/"+runtime.GOARCH {
		return nil, &engine.SystemError{
			Reason: "it is compiled for " + system + ", and this is " + runtime.GOOS + "/" + runtime.GOARCH,
			Fix:    "load it on a machine of that system: goprocess.Config.GOOS and GOARCH are for those who prepare modules",
		}
	}
	if config.RequireIsolation || a.RequireIsolation {
		if err := sandbox.Require(sandbox.Try(config.policy())); err != nil {
			return nil, err
		}
	}
	key := spareKey(&config, a)
	start := func(ctx context.Context, ahead bool) (*process, error) { return begin(ctx, config, a, ahead) }
	p := e.spares.take(key, &config, a)
	if p == nil {
		if p, err = start(ctx, false); err != nil {
			return nil, err
		}
	}
	i := &instance{Instance: p.conn.host, process: p, left: func(context.Context, bool) error { return nil }}
	if key != "" {
		i.left = e.spares.opened(key, func(ctx context.Context) (*process, error) { return start(ctx, true) })
	}
	return i, nil
}

// begin starts the program of an artifact and runs the module's initialisation. A process that is
// started ahead waits then to be taken, and what it prints stays in its pipes.
func begin(ctx context.Context, config Config, a engine.Artifact, ahead bool) (*process, error) {
	program, verify, err := a.Files.OpenUnverified(build.ProgramFile)
	if err != nil {
		return nil, err
	}
	// Verifying the program takes longer than anything else here, so it goes on beside the rest.
	verified := make(chan error, 1)
	go func() { verified <- verify() }()
	defer program.Close()
	wait := sync.OnceValue(func() error { return <-verified })
	defer wait()
	data, err := a.Files.ReadFile(build.APIFile)
	if err != nil {
		return nil, err
	}
	described, err := api.DecodeAPI(data)
	if err != nil {
		return nil, err
	}
	var at []fs.FileInfo
	if ahead {
		at = places(&config) // before the sandbox opens them
	}
	p, err := start(ctx, config, a, program, wait)
	if err != nil {
		return nil, err
	}
	p.places = at
	p.conn.host = host.NewInstance(a.Spec.Name, described, p.conn, inflight.Limits{
		Message: config.MaxMessage, InFlight: config.MaxInFlight, Setting: "goprocess.Config.MaxInFlight",
	})
	p.adopt(a)
	if ahead {
		p.waiting.Store(waits)
	} else {
		p.print()
	}
	go p.wait()
	if err := p.handshake(ctx, api.Sum(data)); err != nil {
		return nil, err
	}
	if ahead {
		p.rehearse(ctx)
	}
	return p, nil
}

// instance is a running module.
type instance struct {
	*host.Instance
	process *process
	// left ends the spare children where nothing else needs them.
	left func(ctx context.Context, crashed bool) error
}

// Isolation implements [engine.Isolated].
func (i *instance) Isolation() engine.Isolation { return i.process.child.Isolation() }

// Crash implements [engine.Crashable].
func (i *instance) Crash() *atomic.Pointer[error] { return &i.process.conn.broken }

// Close implements [engine.Instance].
func (i *instance) Close(ctx context.Context) error {
	crashed := i.Crash().Load() != nil && !i.process.stopping.Load()
	return errors.Join(i.process.stop(ctx), i.left(ctx, crashed))
}
