package store

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
)

// moduleTree is an installed Go module.
type moduleTree struct {
	mod  module.Version
	dir  string // of its source
	meta string // its files in the download cache, without their suffix: ".ziphash", ".mod", ".info", ".dirs"
}

// moduleName is how a module is named among the things of a store.
func moduleName(path, version string) string { return "module " + path + "@" + version }

// UseModule says that this process uses an installed Go module, so that no other removes it.
func (s *Store) UseModule(path, version string) {
	if t, err := s.moduleTree(module.Version{Path: path, Version: version}); err == nil {
		s.use(moduleName(path, version), t.meta+".ziphash")
	}
}

// ModuleSum returns the sum with which a Go module was installed, or "" where it is not. It does not look at the
// module's files, as [Store.Verify] does.
func (s *Store) ModuleSum(path, version string) string {
	t, err := s.moduleTree(module.Version{Path: path, Version: version})
	if err != nil {
		return ""
	}
	data, err := os.ReadFile(t.meta + ".ziphash")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// ModuleRegistry returns the URL of the registry that owned a Go module when it was installed, "" where none did.
// Installers write it beside the module's sum, into a file that ends in ".registry".
func (s *Store) ModuleRegistry(path, version string) (string, error) {
	t, err := s.moduleTree(module.Version{Path: path, Version: version})
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(t.meta + ".registry")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(data), err
}

// ModuleFilesSum reads the files of an installed Go module and returns the sum of the zip that they came from. The zip's
// entries for directories count in it: where it had any, the module's file ".dirs" beside its sum lists them.
func (s *Store) ModuleFilesSum(path, version string) (string, error) {
	t, err := s.moduleTree(module.Version{Path: path, Version: version})
	if err != nil {
		return "", err
	}
	return t.sum()
}

func (t moduleTree) sum() (string, error) {
	data, err := os.ReadFile(t.meta + ".dirs")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return hashTree(t.dir, t.mod.String(), strings.Split(string(data), "\n")...)
}

func (s *Store) moduleTree(m module.Version) (moduleTree, error) {
	path, err := module.EscapePath(m.Path)
	if err != nil {
		return moduleTree{}, err
	}
	version, err := module.EscapeVersion(m.Version)
	if err != nil {
		return moduleTree{}, err
	}
	return moduleTree{
		mod:  m,
		dir:  filepath.Join(s.ModDir(), filepath.FromSlash(path)+"@"+version),
		meta: filepath.Join(s.ModDir(), "cache", "download", filepath.FromSlash(path), "@v", version),
	}, nil
}

// modules yields the installed Go modules.
func (s *Store) modules() iter.Seq2[moduleTree, error] {
	return func(yield func(moduleTree, error) bool) {
		root := filepath.Join(s.ModDir(), "cache", "download")
		_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				if !yield(moduleTree{}, err) {
					return fs.SkipAll
				}
				return nil
			}
			if d.IsDir() && name == filepath.Join(root, "sumdb") {
				return fs.SkipDir
			}
			escaped, ok := strings.CutSuffix(d.Name(), ".ziphash")
			if !ok || d.IsDir() {
				return nil
			}
			rel, err := filepath.Rel(root, filepath.Dir(filepath.Dir(name)))
			if err != nil {
				return err
			}
			path, err := module.UnescapePath(filepath.ToSlash(rel))
			if err != nil {
				return nil // not put there by an installer
			}
			version, err := module.UnescapeVersion(escaped)
			if err != nil {
				return nil
			}
			t, err := s.moduleTree(module.Version{Path: path, Version: version})
			if err == nil && !yield(t, nil) {
				return fs.SkipAll
			}
			return nil
		})
	}
}

// removeModule takes a module out of the store: first the sum, without which its directory is not there.
func (s *Store) removeModule(t moduleTree) error {
	for _, suffix := range []string{".ziphash", ".info", ".dirs"} {
		if err := os.Remove(t.meta + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return writeError(t.meta+suffix, err)
		}
	}
	return s.remove(t.dir)
}

// treeSize returns the size of the files below a directory, in bytes.
func treeSize(dir string) int64 {
	var total int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

// RemovePackage removes a record, and the modules of its build list that no other record needs and no other
// process uses.
func (s *Store) RemovePackage(r *Record) error {
	if err := s.RemoveRecord(r.Target, r.Package, r.Version, r.Along...); err != nil {
		return err
	}
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
			err2 = s.removeModule(t)
		}
		err = errors.Join(err, err2)
	}
	return err
}
