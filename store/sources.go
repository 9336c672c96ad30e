package store

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func (s *Store) srcDir() string { return filepath.Join(s.dir, "src") }

// SourceRecords yields the records of sources that are not Go modules of a registry, in no order.
// Damaged ones are passed over.
func (s *Store) SourceRecords() iter.Seq2[*SourceRecord, error] {
	return func(yield func(*SourceRecord, error) bool) {
		paths, err := s.sourceRecordFiles()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, path := range paths {
			if r, err := s.readSourceRecord(path); (r != nil || err != nil) && !yield(r, err) {
				return
			}
		}
	}
}

// RemoveSource removes a record, and its tree where no other record leads to it and no other
// process uses it.
func (s *Store) RemoveSource(ctx context.Context, r *SourceRecord) error {
	if err := s.RemoveSourceRecord(r.Name); err != nil {
		return err
	}
	for other, err := range s.SourceRecords() {
		if err != nil || other.Sum == r.Sum {
			return err
		}
	}
	dir, err := s.sourceDir(r.Sum)
	if err != nil {
		return err
	}
	return s.removeUnused(ctx, dir, sourceName(r.Sum))
}

func (s *Store) sourceRecordFiles() ([]string, error) {
	entries, err := os.ReadDir(s.sourceRecordDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var paths []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".json") {
			paths = append(paths, filepath.Join(s.sourceRecordDir(), entry.Name()))
		}
	}
	return paths, nil
}

// sourceTree is a directory of src/.
type sourceTree struct{ sum, dir string }

func (s *Store) sourceTrees() ([]sourceTree, error) {
	entries, err := os.ReadDir(s.srcDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var trees []sourceTree
	for _, entry := range entries {
		sum, err := hex.DecodeString(entry.Name())
		if err == nil && len(sum) > 0 {
			trees = append(trees, sourceTree{"h1:" + base64.StdEncoding.EncodeToString(sum), filepath.Join(s.srcDir(), entry.Name())})
		}
	}
	return trees, nil
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// sourceItems lists the sources, and the repositories from which modules were brought directly.
func (s *Store) sourceItems(used map[string]bool, keep func(path, version string) bool) ([]Item, error) {
	var items []Item
	paths, err := s.sourceRecordFiles()
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		r, err := s.readSourceRecord(path)
		if r == nil || err != nil {
			continue // for Verify
		}
		last := modTime(path)
		if dir, err := s.sourceDir(r.Sum); err == nil && modTime(dir).After(last) {
			last = modTime(dir)
		}
		items = append(items, Item{
			Kind: "source", Name: r.Name, Size: fileSize(path), Used: last, needs: []string{r.Sum},
			kept:   used[sourceName(r.Sum)] || keep != nil && keep(r.Source, r.Version),
			remove: func(ctx context.Context) error { return s.removeUnused(ctx, path, sourceName(r.Sum)) },
		})
	}
	trees, err := s.sourceTrees()
	if err != nil {
		return nil, err
	}
	for _, t := range trees {
		items = append(items, Item{
			Kind: "tree", Name: t.sum, Size: treeSize(t.dir), Used: modTime(t.dir), kept: used[sourceName(t.sum)], shared: true,
			remove: func(ctx context.Context) error { return s.removeUnused(ctx, t.dir, sourceName(t.sum)) },
		})
	}
	if dir := s.DirectDir(); fileSize(dir) > 0 {
		last := modTime(dir)
		items = append(items, Item{
			Kind: "repositories", Name: filepath.Base(dir), Size: treeSize(dir), Used: last,
			kept:   time.Since(last) < touchAfter, // nobody says that it is used
			remove: func(context.Context) error { return s.remove(dir) },
		})
	}
	return items, nil
}

// remove takes a file or directory out of the store at once; what it holds goes then.
func (s *Store) remove(path string) error {
	temp, remove, err := s.Temp("remove")
	if err != nil {
		return err
	}
	defer remove()
	// A directory is only moved by who can write to it. What a link leads to is none of the
	// store's.
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		if err := os.Chmod(path, 0o700); err != nil {
			return writeError(path, err)
		}
	}
	if err := os.Rename(path, filepath.Join(temp, "removed")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeError(path, err)
	}
	return nil
}
