package goproxy

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/checksum"
	"github.com/loadgo/load/install/goproxy/internal/gomod"
	"github.com/loadgo/load/install/goproxy/internal/modzip"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/loadgo/load/internal/failpoint"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/store"
)

// storage is the store as this package uses it.
type storage struct{ *store.Store }

func (s storage) modules() modCache { return modCache(s.ModDir()) }

// putFile puts a file of a module version into the store.
func (r *request) putFile(m module.Version, ext string, data []byte) error {
	name, err := r.store.modules().file(m, ext)
	if err != nil {
		return err
	}
	return r.writeFile(name, data)
}

// writeFile writes a file of the store as a whole or not at all.
func (r *request) writeFile(name string, data []byte) error {
	temp, err := r.temp()
	if err != nil {
		return err
	}
	return writeError(writeFile(temp, name, data))
}

// writeError gives an error of the disk its remedy.
func writeError(err error) error {
	var disk *fs.PathError
	var link *os.LinkError
	if errors.As(err, &disk) || errors.As(err, &link) {
		return store.NewWriteError("", err)
	}
	return err
}

// sourceTree is a module's source on disk.
type sourceTree struct {
	dir   string
	sum   string // "" for a local directory
	local bool   // nested modules lie within it and are not part of it
}

// tree brings the source of a module version, which may be replaced, into the store.
func (r *request) tree(ctx context.Context, m module.Version) (*sourceTree, error) {
	return r.dirs.do(m, func() (*sourceTree, error) {
		if r.main != nil {
			if dir, ok := r.main.ReplacedByDir(m); ok {
				return &sourceTree{dir: dir, local: true}, nil
			}
			m = r.main.Replaced(m)
		}
		t, err := r.fetchTree(ctx, m)
		if err != nil {
			return nil, about(m, err)
		}
		r.sums.Add(m, t.sum)
		return t, nil
	})
}

// fetchTree publishes a module in the store where it is not there yet. It is there as a whole once
// its sum is: that is the last step, and only who holds the module's lock takes it.
func (r *request) fetchTree(ctx context.Context, m module.Version) (*sourceTree, error) {
	r.store.UseModule(m.Path, m.Version)
	if err := r.admitAge(ctx, m); err != nil {
		return nil, err
	}
	if t, err := r.installedTree(ctx, m); t != nil || err != nil {
		return t, err
	}
	if err := r.session.Admit(find.ModuleVersion{Path: m.Path, Version: m.Version}, -1); err != nil {
		return nil, err
	}
	unlock, err := r.store.LockModule(ctx, m.Path, m.Version)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if t, err := r.installedTree(ctx, m); t != nil || err != nil {
		return t, err
	}
	var goMod error
	var ahead sync.WaitGroup
	ahead.Go(func() { _, goMod = r.modData(ctx, m) }) // the build reads it from the store
	s, err := r.verified(ctx, m)
	ahead.Wait()
	if err := cmp.Or(goMod, err); err != nil {
		return nil, err
	}
	if err := r.ownMod(ctx, m, s.dir); err != nil {
		return nil, err
	}
	dir, err := r.publish(ctx, m, s)
	if err != nil {
		return nil, writeError(err)
	}
	r.in.trusted.Store(dir, true)
	r.fetched.Store(true)
	return &sourceTree{dir: dir, sum: s.Sum}, nil
}

// admitAge asks the policies about the age of a module that neither a lock file nor a go.sum file
// holds, also if the store has it. What the registry says is kept, so that it is asked once.
func (r *request) admitAge(ctx context.Context, m module.Version) error {
	if r.sums.Promises(m) {
		return nil
	}
	return r.session.AdmitAge(find.ModuleVersion{Path: m.Path, Version: m.Version}, func() (time.Time, error) { return r.published(ctx, m) })
}

// published returns when a version was published, as the registry told before or tells now.
func (r *request) published(ctx context.Context, m module.Version) (time.Time, error) {
	if t := r.store.ModuleTime(m.Path, m.Version); !t.IsZero() {
		return t, nil
	}
	i, err := r.in.fetchInfo(ctx, r.session, nil, m)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, err
	}
	return i.Time, r.putInfo(m, i)
}

var _ install.Dater = (*Installer)(nil)

// Published implements [install.Dater]. What the registry says is kept, so that it is asked once.
func (in *Installer) Published(ctx context.Context, session *install.Session, m find.ModuleVersion) (time.Time, error) {
	r := in.newRequest(ctx, session, session.Store)
	defer r.close()
	return r.published(ctx, module.Version{Path: m.Path, Version: m.Version})
}

// stage is a module that is unpacked in a private place of the store.
type stage struct {
	modzip.Unpacked
	dir  string
	size int64 // of the zip, in bytes
}

// verified unpacks a module in a private place of the store, and has it verified and admitted.
func (r *request) verified(ctx context.Context, m module.Version) (*stage, error) {
	started := time.Now()
	receiver := r.session.Receive(m.Path, m.Version, "zip")
	s, err := r.fetchStage(ctx, m, receiver)
	receiver.End()
	if err != nil {
		return nil, err
	}
	if err := r.verify(ctx, m, s.Sum); err != nil {
		return nil, err
	}
	if err := r.session.AdmitSum(find.ModuleVersion{Path: m.Path, Version: m.Version, Sum: s.Sum}); err != nil {
		return nil, err
	}
	if err := failpoint.Hit("goproxy.verified"); err != nil {
		return nil, writeError(err)
	}
	r.session.Emit(event.Downloaded{Module: m.Path, Version: m.Version, File: "zip", Bytes: s.size, Took: time.Since(started)})
	return s, nil
}

// fetchStage unpacks a module in a private place of the store.
func (r *request) fetchStage(ctx context.Context, m module.Version, receiver *install.Receiver) (*stage, error) {
	temp, err := r.temp()
	if err != nil {
		return nil, err
	}
	f, size, err := r.fetchZip(ctx, nil, m, temp, receiver)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := failpoint.Hit("goproxy.downloaded"); err != nil {
		return nil, writeError(err)
	}
	if err := r.session.Admit(find.ModuleVersion{Path: m.Path, Version: m.Version}, size); err != nil {
		return nil, err
	}
	s := &stage{size: size}
	if s.dir, err = os.MkdirTemp(temp, "tree-"); err == nil {
		s.Unpacked, err = r.extract(ctx, f, m, s.dir)
	}
	if err == nil {
		err = failpoint.Hit("goproxy.unpacked")
	}
	return s, writeError(err)
}

// installedTree returns the module as the store has it, or nil. A tree that this installer did not
// see yet is hashed: what a power failure or a curious user damaged counts as absent, and is
// fetched again, and so does what came from elsewhere than where it belongs.
func (r *request) installedTree(ctx context.Context, m module.Version) (*sourceTree, error) {
	dir, sum, ok := r.store.modules().has(m)
	if !ok || !r.store.belongs(r.session, m, treeRegistry, sum) {
		return nil, nil
	}
	if _, trusted := r.in.trusted.Load(dir); !trusted {
		got, err := r.store.ModuleFilesSum(m.Path, m.Version)
		if err != nil || got != sum {
			return nil, nil
		}
		r.in.trusted.Store(dir, true)
	}
	if believed, err := r.believed(ctx, m, sum); !believed {
		return nil, err
	}
	return &sourceTree{dir: dir, sum: sum}, r.ownMod(ctx, m, dir)
}

// ownMod refuses a go.mod file that is not the one in the module's zip where nobody else vouches for
// it: a lock file has the sum of the zip alone. The next load fetches it again.
func (r *request) ownMod(ctx context.Context, m module.Version, dir string) error {
	data, err := r.modData(ctx, m)
	key := checksum.GoModVersion(m)
	if _, proven := r.proven.Load(key); err != nil || proven || r.sums.Promises(key) {
		return err
	}
	if err = gomod.CheckOwn(m, data, dir); err == nil {
		return nil
	}
	name, err2 := r.store.modules().file(m, "mod")
	if err2 == nil {
		err2 = os.Remove(name)
	}
	return errors.Join(err, writeError(err2))
}

// fetchZip opens the zip of a module version: the one in the user's module cache, else what a
// registry sends, streamed to a file without a name of its own for long.
func (r *request) fetchZip(ctx context.Context, only *origin.Proxy, m module.Version, temp string, receiver *install.Receiver) (*os.File, int64, error) {
	if cache, ok := r.in.userCache(r.session, m.Path); ok {
		if name, err := cache.file(m, "zip"); err == nil {
			if f, err := regular.Open(name); err == nil {
				if fi, err := f.Stat(); err == nil {
					return f, fi.Size(), nil
				}
				f.Close()
			}
		}
	}
	f, err := os.CreateTemp(temp, "zip-")
	if err != nil {
		return nil, 0, writeError(err)
	}
	var size int64
	err = r.in.origin.Each(ctx, r.session, only, m.Path, func(p origin.Repo) (err error) {
		size, err = p.Zip(ctx, m.Version, f, receiver)
		return err
	})
	if err == nil {
		err = modzip.CheckEntries(f, size)
	}
	if err != nil {
		f.Close()
		return nil, 0, writeError(err)
	}
	return f, size, nil
}

// extract unpacks with as many zips at a time as there are cores: that part is work, not waiting.
func (r *request) extract(ctx context.Context, f *os.File, m module.Version, dir string) (modzip.Unpacked, error) {
	select {
	case r.in.cores <- struct{}{}:
		defer func() { <-r.in.cores }()
	case <-ctx.Done():
		return modzip.Unpacked{}, context.Cause(ctx)
	}
	return modzip.Extract(ctx, f, m, dir)
}

// putDirs keeps the names of a zip's entries for directories, without which its sum cannot be found
// out again: see [store.Store.ModuleFilesSum].
func (r *request) putDirs(m module.Version, dirs []string) error {
	if len(dirs) > 0 {
		return r.putFile(m, "dirs", []byte(strings.Join(dirs, "\n")+"\n"))
	}
	name, err := r.store.modules().file(m, "dirs")
	if err != nil {
		return err
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// publish moves a verified tree to its place. A directory that is there without being whole,
// because somebody removed its sum, or that came from elsewhere, makes way before anything is said
// of the new one.
func (r *request) publish(ctx context.Context, m module.Version, s *stage) (string, error) {
	dir, err := r.store.modules().dir(m)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	if err := modzip.Protect(ctx, s.dir); err != nil {
		return "", err
	}
	oldSum, err := r.store.modules().file(m, "ziphash")
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(oldSum); err != nil {
		return "", err
	}
	if old, err := os.Lstat(dir); err == nil {
		if old.IsDir() { // what a link leads to is none of the store's
			if err := os.Chmod(dir, 0o755); err != nil {
				return "", err
			}
		}
		if err := os.Rename(dir, s.dir+"-old"); err != nil {
			return "", err
		}
		_ = failpoint.Hit("goproxy.away")
	}
	if err := r.setRegistry(m, treeRegistry, owner(r.session, m.Path)); err != nil {
		return "", err
	}
	if err := r.putDirs(m, s.Dirs); err != nil {
		return "", err
	}
	if err := os.Rename(s.dir, dir); err != nil {
		return "", err
	}
	if err := errors.Join(os.Chmod(dir, 0o555), failpoint.Hit("goproxy.moved")); err != nil {
		return "", err
	}
	return dir, r.putFile(m, "ziphash", []byte(s.Sum))
}
