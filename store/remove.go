package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/internal/failpoint"
)

// LockModule waits for the lock with which a Go module is put into [Store.ModDir], or removed from
// it. It is [Store.Lock] otherwise.
func (s *Store) LockModule(ctx context.Context, path, version string) (unlock func(), err error) {
	return s.Lock(ctx, "mod/"+path+"@"+version)
}

// removeModule takes a module out of the store, even one in use: first the sum, without which its
// directory is not there.
func (s *Store) removeModule(t moduleTree) error {
	for _, suffix := range []string{".ziphash", ".info", ".dirs"} {
		if err := os.RemoveAll(t.meta + suffix); err != nil {
			return writeError(t.meta+suffix, err)
		}
	}
	_ = failpoint.Hit("store.module.unsummed")
	return s.remove(t.dir)
}

// removeUnusedModule takes a module out of the store unless a living process says that it uses it.
// Who says so after the sum is gone finds no module, and waits for the module's lock to install it;
// who said so before keeps it.
func (s *Store) removeUnusedModule(ctx context.Context, t moduleTree) error {
	unlock, err := s.LockModule(ctx, t.mod.Path, t.mod.Version)
	if err != nil {
		return err
	}
	defer unlock()
	thing := moduleName(t.mod.Path, t.mod.Version)
	if used, err := s.uses(thing); err != nil || used {
		return err // it is not even taken away for a moment
	}
	temp, remove, err := s.Temp("remove")
	if err != nil {
		return err
	}
	defer remove()
	sum, away := t.meta+".ziphash", filepath.Join(temp, "ziphash")
	if err := os.Rename(sum, away); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeError(sum, err)
	}
	used, err := s.uses(thing)
	if err != nil || used {
		if back := os.Rename(away, sum); !errors.Is(back, fs.ErrNotExist) {
			err = errors.Join(err, back)
		}
		return err
	}
	return s.removeModule(t)
}

// removeOrphans removes the directories of modules that have no sum: nobody looks at them. A
// process that was killed while it installed or removed a module leaves one.
func (s *Store) removeOrphans(ctx context.Context) error {
	var orphans []moduleTree
	cache := filepath.Join(s.ModDir(), "cache")
	err := filepath.WalkDir(s.ModDir(), func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case name == cache:
			return fs.SkipDir
		}
		path, version, isModule := strings.Cut(filepath.ToSlash(strings.TrimPrefix(name, s.ModDir()+string(filepath.Separator))), "@")
		if !isModule {
			return nil
		}
		path, err = module.UnescapePath(path)
		version, err2 := module.UnescapeVersion(version)
		if t, err3 := s.moduleTree(module.Version{Path: path, Version: version}); err == nil && err2 == nil && err3 == nil {
			if _, err := os.Lstat(t.meta + ".ziphash"); errors.Is(err, fs.ErrNotExist) {
				orphans = append(orphans, t)
			}
		}
		return fs.SkipDir
	})
	for _, t := range orphans {
		err = errors.Join(err, s.removeOrphan(ctx, t))
	}
	return err
}

func (s *Store) removeOrphan(ctx context.Context, t moduleTree) error {
	unlock, err := s.LockModule(ctx, t.mod.Path, t.mod.Version)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Lstat(t.meta + ".ziphash"); !errors.Is(err, fs.ErrNotExist) {
		return err // it was installed meanwhile
	}
	return s.removeModule(t)
}

// RemovePackage removes a record, and the modules of its build list that no other record needs and
// no other process uses. It waits for the locks of these modules; where ctx ends first, the error
// is its cause.
func (s *Store) RemovePackage(ctx context.Context, r *Record) error {
	if err := s.RemoveRecord(r.Target, r.Package, r.Version, r.Along...); err != nil {
		return err
	}
	_ = failpoint.Hit("store.record.removed")
	needed, err := s.inUse()
	if err != nil {
		return err
	}
	err = s.eachRecord(func(path string) error {
		if other, err := s.readRecord(path); err == nil && other != nil {
			for _, m := range other.BuildList {
				needed[moduleName(m.Path, m.Version)] = true
			}
		}
		return nil
	})
	for _, m := range r.BuildList {
		name := moduleName(m.Path, m.Version)
		t, err2 := s.moduleTree(module.Version{Path: m.Path, Version: m.Version})
		if err2 == nil && !needed[name] {
			err2 = s.removeUnusedModule(ctx, t)
		}
		err = errors.Join(err, err2)
	}
	return err
}
