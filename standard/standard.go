// Package standard wires the usual finders, installers, engines and store into a loader. It holds no logic
// of its own: what it does can be written in any program with other parts.
package standard

import (
	"os"
	"path/filepath"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/find/installed"
	"github.com/loadgo/load/find/std"
	"github.com/loadgo/load/registry/goproxy"
	"github.com/loadgo/load/source/getter"
	"github.com/loadgo/load/store"
)

// New makes a loader from config, and fills in what is nil there:
//
//   - Store: the directory in the environment variable LOAD_DIR, or else [store.DefaultDir];
//   - Path: that of [Path], with the directories listed in the environment variable LOAD_PATH;
//   - Installers: the Go module proxy, as the go command's configuration has it, and one for git repositories,
//     archives and files;
//   - Engines: a sandboxed child process for each Go package, Starlark scripts, and what the program
//     registers itself.
//
// An empty slice that is not nil stays empty.
func New(config load.Config) (*load.Loader, error) {
	if config.Store == nil {
		s, err := store.Open(os.Getenv("LOAD_DIR"))
		if err != nil {
			return nil, err
		}
		config.Store = s
	}
	if config.Path == nil {
		config.Path = Path(config.Store, filepath.SplitList(os.Getenv("LOAD_PATH"))...)
	}
	if config.Installers == nil {
		config.Installers = []load.Installer{goproxy.New(goproxy.Config{DirectCache: filepath.Join(config.Store.Dir(), "direct")}), getter.New(getter.Config{Insecure: os.Getenv("GOINSECURE")})}
	}
	if config.Engines == nil {
		config.Engines = []load.Engine{goprocess.New(goprocess.Config{}), starlark.New(starlark.Config{}), native.New()}
	}
	return load.New(config)
}

// Path returns the usual path: the modules that the program registers itself, the current directory, the Go
// standard library, what is installed in the store for this machine, and further directories.
func Path(s *store.Store, dirs ...string) load.Path {
	path := load.Path{builtin.New(), dir.New("."), std.New(nil), installed.New(s, goproxy.New(goproxy.Config{}).Target())}
	for _, d := range dirs {
		path = append(path, dir.New(d))
	}
	return path
}
