// Package standard wires the usual finders, installers, engines and store into a loader. It holds
// no logic of its own: what it does can be written in any program with other parts.
//
//	l, err := standard.New(load.Config{}) // default path, registry, engines, store
//	defer l.Close(ctx)
//	m, err := l.Load(ctx, "github.com/gosimple/slug")
//	slug, err := load.Func[func(string) string](m, "Make")
package standard

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/find/installed"
	"github.com/loadgo/load/find/std"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/notify"
	"github.com/loadgo/load/store"
)

// New makes a loader from config, and fills in what is nil there:
//
//   - Store: the directory in the environment variable LOAD_DIR, or else [store.DefaultDir];
//   - Path: that of [Path], with the directories listed in the environment variable LOAD_PATH;
//   - Installers: the Go module proxy, as the go command's configuration has it, one for git repositories,
//     archives and files, and one for OCI registries, which LOAD_TOKEN_HOSTS tells the oci.Config.TokenHosts;
//   - LockFile: the file that the environment variable LOAD_LOCK names; LOAD_FROZEN=1 sets Frozen;
//   - Policies: the file that the environment variable LOAD_POLICY names is added to them;
//   - Remote: the repositories that LOAD_REMOTE lists, separated by commas and written
//     oci://REGISTRY/REPOSITORY, or else those that the policies name; the policies alone say whose
//     signature is trusted;
//   - Engines: a sandboxed child process for each Go package (or, where Config.Engine asks for gowasm,
//     WebAssembly), Starlark scripts, compiled WebAssembly files, and what the program registers itself;
//     [Engines] has settings for them;
//   - Notify: [notify.New], so that Watch works;
//   - Toolchain: what the environment variable LOAD_TOOLCHAIN says. Here it may also be the GOROOT of
//     the only toolchain to use, as an absolute path.
//
// Where Config.Bundles is not empty, modules come from there and from what the program registers
// only, and nothing is written anywhere, unless Config.Store or LOAD_DIR has a store. LOAD_BUNDLE
// names bundles as LOAD_PATH does directories; those of a registry are written oci://REFERENCE, and
// a file after one of them with its directory, as in ./modules.tar. LOAD_BUNDLE_SOURCES=1 uses the
// sources in them, too, see [bundle.Bundle.WithSources], and the usual path, store and installers
// with them.
//
// An empty slice that is not nil stays empty. Further variables of the environment:
// LOAD_NO_INSTALL=1 turns installs off, LOAD_OFFLINE=1 sets Offline, and LOAD_TRACE names a file
// that events are appended to as lines of JSON, see [event.Trace]; where it is set, they go to
// Config.Events only besides.
func New(config load.Config) (*load.Loader, error) {
	return NewFor(runtime.GOOS, runtime.GOARCH, config)
}

// NewFor is [New] for the machines of another system, as the go command calls it: "linux", "arm64".
// The loader installs, locks and prepares what they need; it runs no Go package that is compiled
// for them. For "wasip1", "wasm" the engine gowasm compiles what runs on every system. A Config
// with installers or engines of its own has to have those for that system.
func NewFor(goos, goarch string, config load.Config) (*load.Loader, error) {
	return newLoader(goos, goarch, Engines{}, config)
}

// Printing is [New] with engines whose modules print to the writers, in order with what the program
// prints, in the place of events. A Config with engines of its own is not changed.
func Printing(stdout, stderr io.Writer, config load.Config) (*load.Loader, error) {
	return newLoader(runtime.GOOS, runtime.GOARCH, printing(stdout, stderr), config)
}

func newLoader(goos, goarch string, engines Engines, config load.Config) (*load.Loader, error) {
	portable := goos == "wasip1"
	if portable {
		goos, goarch = runtime.GOOS, runtime.GOARCH // whose packages gowasm builds
	}
	config, err := environment(config)
	if err != nil {
		return nil, err
	}
	if dir := os.Getenv("LOAD_DIR"); dir != "" && config.Store == nil {
		if config.Store, err = store.Open(dir); err != nil {
			return nil, err
		}
	}
	if config.Bundles, err = bundles(config); err != nil {
		return nil, fmt.Errorf("LOAD_BUNDLE: %w", err)
	}
	sources := sources(config.Bundles)
	prepared := len(config.Bundles) > 0 && config.Store == nil && len(sources) == 0
	if config.Store == nil && !prepared {
		if config.Store, err = store.Open(""); err != nil {
			return nil, err
		}
	}
	if config.Remote == nil && config.Store != nil {
		if config.Remote, err = fleet(config); err != nil {
			return nil, err
		}
	}
	config.Toolchain = cmp.Or(config.Toolchain, os.Getenv("LOAD_TOOLCHAIN"))
	tools := &toolchain.Finder{}
	if filepath.IsAbs(config.Toolchain) {
		tools.Root, config.Toolchain = config.Toolchain, "local"
	}
	if config.Path == nil && prepared {
		config.Path = find.Path{builtin.New()}
	}
	if config.Path == nil {
		config.Path = pathFor(goos, goarch, tools, config.Store, filepath.SplitList(os.Getenv("LOAD_PATH"))...)
	}
	web := getter.New(getter.Config{Insecure: os.Getenv("GOINSECURE")})
	if config.Installers == nil && !prepared {
		config.Installers = []install.Installer{
			goproxy.New(goproxy.Config{DirectCache: config.Store.DirectDir(), GOROOT: tools.Root, GOOS: goos, GOARCH: goarch, Sources: sources, OCI: ociConfig()}), web, oci.New(ociConfig()),
		}
		session := &install.Session{Events: config.Events, Progress: config.Progress, Offline: config.Offline, Policies: slices.Clone(config.Policies)}
		if engines.Wasm.Fetch == nil {
			engines.Wasm.Fetch = func(ctx context.Context, url string) (io.ReadCloser, error) { return web.Open(ctx, session, url) }
		}
	}
	if config.Notify == nil {
		config.Notify = notify.New
	}
	if config.Engines == nil {
		config.Engines = engines.list(goos, goarch, portable, tools)
	}
	return load.New(config)
}

// Path returns the usual path: the modules that the program registers itself, the current
// directory, the Go standard library, what is installed in the store for this machine, and further
// directories. What is installed is used without a request if the checksum database that the
// environment names vouched for it: with an installer of another configuration, put
// installed.New(s, installer.Target()).Vouched(installer.Database) in the place of that finder.
func Path(s *store.Store, dirs ...string) find.Path {
	return pathFor(runtime.GOOS, runtime.GOARCH, &toolchain.Finder{}, s, dirs...)
}

// pathFor is [Path] for a system, with the standard library of a toolchain.
func pathFor(goos, goarch string, tools *toolchain.Finder, s *store.Store, dirs ...string) find.Path {
	library := std.New(func() (string, string, error) {
		found, err := tools.Find()
		return found.Root, found.Version, err
	})
	modules := goproxy.New(goproxy.Config{GOOS: goos, GOARCH: goarch})
	path := find.Path{builtin.New(), dir.Current(library), library, installed.New(s, modules.Target()).Vouched(modules.Database)}
	for _, d := range dirs {
		path = append(path, dir.New(d))
	}
	return path
}
