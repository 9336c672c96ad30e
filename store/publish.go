package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/failpoint"
)

// Artifact returns the artifact with a key. If there is none, or a damaged one, build makes it: it
// writes regular files into the empty directory dir, and nobody sees them before all are there and
// on the disk. However many goroutines and processes ask at a time, one of them builds and made is
// true for it alone. An error of build is returned as it is, but for a full disk's, which becomes a
// [*WriteError]; it leaves nothing behind, and lets the next who waits try.
func (s *Store) Artifact(ctx context.Context, key string, build func(ctx context.Context, dir string) error) (a *Artifact, made bool, err error) {
	var damaged *DamagedError
	if a, err = s.Lookup(key); a != nil || err != nil && !errors.As(err, &damaged) {
		return a, false, err
	}
	unlock, err := s.Lock(ctx, artifactName(key))
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	switch a, err = s.Lookup(key); {
	case a != nil:
		return a, false, nil
	case errors.As(err, &damaged):
		if err := s.Evict(key); err != nil {
			return nil, false, err
		}
		if s.hooks.Evicted != nil {
			s.hooks.Evicted(damaged)
		}
	case err != nil:
		return nil, false, err
	}
	dir, remove, err := s.Temp("artifact")
	if err != nil {
		return nil, false, err
	}
	defer remove()
	files := filepath.Join(dir, "files")
	if err := os.Mkdir(files, 0o700); err != nil {
		return nil, false, writeError(files, err)
	}
	err = failpoint.Hit("store.artifact.begun")
	if err == nil {
		err = build(ctx, files)
	}
	if err == nil {
		err = failpoint.Hit("store.artifact.built")
	}
	if Full(err) {
		return nil, false, writeError(files, err)
	} else if err != nil {
		return nil, false, err
	}
	if ctx.Err() != nil {
		return nil, false, context.Cause(ctx)
	}
	if err := s.publish(ctx, dir, key); err != nil {
		return nil, false, err
	}
	a, err = s.Lookup(key)
	if a == nil && err == nil {
		err = &DamagedError{Key: key, Reason: "it was evicted while it was made"}
	}
	return a, true, err
}

// publish completes the artifact in dir and moves it to its place.
func (s *Store) publish(ctx context.Context, dir, key string) error {
	files, err := seal(ctx, filepath.Join(dir, "files"))
	if err != nil {
		return err
	}
	data := formatManifest(key, files)
	if len(data) > maxManifest {
		return fmt.Errorf("an artifact cannot have %d files", len(files))
	}
	if err := writeSynced(filepath.Join(dir, "manifest"), data); err != nil {
		return err
	}
	if err := syncFile(dir); err != nil {
		return writeError(dir, err)
	}
	if err := os.MkdirAll(s.objDir(), 0o700); err != nil {
		return writeError(s.objDir(), err)
	}
	return rename(dir, filepath.Join(s.objDir(), key))
}

// seal makes the files below root read-only, brings them to the disk, and lists them with their
// sums. It ends with the context, between two files: thousands of them take minutes on a slow disk.
func seal(ctx context.Context, root string) ([]File, error) {
	var files []File
	var dirs []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			dirs = append(dirs, path)
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if !d.Type().IsRegular() || !validName(name) {
			return fmt.Errorf("an artifact cannot hold %q", name)
		}
		f, err := sealFile(path, name)
		files = append(files, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	// Innermost first: a directory's entries must not reach the disk before what they name.
	for _, dir := range slices.Backward(dirs) {
		if err := syncFile(dir); err != nil {
			return nil, writeError(dir, err)
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

func sealFile(path, name string) (File, error) {
	if err := syncFile(path); err != nil {
		return File{}, writeError(path, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return File{}, err
	}
	mode := fs.FileMode(0o444)
	if info.Mode()&0o111 != 0 {
		mode = 0o555
	}
	if err := os.Chmod(path, mode); err != nil {
		return File{}, writeError(path, err)
	}
	total, err := sumFile(f, info.Size())
	return File{Name: name, Size: info.Size(), sum: total}, err
}

// writeSynced writes a new read-only file and brings it to the disk.
func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return writeError(path, err)
	}
	err = failpoint.Hit("store.file.created")
	if err == nil {
		_, err = f.Write(data)
	}
	return writeError(path, errors.Join(err, f.Sync(), f.Close(), failpoint.Hit("store.file.written")))
}

// rename moves a finished file or directory to its place, and makes that last.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return writeError(to, err)
	}
	dir := filepath.Dir(to)
	return writeError(dir, errors.Join(syncFile(dir), failpoint.Hit("store.renamed")))
}
