// Package gowasm runs Go packages as WebAssembly, inside the host's process: it builds them for
// wasip1 and runs them with wazero. A module reaches nothing of the machine but what it was given,
// on every system; a short call costs well under a microsecond. Its code is several times slower
// than native code.
//
// wazero's machine code has no places at which the Go runtime could stop it, so the engine puts
// checkpoints into the WebAssembly when it is compiled: a call that computes for long does not hold
// up the host's garbage collector, and ends when its context does.
//
//	l, err := standard.New(load.Config{Engine: "gowasm"}) // every Go package in WebAssembly
//	m, err := l.Load(ctx, "github.com/gosimple/slug", load.WithEngine("gowasm"))
package gowasm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/checkpoint"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/goglue/build/workspace"
	"github.com/loadgo/load/internal/toolchain"
)

// Config says how modules are built and run. The zero Config is useful: modules get nothing but the
// time
// and random numbers.
type Config struct {
	// ReadOnly and ReadWrite are the directories, as absolute paths, that modules may read, or read
	// and
	// change; they have the same paths in the module. Symbolic links do not lead out of them, and
	// modules cannot make any.
	ReadOnly, ReadWrite []string
	// Env is the environment of modules, as "KEY=value"; nothing is inherited from the host.
	Env []string

	// Memory is how much memory, in bytes, a module may use; 0 is 4 GiB, which is as much as
	// WebAssembly
	// has. The module's garbage collector is told (GOMEMLIMIT), and going beyond ends the module.
	Memory int64

	// MaxMessage is how many bytes the arguments of a call, or its results, take at most; 0 is 256
	// MiB.
	MaxMessage int
	// MaxInFlight is how much memory of the host, in bytes, the results of calls may take while
	// they are decoded, as much again the arguments of the module's calls of the host until these
	// return, and as much again what is sent to the module until it is written; 0 is 256 MiB.
	// Beyond it calls wait. A message of the module may always take eight times its size; beyond
	// that, and what is left, a call ends with a [*engine.LimitError].
	MaxInFlight int

	// Pool is how many instances of a module take calls side by side; 0 is one. It is for modules
	// that keep
	// no state: each instance has package variables of its own. An object is used in the instance
	// that
	// it came from.
	Pool int

	// Stdout and Stderr receive what modules print; nil makes an event, [event.Output], of every
	// line.
	Stdout, Stderr io.Writer

	// BuildCache is the directory of the go command's build cache; "" is the user's.
	BuildCache string
	// GOROOT is the directory of the Go toolchain that compiles; "" is the one in PATH.
	GOROOT string
}

// Engine runs Go packages as WebAssembly.
type Engine struct {
	config     Config
	toolchains toolchain.Finder
}

// New returns an engine. The config is copied.
func New(config Config) *Engine {
	config.ReadOnly, config.ReadWrite = slices.Clone(config.ReadOnly), slices.Clone(config.ReadWrite)
	config.Env = slices.Clone(config.Env)
	config.Pool = max(config.Pool, 1)
	return &Engine{config: config, toolchains: toolchain.Finder{Root: config.GOROOT}}
}

// Name implements [engine.Engine].
func (e *Engine) Name() string { return "gowasm" }

// Accepts implements [engine.Engine]: it takes Go packages.
func (e *Engine) Accepts(src find.Source) bool { return src.Kind == find.KindGo && src.Go != nil }

// Fingerprint implements [engine.Compiler].
func (e *Engine) Fingerprint() string {
	release, _ := e.Release()
	return e.FingerprintOf(release)
}

// Release implements [engine.Released].
func (e *Engine) Release() (string, error) {
	t, err := e.toolchains.Find() // without one, it has the version to look for
	return t.Version, err
}

// Trusts implements [engine.Truster].
func (e *Engine) Trusts() []string {
	t, _ := e.toolchains.Find()
	return (&workspace.Workspace{Toolchain: t, BuildCache: e.config.BuildCache}).Trusts()
}

// FingerprintOf implements [engine.Released].
func (e *Engine) FingerprintOf(release string) string {
	t := toolchain.Toolchain{Version: release}
	return fmt.Sprint(e.builder(t).Fingerprint(), " checkpoints ", checkpoint.Version)
}

func (e *Engine) builder(t toolchain.Toolchain) build.Builder {
	return build.Builder{Toolchain: t, GOOS: "wasip1", GOARCH: "wasm", BuildMode: "c-shared", BuildCache: e.config.BuildCache}
}

// Compile implements [engine.Compiler]. The error of a package that compiles for this machine and
// not for
// WebAssembly names the engine that can run it.
func (e *Engine) Compile(ctx context.Context, src find.Source, dir string) error {
	return e.CompileWith(ctx, engine.Means{}, src, dir)
}

// CompileWith implements [engine.Equipped].
func (e *Engine) CompileWith(ctx context.Context, means engine.Means, src find.Source, dir string) error {
	t, err := e.toolchains.FindAt(means.GOROOT)
	if err != nil {
		return err
	}
	b := e.builder(t)
	b.Processors = means.Processors
	if err = b.Build(ctx, src, dir); err == nil {
		return putCheckpoints(filepath.Join(dir, build.ProgramFile))
	}
	var failed *engine.CompileError
	if !errors.As(err, &failed) || failed.Fix != "" {
		return err
	}
	native := b
	native.GOOS, native.GOARCH, native.BuildMode = runtime.GOOS, runtime.GOARCH, ""
	if native.Check(ctx, src, dir) != nil {
		return err
	}
	return &engine.CompileError{
		Reason: fmt.Sprintf("it does not build for WebAssembly (wasip1), only for systems like %s/%s", runtime.GOOS, runtime.GOARCH),
		Output: cmp.Or(failed.Output, failed.Reason),
		Fix:    "set Config.Engine to goprocess",
	}
}

// putCheckpoints puts checkpoints into a program.
func putCheckpoints(file string) error {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if wasm, err = checkpoint.Insert(wasm, "load", "checkpoint"); err != nil {
		return err
	}
	return os.WriteFile(file, wasm, 0o600)
}

// with is the configuration for a module to which a policy grants something.
func (c Config) with(g engine.Grants) Config {
	c.ReadOnly = slices.Concat(c.ReadOnly, g.ReadOnly)
	c.ReadWrite = slices.Concat(c.ReadWrite, g.ReadWrite)
	c.Env = slices.Concat(c.Env, g.Environ())
	return c
}

// leastMemory is what a module that uses fmt needs to start (3.25 MiB; one that imports nothing
// 2.75 MiB). What more one needs is said when it is opened.
const leastMemory = 4 << 20

// Valid implements [engine.Configured].
func (e *Engine) Valid() error { return engine.TooLittleMemory(e.Name(), e.config.Memory, leastMemory) }

// CanGrant implements [engine.Granter]: WebAssembly has no network and no programs.
func (e *Engine) CanGrant(g engine.Grants) error {
	if err := engine.TooLittleMemory(e.Name(), g.Memory, leastMemory); err != nil {
		return err
	}
	switch {
	case g.Network:
		return errors.New("WebAssembly modules have no network")
	case g.Programs:
		return errors.New("WebAssembly modules cannot start programs")
	}
	return nil
}

// Isolation implements [engine.Isolated]: what keeps every module of this engine from the host.
func (e *Engine) Isolation() engine.Isolation {
	measure := func(name string, granted bool) engine.Measure {
		return engine.Measure{Name: name, InForce: !granted, How: "wasm", Granted: granted}
	}
	return engine.Isolation{Level: "full", Measures: []engine.Measure{
		measure("files", len(e.config.ReadOnly)+len(e.config.ReadWrite) > 0),
		measure("network", false),
		measure("programs", false),
		measure("memory", false),
		{Name: "time", InForce: true, How: "wasm with checkpoints"},
	}}
}
