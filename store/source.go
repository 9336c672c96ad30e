package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/loadgo/load/internal/failpoint"
)

// SourceRecord is what an installer learned about a source that is not a Go module of a registry: a
// git repository, an archive, a file. It leads from a name to a tree of the store.
type SourceRecord struct {
	Name    string    `json:"name"`    // that the source was asked for by, in its canonical spelling
	Source  string    `json:"source"`  // canonical name of the module
	Version string    `json:"version"` // exact: a commit, or the sum of a file
	Why     string    `json:"why"`     // why this version
	Origin  string    `json:"origin"`  // the installer
	Time    time.Time `json:"time"`    // when the version was made; zero where unknown
	Sum     string    `json:"sum"`     // "h1:…" of the tree
	Kind    string    `json:"kind"`    // of source, as the loader names kinds
	Module  string    `json:"module"`  // path of the Go module that holds it, "" if there is none
	Dir     string    `json:"dir"`     // of the module within the tree, slash-separated; "" is the tree
	File    string    `json:"file"`    // in Dir, where the module is a single file

	// Places are the files and directories of this machine, without links, that the tree was read
	// from, sorted. Policies decide about them whenever it is used.
	Places []string `json:"places,omitempty"`

	// Changing tells that the name may lead to another version tomorrow, as a branch does, and that
	// a user who asks by it wants to know.
	Changing bool `json:"changing,omitempty"`
}

// SourceDir returns the directory of the tree with a sum, "h1:…", or "" where the store does not
// have it. The contents are not looked at; see [Store.VerifySource].
func (s *Store) SourceDir(sum string) (string, error) {
	dir, err := s.sourceDir(sum)
	if err != nil {
		return "", err
	}
	s.use([]string{sourceName(sum)}, []string{dir})
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", nil
	}
	return dir, nil
}

// sourceName is how a tree is named among the things of a store.
func sourceName(sum string) string { return "source " + sum }

// VerifySource reads the tree with a sum and reports whether it is whole; a tree that is not there
// is not.
func (s *Store) VerifySource(sum string) (bool, error) {
	dir, err := s.SourceDir(sum)
	if dir == "" || err != nil {
		return false, err
	}
	got, err := HashTree(dir, "")
	return err == nil && got == sum, nil
}

// PutSource moves a finished tree, a directory that [Store.Temp] made or that lies in one, to its
// place, and returns that. The sum must be that of the tree. The files become read-only and are on
// the disk before the tree appears. Where the store has the tree already it keeps the one it has,
// unless that is damaged.
func (s *Store) PutSource(ctx context.Context, tree, sum string) (string, error) {
	dir, err := s.sourceDir(sum)
	if err != nil {
		return "", err
	}
	unlock, err := s.Lock(ctx, sourceName(sum)) // several names may lead to one tree
	if err != nil {
		return "", err
	}
	defer unlock()
	if whole, err := s.VerifySource(sum); whole || err != nil {
		return dir, err
	}
	if _, err := seal(ctx, tree); err != nil {
		return "", err
	}
	if err := failpoint.Hit("store.source.sealed"); err != nil {
		return "", writeError(tree, err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", writeError(filepath.Dir(dir), err)
	}
	if _, err := os.Lstat(dir); err == nil {
		old, remove, err := s.Temp("damaged")
		if err != nil {
			return "", err
		}
		defer remove()
		if err := os.Rename(dir, filepath.Join(old, "tree")); err != nil {
			return "", writeError(dir, err)
		}
		_ = failpoint.Hit("store.source.away")
	}
	return dir, rename(tree, dir)
}

// sourceDir returns src/<sum in hexadecimal>.
func (s *Store) sourceDir(sum string) (string, error) {
	encoded, ok := strings.CutPrefix(sum, "h1:")
	data, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(data) != sha256.Size {
		return "", fmt.Errorf("invalid sum of a tree %q", sum)
	}
	return filepath.Join(s.srcDir(), hex.EncodeToString(data)), nil
}

// PutSourceRecord keeps a record, in place of an earlier one of the same name.
func (s *Store) PutSourceRecord(r *SourceRecord) error {
	return s.putRecordFile(s.sourceRecordFile(r.Name), r)
}

// SourceRecord returns the record of a name, or nil. A damaged record counts as none, and is
// removed.
func (s *Store) SourceRecord(name string) (*SourceRecord, error) {
	return s.readSourceRecord(s.sourceRecordFile(name))
}

// readSourceRecord reads a record from the file that it belongs into; nil if there is none that
// is whole.
func (s *Store) readSourceRecord(path string) (*SourceRecord, error) {
	r := new(SourceRecord)
	if ok, err := readRecordFile(path, r, func() (string, error) { return s.sourceRecordFile(r.Name), nil }); !ok {
		return nil, unreadable(s.dir, err)
	}
	return r, nil
}

// RemoveSourceRecord forgets the record of a name. That there is none is no error.
func (s *Store) RemoveSourceRecord(name string) error {
	path := s.sourceRecordFile(name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeError(path, err)
	}
	return nil
}

// sourceRecordFile returns sources/<format>/<key of the name>.json.
func (s *Store) sourceRecordFile(name string) string {
	return filepath.Join(s.sourceRecordDir(), Key("source", name)+".json")
}
