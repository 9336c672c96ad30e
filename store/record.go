package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Record is what an installer learned about a package that it installed: all that a build for the target
// needs to know besides the files in [Store.ModDir].
type Record struct {
	Package    string         `json:"package"` // import path
	Module     string         `json:"module"`  // path of the module that holds the package
	Version    string         `json:"version"`
	Target     string         `json:"target"` // what it builds for, as in "linux_amd64"
	Time       time.Time      `json:"time"`   // when the version was made; zero where unknown
	Why        string         `json:"why"`    // why this version was chosen
	Deprecated string         `json:"deprecated,omitempty"`
	GoMod      string         `json:"go_mod"` // go, require and replace lines of a main module that imports the package
	GoSum      string         `json:"go_sum"`
	Hash       string         `json:"hash"` // identifies everything that a build reads
	BuildList  []RecordModule `json:"build_list"`
}

// RecordModule is a module of a build list.
type RecordModule struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum"` // "h1:…" of the module's zip
}

// A record's file is {"sum":"<SHA-256 of the record's bytes>","record":<record>}.
const (
	recordStart  = `{"sum":"`
	recordMiddle = `","record":`
	recordEnd    = "}\n"
)

// PutRecord keeps a record, in place of an earlier one for the same target, package and version.
func (s *Store) PutRecord(r *Record) error {
	path, err := s.recordFile(r.Target, r.Package, r.Version)
	if err != nil {
		return err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	dir, remove, err := s.Temp("record")
	if err != nil {
		return err
	}
	defer remove()
	total := sha256.Sum256(data)
	temp := filepath.Join(dir, "record")
	whole := recordStart + hex.EncodeToString(total[:]) + recordMiddle + string(data) + recordEnd
	if err := writeSynced(temp, []byte(whole)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return writeError(filepath.Dir(path), err)
	}
	return rename(temp, path)
}

// Record returns the record for a target, a package and a version, or nil where there is none. A damaged
// record counts as none, and is removed.
func (s *Store) Record(target, pkg, version string) (*Record, error) {
	path, err := s.recordFile(target, pkg, version)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, ok := parseRecord(data)
	if !ok || r.Target != target || r.Package != pkg || r.Version != version {
		_ = os.Remove(path) // a read-only store keeps it, and it stays without effect
		return nil, nil
	}
	return r, nil
}

func parseRecord(data []byte) (*Record, bool) {
	data, ok1 := bytes.CutPrefix(data, []byte(recordStart))
	stated, data, ok2 := bytes.Cut(data, []byte(recordMiddle))
	data, ok3 := bytes.CutSuffix(data, []byte(recordEnd))
	total := sha256.Sum256(data)
	if !ok1 || !ok2 || !ok3 || string(stated) != hex.EncodeToString(total[:]) {
		return nil, false
	}
	r := new(Record)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, false
	}
	return r, true
}

// Versions returns the versions of a package that there are records of, highest first. The records
// themselves are not read.
func (s *Store) Versions(target, pkg string) ([]string, error) {
	if err := module.CheckImportPath(pkg); err != nil {
		return nil, err
	}
	dir, err := s.recordDir(target, pkg)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var versions []string
	for _, entry := range entries {
		escaped, ok := strings.CutSuffix(entry.Name(), ".json")
		version, err := module.UnescapeVersion(escaped)
		if ok && err == nil {
			versions = append(versions, version)
		}
	}
	slices.SortFunc(versions, func(a, b string) int { return semver.Compare(b, a) })
	return versions, nil
}

// Records returns the records of a package for a target, highest version first.
func (s *Store) Records(target, pkg string) ([]*Record, error) {
	versions, err := s.Versions(target, pkg)
	if err != nil {
		return nil, err
	}
	var records []*Record
	for _, version := range versions {
		r, err := s.Record(target, pkg, version)
		if err != nil {
			return nil, err
		}
		if r != nil {
			records = append(records, r)
		}
	}
	return records, nil
}

// AllRecords returns the records of all packages for a target, package by package, highest version first.
// After an error it goes on where it can.
func (s *Store) AllRecords(target string) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		root, err := s.recordDir(target, "")
		if err != nil {
			yield(nil, err)
			return
		}
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				if !errors.Is(err, fs.ErrNotExist) && !yield(nil, err) {
					return fs.SkipAll
				}
				return nil
			}
			if !d.IsDir() || d.Name() != "@v" {
				return nil
			}
			pkg, err := s.recordedPackage(root, path)
			if err != nil {
				return nil // not written by PutRecord
			}
			records, err := s.Records(target, pkg)
			if err != nil && !yield(nil, err) {
				return fs.SkipAll
			}
			for _, r := range records {
				if !yield(r, nil) {
					return fs.SkipAll
				}
			}
			return fs.SkipDir
		})
	}
}

// RemoveRecord forgets the record for a target, a package and a version. That there is none is no error.
func (s *Store) RemoveRecord(target, pkg, version string) error {
	path, err := s.recordFile(target, pkg, version)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeError(path, err)
	}
	return nil
}

// recordFile returns installed/<target>/<escaped package>/@v/<escaped version>.json.
func (s *Store) recordFile(target, pkg, version string) (string, error) {
	if err := module.CheckImportPath(pkg); err != nil {
		return "", err
	}
	dir, err := s.recordDir(target, pkg)
	if err != nil {
		return "", err
	}
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, escaped+".json"), nil
}

// recordDir returns the directory of a package's records or, where pkg is "", of a target's.
func (s *Store) recordDir(target, pkg string) (string, error) {
	if target == "" || fileName(target) != target || strings.Trim(target, ".") == "" {
		return "", fmt.Errorf("invalid build target %q", target)
	}
	dir := filepath.Join(s.dir, "installed", target)
	if pkg == "" {
		return dir, nil
	}
	// An import path cannot be escaped as a module path: ".../core/v1" is a package and no module.
	for element := range strings.SplitSeq(pkg, "/") {
		escaped, err := module.EscapeVersion(element)
		if err != nil {
			return "", err
		}
		dir = filepath.Join(dir, escaped)
	}
	return filepath.Join(dir, "@v"), nil
}

// recordedPackage is the inverse of recordDir.
func (s *Store) recordedPackage(root, dir string) (string, error) {
	rel, err := filepath.Rel(root, filepath.Dir(dir))
	if err != nil {
		return "", err
	}
	elements := strings.Split(filepath.ToSlash(rel), "/")
	for i, escaped := range elements {
		if elements[i], err = module.UnescapeVersion(escaped); err != nil {
			return "", err
		}
	}
	return strings.Join(elements, "/"), nil
}
