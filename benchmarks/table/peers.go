package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	extism "github.com/extism/go-sdk"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/loadgo/load"
	"github.com/loadgo/load/benchmarks/echo"
	"github.com/loadgo/load/benchmarks/sample"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
)

// running is a sample that was started.
type running struct {
	echo func(string) (string, error)
	fib  func(int) (int, error)
	end  func()
}

// peer is a way of calling the sample.
type peer struct {
	name  string
	start func(ctx context.Context) (*running, error)
	apart string // what the table says in the place of how long a start takes
	why   error
}

// place is a directory with what the peers start.
type place struct {
	dir   string
	store *store.Store
}

func newPlace() (*place, error) {
	dir, err := os.MkdirTemp("", "load-table-")
	if err != nil {
		return nil, err
	}
	s, err := store.Open(filepath.Join(dir, "store"))
	return &place{dir, s}, err
}

// remove removes what was built; what the store keeps is read-only.
func (p *place) remove() {
	_ = filepath.WalkDir(p.dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
	_ = os.RemoveAll(p.dir)
}

// build builds a package of this module, and returns the file.
func (p *place) build(pkg string, env []string, args ...string) (string, error) {
	file := filepath.Join(p.dir, filepath.Base(pkg)+".built")
	cmd := exec.Command("go", append(append([]string{"build", "-o", file}, args...), "./"+pkg)...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return file, nil
}

// copyOf copies a package of this module to where nothing knows of the module.
func (p *place) copyOf(pkg string) (string, error) {
	dir := filepath.Join(p.dir, "src", pkg)
	return dir, os.CopyFS(dir, os.DirFS(pkg))
}

// peers are all ways to call the sample, load's first. Those that do not build here say why.
func (p *place) peers(ctx context.Context) []peer {
	dir, err := p.copyOf("sample")
	all := []peer{
		{name: "`load`", start: p.loaded(dir), why: err},
		{name: "`load`, engine `gowasm`", start: p.loaded(dir, load.WithEngine("gowasm")), why: err},
		p.goPlugin("`hashicorp/go-plugin`, net/rpc"), p.goPlugin("`hashicorp/go-plugin`, gRPC", "grpc"),
		{name: "`traefik/yaegi`", start: p.interpreted, why: err},
		p.extism(ctx), p.byHand(ctx), p.linked(),
		{name: "linked into the program", apart: "–", start: func(context.Context) (*running, error) {
			return &running{
				func(s string) (string, error) { return sample.Echo(s), nil }, func(n int) (int, error) { return sample.Fib(n), nil }, func() {},
			}, nil
		}},
	}
	for i, peer := range all {
		if peer.why == nil {
			fmt.Fprintln(os.Stderr, "starting", peer.name)
			all[i].why = tryOut(ctx, peer)
		}
		if all[i].why != nil {
			fmt.Fprintln(os.Stderr, peer.name, "is left out:", all[i].why)
		}
	}
	return all
}

// tryOut starts a peer once, which compiles what it needs, and checks what it answers.
func tryOut(ctx context.Context, p peer) error {
	r, err := p.start(ctx)
	if err != nil {
		return err
	}
	defer r.end()
	if s, err := r.echo(text); err != nil || s != text {
		return fmt.Errorf("echo: %q, %w", s, err)
	}
	if n, err := r.fib(10); err != nil || n != 55 {
		return fmt.Errorf("fib: %d, %w", n, err)
	}
	return nil
}

// loader returns a loader with the store of the place.
func (p *place) loader() (*load.Loader, error) {
	return standard.New(load.Config{Store: p.store})
}

// loaded loads the sample.
func (p *place) loaded(dir string, options ...load.LoadOption) func(context.Context) (*running, error) {
	return func(ctx context.Context) (*running, error) {
		l, err := p.loader()
		if err != nil {
			return nil, err
		}
		end := func() { _ = l.Close(ctx) }
		m, err := l.Load(ctx, dir, options...)
		if err != nil {
			return nil, err
		}
		echo, err := load.Func[func(string) (string, error)](m, "Echo")
		if err != nil {
			return nil, err
		}
		fib, err := load.Func[func(int) (int, error)](m, "Fib")
		return &running{echo, fib, end}, err
	}
}

// goPlugin starts a program of hashicorp/go-plugin.
func (p *place) goPlugin(name string, args ...string) peer {
	program, err := p.build("echo/plugin", nil, "-trimpath", "-ldflags=-s -w")
	return peer{name: name, why: err, start: func(context.Context) (*running, error) {
		config := &plugin.ClientConfig{
			HandshakeConfig: echo.Handshake, Plugins: map[string]plugin.Plugin{"echo": echo.Plugin{}}, Cmd: exec.Command(program, args...),
			Logger: hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
		}
		if len(args) > 0 {
			config.Plugins, config.AllowedProtocols = map[string]plugin.Plugin{"echo": echo.GRPC{}}, []plugin.Protocol{plugin.ProtocolGRPC}
		}
		client := plugin.NewClient(config)
		protocol, err := client.Client()
		if err != nil {
			client.Kill()
			return nil, err
		}
		raw, err := protocol.Dispense("echo")
		if err != nil {
			client.Kill()
			return nil, err
		}
		s := raw.(echo.Sample)
		return &running{s.Echo, s.Fib, client.Kill}, nil
	}}
}

// interpreted evaluates the sample by yaegi.
func (p *place) interpreted(context.Context) (*running, error) {
	i := interp.New(interp.Options{GoPath: p.dir})
	if err := i.Use(stdlib.Symbols); err != nil {
		return nil, err
	}
	if _, err := i.Eval(`import "sample"`); err != nil {
		return nil, err
	}
	echo, err := i.Eval("sample.Echo")
	if err != nil {
		return nil, err
	}
	fib, err := i.Eval("sample.Fib")
	if err != nil {
		return nil, err
	}
	callEcho, callFib := echo.Interface().(func(string) string), fib.Interface().(func(int) int)
	return &running{
		func(s string) (string, error) { return callEcho(s), nil }, func(n int) (int, error) { return callFib(n), nil }, func() {},
	}, nil
}

// wasip1 compiles Go to WebAssembly that a host calls.
var wasip1 = []string{"GOOS=wasip1", "GOARCH=wasm"}

// cached lets a runtime keep its machine code in the place, as load does.
func (p *place) cached(name string) (wazero.RuntimeConfig, func(), error) {
	cache, err := wazero.NewCompilationCacheWithDir(filepath.Join(p.dir, "cache-"+name))
	if err != nil {
		return nil, nil, err
	}
	return wazero.NewRuntimeConfig().WithCompilationCache(cache), func() { _ = cache.Close(context.Background()) }, nil
}

// extism starts the sample by Extism's SDK.
func (p *place) extism(context.Context) peer {
	file, err := p.build("guest/extism", wasip1, "-buildmode=c-shared", "-ldflags=-s -w")
	return peer{name: "Extism, Go as WebAssembly", why: err, start: func(ctx context.Context) (*running, error) {
		config, closeCache, err := p.cached("extism")
		if err != nil {
			return nil, err
		}
		manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmFile{Path: file}}}
		module, err := extism.NewPlugin(ctx, manifest, extism.PluginConfig{EnableWasi: true, RuntimeConfig: config}, nil)
		if err != nil {
			return nil, err
		}
		call := func(function, in string) (string, error) {
			_, out, err := module.Call(function, []byte(in))
			return string(out), err
		}
		return &running{
			func(s string) (string, error) { return call("echo", s) },
			func(n int) (int, error) {
				out, err := call("fib", strconv.Itoa(n))
				if err != nil {
					return 0, err
				}
				return strconv.Atoi(out)
			},
			func() { _ = module.Close(ctx); closeCache() },
		}, nil
	}}
}

// byHand starts the sample by wazero, with calls that pass bytes in its memory.
func (p *place) byHand(context.Context) peer {
	file, err := p.build("guest/raw", wasip1, "-buildmode=c-shared", "-ldflags=-s -w")
	return peer{name: "wazero by hand, Go as WebAssembly", why: err, start: func(ctx context.Context) (*running, error) {
		config, closeCache, err := p.cached("raw")
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		r := wazero.NewRuntimeWithConfig(ctx, config)
		if _, err := wasi_snapshot_preview1.Instantiate(ctx, r); err != nil {
			return nil, err
		}
		m, err := r.InstantiateWithConfig(ctx, data, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
		if err != nil {
			return nil, err
		}
		return rawCalls(ctx, m, func() { _ = r.Close(ctx); closeCache() }), nil
	}}
}

func rawCalls(ctx context.Context, m api.Module, end func()) *running {
	alloc, echo, fib := m.ExportedFunction("alloc"), m.ExportedFunction("echo"), m.ExportedFunction("fib")
	return &running{func(s string) (string, error) {
		at, err := alloc.Call(ctx, uint64(len(s)))
		if err != nil {
			return "", err
		}
		m.Memory().WriteString(uint32(at[0]), s)
		out, err := echo.Call(ctx)
		if err != nil {
			return "", err
		}
		data, _ := m.Memory().Read(uint32(out[0]>>32), uint32(out[0]))
		return string(data), nil
	}, func(n int) (int, error) {
		out, err := fib.Call(ctx, uint64(n))
		if err != nil {
			return 0, err
		}
		return int(int64(out[0])), nil
	}, end}
}
