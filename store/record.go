package store

import (
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

// Record is what an installer learned about a package that it installed: all that a build for the
// target needs to know besides the files in [Store.ModDir].
type Record struct {
	Package    string         `json:"package"` // import path
	Module     string         `json:"module"`  // path of the module that holds the package
	Version    string         `json:"version"`
	Target     string         `json:"target"` // what it builds for, as in "linux_amd64"
	Time       time.Time      `json:"time"`   // when the version was made; zero where unknown
	Why        string         `json:"why"`    // why this version was chosen
	Deprecated string         `json:"deprecated,omitempty"`
	Retracted  string         `json:"retracted,omitempty"`
	GoMod      string         `json:"go_mod"` // go, require and replace lines of a main module that imports the package
	GoSum      string         `json:"go_sum"`
	Hash       string         `json:"hash"` // identifies everything that a build reads
	BuildList  []RecordModule `json:"build_list"`

	Proof Proof `json:"proof"`

	// Imports are the packages that a build reads, and all that they import, sorted. What standard
	// packages import is not among them.
	Imports []string `json:"imports"`

	// Along are the companions that the build covers too, sorted by path.
	Along []RecordCompanion `json:"along,omitempty"`
}

// RecordCompanion is a further package that goes into the same build.
type RecordCompanion struct {
	Path    string `json:"path"`
	Query   string `json:"query,omitempty"`   // the versions that were asked for, "" for any
	Version string `json:"version,omitempty"` // of its module; the Go release for the standard library
}

// Proof says what a checksum database vouched for.
type Proof struct {
	By string `json:"by,omitempty"` // its name, the first word of GOSUMDB
	// Modules are the paths, sorted, of the modules of which it vouched for all that was read: the
	// files of those of the build list, and go.mod files. Others were exempt from it, or held by a
	// lock or go.sum file.
	Modules []string `json:"modules,omitempty"`
}

// Covers reports whether a module needs no further proof. database returns the name of the checksum
// database that has to vouch for a path, or "" for none.
func (p Proof) Covers(path string, database func(path string) string) bool {
	need := database(path)
	if need == "" || need != p.By {
		return need == ""
	}
	_, found := slices.BinarySearch(p.Modules, path)
	return found
}

// RecordModule is a module of a build list.
type RecordModule struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum"` // "h1:…" of the module's zip
}

// PutRecord keeps a record, in place of an earlier one for the same target, package, version and
// companions.
func (s *Store) PutRecord(r *Record) error {
	path, err := s.recordFile(r.Target, r.Package, r.Version, r.Along)
	if err != nil {
		return err
	}
	return s.putRecordFile(path, r)
}

// Record returns the record for a target, a package, a version and companions, whose own versions
// do not count, or nil if there is none. A damaged record counts as none, and is removed.
func (s *Store) Record(target, pkg, version string, along ...RecordCompanion) (*Record, error) {
	path, err := s.recordFile(target, pkg, version, along)
	if err != nil {
		return nil, err
	}
	return s.readRecord(path)
}

// readRecord reads a record from the file that it belongs into; nil if there is none that is
// whole.
func (s *Store) readRecord(path string) (*Record, error) {
	r := new(Record)
	if ok, err := readRecordFile(path, r, func() (string, error) { return s.recordFile(r.Target, r.Package, r.Version, r.Along) }); !ok {
		return nil, unreadable(s.dir, err)
	}
	return r, nil
}

// Versions returns the versions of a package that there are records of with these companions,
// highest first. The records themselves are not read.
func (s *Store) Versions(target, pkg string, along ...RecordCompanion) ([]string, error) {
	if err := module.CheckImportPath(pkg); err != nil {
		return nil, err
	}
	dir, err := s.recordDir(target, pkg, along)
	if err != nil {
		return nil, err
	}
	versions, err := recordedVersions(dir)
	return versions, unreadable(s.dir, err)
}

func recordedVersions(dir string) ([]string, error) {
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

// Records returns the records of a package with companions for a target, highest version first.
func (s *Store) Records(target, pkg string, along ...RecordCompanion) ([]*Record, error) {
	versions, err := s.Versions(target, pkg, along...)
	if err != nil {
		return nil, err
	}
	var records []*Record
	for _, version := range versions {
		r, err := s.Record(target, pkg, version, along...)
		if err != nil {
			return nil, err
		}
		if r != nil {
			records = append(records, r)
		}
	}
	return records, nil
}

// AllRecords returns the records of all packages for a target, package by package, highest version
// first. After an error it goes on where it can.
func (s *Store) AllRecords(target string) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		root, err := s.recordDir(target, "", nil)
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
			if !d.IsDir() || !strings.HasPrefix(d.Name(), recordsName) {
				return nil
			}
			versions, err := recordedVersions(path)
			if err != nil && !yield(nil, err) {
				return fs.SkipAll
			}
			for _, version := range versions {
				escaped, err := module.EscapeVersion(version)
				if err != nil {
					continue // not written by PutRecord
				}
				r, err := s.readRecord(filepath.Join(path, escaped+".json"))
				if (r != nil || err != nil) && !yield(r, err) {
					return fs.SkipAll
				}
			}
			return fs.SkipDir
		})
	}
}

// RemoveRecord forgets the record for a target, a package, a version and companions. That there is
// none is no error.
func (s *Store) RemoveRecord(target, pkg, version string, along ...RecordCompanion) error {
	path, err := s.recordFile(target, pkg, version, along)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeError(path, err)
	}
	return nil
}

// recordsName is the name of a directory of records; no element of an import path starts like it.
const recordsName = "@v"

// recordFile returns installed/<format>/<target>/<escaped package>/@v/<escaped version>.json.
// Records with companions are in directories of their own, @v-<key>.
func (s *Store) recordFile(target, pkg, version string, along []RecordCompanion) (string, error) {
	if err := module.CheckImportPath(pkg); err != nil {
		return "", err
	}
	dir, err := s.recordDir(target, pkg, along)
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
func (s *Store) recordDir(target, pkg string, along []RecordCompanion) (string, error) {
	if target == "" || fileName(target) != target || strings.Trim(target, ".") == "" {
		return "", fmt.Errorf("invalid build target %q", target)
	}
	if pkg == "" {
		return filepath.Join(s.recordsDir(), target), nil
	}
	elements := []string{s.recordsDir(), target}
	// An import path cannot be escaped as a module path: ".../core/v1" is a package and no module.
	for element := range strings.SplitSeq(pkg, "/") {
		escaped, err := module.EscapeVersion(element)
		if err != nil {
			return "", err
		}
		elements = append(elements, escaped)
	}
	name := recordsName
	if len(along) > 0 {
		texts := make([]string, len(along))
		for i, c := range along {
			texts[i] = c.Path + "@" + c.Query
		}
		slices.Sort(texts)
		name += "-" + Key(texts...)[:32]
	}
	return filepath.Join(append(elements, name)...), nil
}
