package store

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
)

// Share lets every user of the machine read what is in the store, and start it: modules, records
// and artifacts, not what is on its way there. Only the store's owner writes there, as before, and
// what is added later is the owner's until Share is called again. The error is a [*DirError] if
// others cannot enter a directory that leads there.
//
// A store is used by its owner and, if that is the superuser, by all who may read it.
func (s *Store) Share(ctx context.Context) error {
	for _, name := range []string{"", "mod", "installed", "src", "sources", "obj", "empty", "sumdb", filepath.Base(s.releasesFile())} {
		err := filepath.WalkDir(filepath.Join(s.dir, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || ctx.Err() != nil {
				return cause(ctx, err)
			}
			if err := share(path, d); err != nil {
				return err
			}
			if name == "" {
				return fs.SkipAll // the directory alone
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			return writeError(s.dir, err)
		}
	}
	for dir := filepath.Dir(s.dir); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if !enterable(info) {
			return &DirError{Dir: s.dir, Reason: "other users cannot enter " + dir, Fix: "run chmod o+x " + dir + ", or " + setDir}
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func cause(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return context.Cause(ctx)
}

// share lets others read a file or a directory, and do with it what its owner may but write.
func share(path string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil || !d.IsDir() && !info.Mode().IsRegular() {
		return err
	}
	mode := info.Mode().Perm() | 0o044
	if mode&0o100 != 0 {
		mode |= 0o011
	}
	if mode == info.Mode().Perm() {
		return nil
	}
	return os.Chmod(path, mode)
}
