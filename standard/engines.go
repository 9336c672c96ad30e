package standard

import (
	"cmp"
	"io"
	"runtime"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/internal/toolchain"
)

// Engines are the settings of the usual engines, for a program that wants other ones in a few
// places:
//
//	l, err := standard.Engines{Sandbox: goprocess.Config{Network: true}}.New(load.Config{})
//
// What is zero is as [New] has it.
type Engines struct {
	Sandbox  goprocess.Config // of the child processes of Go packages
	GoWasm   gowasm.Config    // of Go packages that run as WebAssembly
	Starlark starlark.Config
	Wasm     wasm.Config
}

// New is [New] with engines that have these settings. A Config with engines of its own is refused.
func (e Engines) New(config load.Config) (*load.Loader, error) {
	if config.Engines != nil {
		return nil, &load.ConfigError{Setting: "Config.Engines", Reason: "the settings of standard.Engines are those of the usual engines: leave it nil"}
	}
	return newLoader(runtime.GOOS, runtime.GOARCH, e, config)
}

// printing returns the settings of engines whose modules print to the writers.
func printing(stdout, stderr io.Writer) Engines {
	return Engines{Sandbox: goprocess.Config{Stdout: stdout, Stderr: stderr}, GoWasm: gowasm.Config{Stdout: stdout, Stderr: stderr}}
}

// list makes the engines, for a system and a toolchain that the settings do not name; without child
// processes where everything is to be portable.
func (e Engines) list(goos, goarch string, portable bool, tools *toolchain.Finder) []engine.Engine {
	e.Sandbox.GOROOT, e.GoWasm.GOROOT = cmp.Or(e.Sandbox.GOROOT, tools.Root), cmp.Or(e.GoWasm.GOROOT, tools.Root)
	e.Sandbox.GOOS, e.Sandbox.GOARCH = cmp.Or(e.Sandbox.GOOS, goos), cmp.Or(e.Sandbox.GOARCH, goarch)
	all := []engine.Engine{gowasm.New(e.GoWasm), starlark.New(e.Starlark), wasm.New(e.Wasm), native.New()}
	if !portable {
		all = append([]engine.Engine{goprocess.New(e.Sandbox)}, all...)
	}
	return all
}
