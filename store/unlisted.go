package store

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// HistoryName is the file of a store in which the command keeps what was typed at its prompt.
const HistoryName = "history"

// unlisted lists the files and directories that no record, sum or key leads to, by their names in
// the store: nobody reads them. What is work in progress or comes and goes with processes is not
// looked at.
func (s *Store) unlisted() ([]string, error) {
	modules, err := s.unlistedModules()
	if err != nil {
		return nil, err
	}
	artifacts, err := s.unlistedInArtifacts()
	if err != nil {
		return nil, err
	}
	downloads, err := unlistedFiles(filepath.Join(s.ModDir(), "cache", "download"), s.listedDownload)
	if err != nil {
		return nil, err
	}
	records, err := unlistedFiles(filepath.Join(s.dir, "installed"), listedRecord)
	if err != nil {
		return nil, err
	}
	all := slices.Concat([]string{}, modules, artifacts, downloads, records)
	for dir, listed := range map[string]func(name string) bool{
		s.dir: func(name string) bool {
			return slices.Contains(dirs, name) || name == filepath.Base(s.releasesFile()) || name == HistoryName
		},
		filepath.Join(s.ModDir(), "cache"): func(name string) bool { return name == "download" || name == "lock" }, // the go command's
		s.objDir():                         func(name string) bool { return checkKey(name) == nil },
		filepath.Dir(s.sourceRecordDir()):  func(name string) bool { return name == recordFormat },
		s.sourceRecordDir():                func(name string) bool { return strings.HasSuffix(name, ".json") },
	} {
		names, err := entriesBut(dir, listed)
		if err != nil {
			return nil, err
		}
		all = append(all, names...)
	}
	trees, err := s.sourceTrees()
	if err != nil {
		return nil, err
	}
	names, err := entriesBut(s.srcDir(), func(name string) bool {
		return slices.ContainsFunc(trees, func(t sourceTree) bool { return filepath.Base(t.dir) == name })
	})
	all = append(all, names...)
	for i, name := range all {
		all[i] = relative(s.dir, name)
	}
	slices.Sort(all)
	return all, err
}

// entriesBut lists the entries of a directory that are not listed elsewhere.
func entriesBut(dir string, listed func(name string) bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if !listed(entry.Name()) {
			names = append(names, filepath.Join(dir, entry.Name()))
		}
	}
	return names, nil
}

// unlistedModules lists what lies between the modules, and modules without a sum, which Collect
// removes.
func (s *Store) unlistedModules() ([]string, error) {
	var names []string
	cache := filepath.Join(s.ModDir(), "cache")
	err := filepath.WalkDir(s.ModDir(), func(name string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(s.ModDir(), name)
		escaped, version, isModule := strings.Cut(filepath.ToSlash(rel), "@")
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case name == cache:
			return fs.SkipDir
		case !d.IsDir():
			names = append(names, name)
			return nil
		case !isModule:
			return nil
		}
		modPath, err := module.UnescapePath(escaped)
		version, err2 := module.UnescapeVersion(version)
		if err != nil || err2 != nil || !s.summed(module.Version{Path: modPath, Version: version}) {
			names = append(names, name)
		}
		return fs.SkipDir
	})
	return names, err
}

// unlistedFiles lists the files below a directory that are not listed, by their names in it.
func unlistedFiles(root string, listed func(name string) bool) ([]string, error) {
	var names []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !d.IsDir() && !listed(relative(root, name)):
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// listedRecord reports whether a file is where a record is; whether it is one, Verify looks.
func listedRecord(name string) bool {
	dir, file := path.Split(name)
	return strings.HasPrefix(dir, recordFormat+"/") && strings.HasSuffix(file, ".json") && strings.HasPrefix(path.Base(dir), recordsName)
}

// downloadFiles are what the store has of a module besides its tree.
var downloadFiles = []string{".ziphash", ".mod", ".info", ".dirs", ".registry", ".modregistry"}

// listedDownload reports whether a file is one of a module's, among those of the go command's
// download cache. Of go.mod files alone there is no sum; answers of checksum databases are proven
// when they are read.
func (s *Store) listedDownload(name string) bool {
	if strings.HasPrefix(name, "sumdb/") {
		return true
	}
	escaped, file, ok := strings.Cut(name, "/@v/")
	if !ok || !slices.Contains(downloadFiles, path.Ext(file)) {
		return false
	}
	modPath, err := module.UnescapePath(escaped)
	version, err2 := module.UnescapeVersion(strings.TrimSuffix(file, path.Ext(file)))
	if err != nil || err2 != nil {
		return false
	}
	m := module.Version{Path: modPath, Version: version}
	return path.Ext(file) != ".dirs" && path.Ext(file) != ".registry" || s.summed(m)
}

// summed reports whether a module has a sum in the store.
func (s *Store) summed(m module.Version) bool {
	t, err := s.moduleTree(m)
	if err != nil {
		return false
	}
	_, err = os.Lstat(t.meta + ".ziphash")
	return err == nil
}

// unlistedInArtifacts lists the files of artifacts that their manifests do not.
func (s *Store) unlistedInArtifacts() ([]string, error) {
	keys, err := entriesBut(s.objDir(), func(name string) bool { return checkKey(name) != nil })
	if err != nil {
		return nil, err
	}
	var names []string
	for _, dir := range keys {
		a, err := s.lookup(filepath.Base(dir))
		if a == nil || err != nil {
			continue // it is damaged, or gone
		}
		err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || d.IsDir() {
				return err
			}
			rel := relative(dir, name)
			if rel != "manifest" && !slices.ContainsFunc(a.files, func(f File) bool { return "files/"+f.Name == rel }) {
				names = append(names, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}
