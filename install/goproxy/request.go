package goproxy

import (
	"context"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/checksum"
	"github.com/loadgo/load/install/goproxy/internal/gomod"
	"github.com/loadgo/load/internal/importgraph"
	"github.com/loadgo/load/store"
)

// request is the state of one Resolve, Install or Complete: what it fetched is fetched and verified
// once.
type request struct {
	in        *Installer
	session   *install.Session
	compiler  compiler
	missing   error       // why there is no compiler
	brings    bool        // toolchains that are missing are brought
	store     storage     // without a Store for Resolve
	main      *gomod.Main // the local module that is completed, or nil
	along     companions
	locked    []find.ModuleVersion // what a lock file promises for a source found in place
	local     []find.Part          // what is read of local modules
	files     localFiles           // the files of them, by the modules' directories
	localSize int64                // of them, in bytes

	sums     checksum.Sums
	mods     memo[module.Version, *gomod.File]
	modFiles gomod.Budget // for mods
	dirs     memo[module.Version, *sourceTree]
	scans    memo[string, *importgraph.Package]
	scan     *importgraph.Scanner
	every    memo[string, *importgraph.Package] // by directory: what builds for any target read
	db       func() (*checksum.Database, error)
	temp     func() (dir string, err error) // for what is on its way into the store

	proven  sync.Map    // module.Version → true: the checksum database vouched for it
	fetched atomic.Bool // something new is in the store, and perhaps not on the disk yet

	mu      sync.Mutex
	cleanup []func()
}

// newRequest starts a request; s is nil for one that writes nothing. The caller closes it.
func (in *Installer) newRequest(ctx context.Context, session *install.Session, s *store.Store) *request {
	c, missing := in.compiler()
	if session.Toolchain != "" && session.Toolchain != c.version {
		c, missing = compiler{version: session.Toolchain}, nil
	}
	if session.Elsewhere {
		missing = nil
	}
	r := &request{in: in, session: session, compiler: c, missing: missing, brings: in.brings(session, missing), store: storage{s}, scan: importgraph.New(in.config.GOOS, in.config.GOARCH, c.version)}
	r.db = sync.OnceValues(func() (*checksum.Database, error) {
		return checksum.NewDatabase(ctx, checksum.Source{Origin: in.origin, Session: session, Store: s, Write: r.writeFile})
	})
	for _, files := range in.config.Sources {
		if goSum, err := fs.ReadFile(files, "go.sum"); err == nil {
			r.sums.Vouch(goSum)
		}
	}
	r.temp = sync.OnceValues(func() (string, error) {
		var dir string
		var remove func()
		var err error
		if s != nil {
			dir, remove, err = s.Temp("install")
		} else if dir, err = os.MkdirTemp("", "load-"); err == nil {
			remove = func() { os.RemoveAll(dir) }
		}
		if err == nil {
			r.atEnd(remove)
		}
		return dir, err
	})
	return r
}

// lockedRoots makes the modules of a lock file roots of the module graph, so that it selects them.
func (r *request) lockedRoots() map[string]string {
	roots := make(map[string]string)
	for _, m := range r.locked {
		raise(roots, m.Path, m.Version)
	}
	return roots
}

// lockedProvides reports whether a module of the lock file is to provide an import.
func (r *request) lockedProvides(imp string) bool {
	return slices.ContainsFunc(r.locked, func(m find.ModuleVersion) bool { return within(m.Path, imp) })
}

func (r *request) atEnd(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanup = append(r.cleanup, f)
}

// close removes what the request left on its way.
func (r *request) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.cleanup {
		f()
	}
	r.cleanup = nil
}
