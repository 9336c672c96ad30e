package gowasm

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/loadgo/load/internal/goglue/host/attempt"

	wasys "github.com/tetratelabs/wazero/experimental/sys"

	"github.com/loadgo/load/engine"
)

// noNetwork is what allows a module that has none the network.
const noNetwork = "gowasm has no network, goprocess does"

// refusals are the refusals that a module met, by their paths, so that errors that come home can be
// told
// from others.
type refusals struct {
	mu   sync.Mutex
	seen map[string]*engine.Refusal
	tell func(*engine.Refusal)
}

// mostRefusals bounds how many are remembered.
const mostRefusals = 1000

func (r *refusals) add(asked string, refusal *engine.Refusal) {
	r.mu.Lock()
	if r.seen == nil || len(r.seen) >= mostRefusals {
		r.seen = make(map[string]*engine.Refusal)
	}
	r.seen[asked] = refusal
	r.mu.Unlock()
	r.tell(refusal)
}

// judge returns the refusal that an error reports, or nil.
func (r *refusals) judge(a attempt.Attempt) *engine.Refusal {
	if refusal := attempt.OfNetwork(a, noNetwork); refusal != nil {
		return refusal
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[path.Clean(a.Path)]
}

// watched is a place of a module's file system, at the path at, in which the module may not do
// everything.
// It notes what fails because of that: what the host itself could do there.
type watched struct {
	wasys.FS
	at       string
	readable bool
	refusals *refusals
}

// host returns the host's path of a file.
func (w watched) host(name string) string {
	return filepath.FromSlash(path.Join("/", filepath.ToSlash(w.at), name))
}

// OpenFile implements [wasys.FS].
func (w watched) OpenFile(name string, flag wasys.Oflag, perm fs.FileMode) (wasys.File, wasys.Errno) {
	file, errno := w.FS.OpenFile(name, flag, perm)
	if errno == 0 {
		return file, errno
	}
	host := w.host(name)
	info, err := os.Stat(host)
	switch changes := flag&(wasys.O_WRONLY|wasys.O_RDWR|wasys.O_CREAT|wasys.O_TRUNC) != 0; {
	case changes && (err == nil || flag&wasys.O_CREAT != 0):
		w.change("open", name)
	case !changes && !w.readable && err == nil && opens(host, info):
		w.refusals.add(path.Join("/", w.at, name), &engine.Refusal{Kind: "read", What: "open " + host, Path: directoryOf(host)})
	}
	return file, errno
}

// opens reports whether the host can read a file or directory.
func opens(host string, info fs.FileInfo) bool {
	if !info.Mode().IsRegular() && !info.IsDir() {
		return false
	}
	file, err := os.Open(host)
	if err == nil {
		file.Close()
	}
	return err == nil
}

// directoryOf returns a directory to grant for a file: gowasm grants no single files.
func directoryOf(host string) string {
	if info, err := os.Stat(host); err == nil && info.IsDir() {
		return host
	}
	return filepath.Dir(host)
}

// change notes a change that was refused where the directory exists.
func (w watched) change(op, name string) {
	host := w.host(name)
	if info, err := os.Stat(filepath.Dir(host)); err == nil && info.IsDir() {
		w.refusals.add(path.Join("/", w.at, name), &engine.Refusal{Kind: "write", What: op + " " + host, Path: filepath.Dir(host)})
	}
}

// Mkdir implements [wasys.FS].
func (w watched) Mkdir(name string, perm fs.FileMode) wasys.Errno {
	errno := w.FS.Mkdir(name, perm)
	if errno != 0 {
		if _, err := os.Lstat(w.host(name)); err != nil {
			w.change("mkdir", name)
		}
	}
	return errno
}

// Unlink implements [wasys.FS].
func (w watched) Unlink(name string) wasys.Errno { return w.remove(name, w.FS.Unlink(name)) }

// Rmdir implements [wasys.FS].
func (w watched) Rmdir(name string) wasys.Errno { return w.remove(name, w.FS.Rmdir(name)) }

func (w watched) remove(name string, errno wasys.Errno) wasys.Errno {
	if _, err := os.Lstat(w.host(name)); errno != 0 && err == nil {
		w.change("remove", name)
	}
	return errno
}
