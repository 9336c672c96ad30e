// Package wasm runs compiled WebAssembly files, of whatever language, inside the host's process, by
// wazero. A module is of one of three kinds, which its imports and exports tell:
//
//   - an Extism plugin, whose functions take and return bytes: []byte, string, and JSON for the
//     rest;
//   - a WASI command, which is the function main, run in a fresh instance by every call;
//   - any other module (a WASI reactor), whose exported functions take and return numbers, and
//     strings, records and lists where a .wit text beside the file or in it says so.
//
// What their functions take and return in Go, and by name with Call:
//
//	            parameters                             results                     by name
//	plugin      one or none: []byte, string, or coded  one or none: the same       string
//	command     [io.Reader], [io.Writer], ...string    string, []byte, or none     string
//	numbers     integers, bool, floats; checked        the same                    int32, int64,
//	                                                                               float32, float64
//	.wit text   string, []byte, JSON; numbers;         the same, and an error      string, numbers,
//	            structs, slices, pointers              for a result                maps, slices, nil
//	program     plugins call it with []byte, string, coded values and numbers, others with numbers
//
// Coded values are MessagePack where a struct has the tag msgpack and not json, what a codec of
// [Config].Codecs makes of the types that it takes, and JSON otherwise.
//
// A context may come first everywhere, and an error last.
//
// An Extism manifest names several modules that import from each other, and what the plugin asks
// for.
//
// Functions of other modules that it imports are those that the program registered under the names
// of these modules; see [github.com/loadgo/load.Loader.Register].
//
// A module reaches nothing of the machine but clocks, random numbers and what it is granted. One
// call at a time runs in it, or one in each of [Config].Instances. A call ends when its context
// does; its instance is then given up, as it is after a trap, and the next call starts a fresh one.
package wasm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm/internal/kernel"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/manifest"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/wasmbytes"
	"github.com/loadgo/load/internal/wasmrun"
)

// Config says what modules may use. The zero Config is useful: modules get nothing but the time and
// random numbers.
type Config struct {
	// ReadOnly and ReadWrite are the directories, as absolute paths, that modules may read, or read
	// and change; they have the same paths in the module. Symbolic links do not lead out of them,
	// and modules cannot make any.
	ReadOnly, ReadWrite []string
	// Env is the environment of modules, as "KEY=value"; nothing is inherited from the host.
	Env []string
	// Hosts are the hosts that plugins may send HTTP requests to: "api.example.com",
	// "*.example.com". A policy that grants the network allows every host.
	Hosts []string
	// Values is what plugins read as their configuration.
	Values map[string]string

	// Memory is how much memory, in bytes, a module may use, and each module of a manifest; 0 is
	// 256 MiB. A plugin may use as much again for its input, its output and what it keeps between
	// them.
	Memory int64
	// MaxOutput is how many bytes a command may print where its output is a result, and how many of
	// a plugin are decoded; 0 is 64 MiB. A value of type any may take fifty times as much of
	// the host's memory as its JSON, a list of large structs more.
	MaxOutput int64

	// Instances is how many calls of a module run at once, each in an instance of its own; 0 is 1.
	// Instances are started as calls need them, stay, and share nothing: neither memory nor the
	// variables of plugins. A variable of the module is read in the first.
	Instances int

	// Clock is the time that modules see, and Random where each new instance's random numbers come
	// from; nil is the real ones. They make tests repeatable. Both are called by many goroutines.
	Clock  func() time.Time
	Random func() io.Reader

	// Stdout and Stderr receive what modules print; nil makes an event, [event.Output], of every
	// line.
	Stdout, Stderr io.Writer

	// Codecs write values of Go types that they take as bytes, and read them, in the place of JSON
	// and MessagePack: that of contrib/protobuf takes protocol buffers.
	Codecs []Codec

	// Fetch brings the modules of a manifest that are at a URL, each with its SHA-256 in the manifest,
	// when the manifest is compiled; nil refuses them. It decides which URLs are asked; package
	// standard's asks the policies.
	Fetch func(ctx context.Context, url string) (io.ReadCloser, error)

	codecs *wasmbytes.Codecs
	asks   *manifest.Asks // of a plugin with a manifest, which gets nothing else
	mounts []mount
}

// Codec writes values of some Go types as bytes, and reads them.
type Codec = wasmbytes.Codec

const (
	defaultMemory    = 256 << 20
	defaultMaxOutput = 64 << 20
)

// Engine runs WebAssembly files.
type Engine struct{ config Config }

// New returns an engine. The config is copied.
func New(config Config) *Engine {
	config.ReadOnly, config.ReadWrite = slices.Clone(config.ReadOnly), slices.Clone(config.ReadWrite)
	config.Env, config.Hosts, config.Values = slices.Clone(config.Env), slices.Clone(config.Hosts), maps.Clone(config.Values)
	config.Codecs = slices.Clone(config.Codecs)
	config.codecs = wasmbytes.New(config.Codecs)
	if config.Memory == 0 {
		config.Memory = defaultMemory
	}
	if config.MaxOutput == 0 {
		config.MaxOutput = defaultMaxOutput
	}
	return &Engine{config: config.mounted()}
}

// Name implements [engine.Engine].
func (*Engine) Name() string { return "wasm" }

// Accepts implements [engine.Engine]: every WebAssembly file. What it holds is looked at when it is
// compiled, so that the error can say what is wrong.
func (*Engine) Accepts(src find.Source) bool {
	return src.Kind == find.KindWasm && src.File != "" && src.FS != nil
}

// version counts the changes of what Compile makes of a file.
const version = 9

// Fingerprint implements [engine.Compiler].
func (*Engine) Fingerprint() string { return fmt.Sprintf("wasm %d", version) }

const maxSource = 256 << 20 // bytes

// Compile implements [engine.Compiler]: it checks the file, or the manifest and its modules.
func (e *Engine) Compile(ctx context.Context, src find.Source, dir string) error {
	source, text, err := e.readSource(ctx, src)
	if err != nil {
		return err
	}
	all, err := linkAll(source.Modules)
	if err != nil {
		return err
	}
	files := make(map[string][]byte)
	for i, l := range all {
		data, err := l.compile(ctx)
		if err != nil {
			return l.named(err)
		}
		files[fileOf(i, len(all))] = data
	}
	if manifest.Is(src.File) {
		if files[planFile], err = newPlan(all, source.Asks).encode(); err != nil {
			return err
		}
	}
	main := all[len(all)-1].binary
	types := main.typesText(text)
	if docs := main.documentation(types); len(docs) > 0 {
		if files[docsFile], err = json.Marshal(docs); err != nil {
			return err
		}
	}
	if types != nil && !manifest.Is(src.File) && main.kind() == plain {
		if _, err := main.typedFunctions(types); err != nil {
			return err
		}
		files[typesFile] = types
	}
	if manifest.Is(src.File) || main.kind() == plugin {
		files[kernelFile] = kernel.Code // so that its machine code is kept with that of the plugin
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// compile checks a module, and returns what of it is opened.
func (l linked) compile(ctx context.Context) ([]byte, error) {
	data, err := l.binary.bounded()
	if err != nil {
		return nil, err
	}
	// The interpreter checks as the compiler does, and compiles next to nothing.
	return data, wasmrun.Until(ctx, func() error {
		r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
		defer r.Close(ctx)
		if _, err := r.CompileModule(ctx, data); err != nil {
			return invalid(err.Error())
		}
		return nil
	})
}

// readSource reads a manifest and its modules, or a file, which is a manifest of nothing else, with
// the text beside it that says its types, or nil. All of it is read once: what is compiled is what
// was summed.
func (e *Engine) readSource(ctx context.Context, src find.Source) (m *manifest.Manifest, types []byte, err error) {
	var summed []byte
	if manifest.Is(src.File) {
		m, err = manifest.Read(src.FS, src.File, manifest.Fetching(ctx, e.config.Fetch))
		var failed *manifest.FetchError
		switch {
		case errors.As(err, &failed):
			return nil, nil, err // it is of the network, or the policies'
		case err != nil:
			return nil, nil, &engine.CompileError{Reason: err.Error()}
		}
		summed = []byte(m.Sum)
	} else {
		data, err := readFile(src)
		if err != nil {
			return nil, nil, err
		}
		types = manifest.Types(src.FS, src.File)
		m, summed = &manifest.Manifest{Modules: []manifest.Module{{Name: manifest.Main, Data: data}}}, manifest.WithTypes(data, types)
	}
	name := filepath.Join(src.Dir, filepath.FromSlash(src.File))
	if strings.HasPrefix(src.Hash, "file:") && find.HashFile(name, summed) != src.Hash {
		return nil, nil, &engine.CompileError{Reason: "it changed while it was loaded", Fix: "load it again"}
	}
	return m, types, nil
}

func readFile(src find.Source) ([]byte, error) {
	f, err := src.FS.Open(src.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err == nil && len(data) > maxSource {
		err = &engine.CompileError{Reason: "it is larger than " + quantity.Size(maxSource)}
	}
	return data, err
}

// codeConfig is what the machine code depends on. Code is compiled with places at which it can be
// stopped.
func codeConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfig().WithCloseOnContextDone(true).WithDebugInfoEnabled(false)
}

// Prepare implements [engine.Preparer]: it compiles the wasm to machine code.
func (e *Engine) Prepare(ctx context.Context, a engine.Artifact) error {
	_, err := wasmrun.MachineCode(ctx, a, codeConfig(), moduleFiles(a)...)
	return err
}

// leastMemory is a page, without which no module has memory.
const leastMemory = wasmrun.PageSize

// Valid implements [engine.Configured].
func (e *Engine) Valid() error { return engine.TooLittleMemory(e.Name(), e.config.Memory, leastMemory) }

// CanGrant implements [engine.Granter]: WebAssembly starts no programs.
func (e *Engine) CanGrant(g engine.Grants) error {
	if err := engine.TooLittleMemory(e.Name(), g.Memory, leastMemory); err != nil {
		return err
	}
	if g.Programs {
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
		measure("files", len(e.config.mounts) > 0),
		measure("network", len(e.config.Hosts) > 0),
		measure("programs", false),
		measure("memory", false),
		{Name: "time", InForce: true, How: "wasm with checkpoints"},
	}}
}
