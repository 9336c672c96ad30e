package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/module"
)

// moduleTree is an installed Go module.
type moduleTree struct {
	mod  module.Version
	dir  string // of its source
	meta string // its files in the download cache, without their suffix: ".ziphash", ".mod", ".info", ".dirs"
}

// maxSum bounds what is read of a file that holds a sum.
const maxSum = 1 << 10

// maxInfo bounds what is read of a file that says when a version was published.
const maxInfo = 1 << 20

// moduleName is how a module is named among the things of a store.
func moduleName(path, version string) string { return "module " + path + "@" + version }

// UseModule says that this process uses an installed Go module, so that no other removes it. Who
// says so before looking for the module keeps what was found.
func (s *Store) UseModule(path, version string) {
	s.UseModules([]RecordModule{{Path: path, Version: version}})
}

// UseModules is UseModule for many at a time.
func (s *Store) UseModules(list []RecordModule) {
	names, sums := make([]string, 0, len(list)), make([]string, 0, len(list))
	for _, m := range list {
		if t, err := s.moduleTree(module.Version{Path: m.Path, Version: m.Version}); err == nil {
			names, sums = append(names, moduleName(m.Path, m.Version)), append(sums, t.meta+".ziphash")
		}
	}
	s.use(names, sums)
}

// HasModule reports whether a Go module is installed. It does not look at its files, as
// [Store.Verify] does.
func (s *Store) HasModule(path, version string) bool {
	t, err := s.moduleTree(module.Version{Path: path, Version: version})
	if err != nil {
		return false
	}
	sum, err := os.Lstat(t.meta + ".ziphash")
	if err != nil || !sum.Mode().IsRegular() {
		return false
	}
	dir, err := os.Lstat(t.dir)
	return err == nil && dir.IsDir()
}

// ModuleSum returns the sum with which a Go module was installed, or "" where it is not. It does
// not look at the module's files, as [Store.Verify] does.
func (s *Store) ModuleSum(path, version string) string {
	t, err := s.moduleTree(module.Version{Path: path, Version: version})
	if err != nil {
		return ""
	}
	data, err := ReadFile(t.meta+".ziphash", maxSum)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// ModuleRegistry returns the URL of the registry that owned a Go module when it was installed, ""
// where none did. Installers write it beside the module's sum, into a file that ends in
// ".registry".
func (s *Store) ModuleRegistry(path, version string) (string, error) {
	return s.registry(module.Version{Path: path, Version: version}, ".registry")
}

// registry reads a file that says where something of a module came from.
func (s *Store) registry(m module.Version, ext string) (string, error) {
	t, err := s.moduleTree(m)
	if err != nil {
		return "", err
	}
	data, err := ReadFile(t.meta+ext, maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(data), err
}

// ModuleTime returns when a version of a Go module was published, as the registry told anyone who
// asked it for this store; the zero time if nobody did. Installers keep the answer where the go
// command looks for it, in the file that ends in ".info".
func (s *Store) ModuleTime(path, version string) time.Time {
	t, err := s.moduleTree(module.Version{Path: path, Version: version})
	if err != nil {
		return time.Time{}
	}
	data, err := ReadFile(t.meta+".info", maxInfo)
	var info struct {
		Version string
		Time    time.Time
	}
	if err != nil || json.Unmarshal(data, &info) != nil || info.Version != version {
		return time.Time{}
	}
	return info.Time
}

// ModuleFilesSum reads the files of an installed Go module and returns the sum of the zip that they
// came from. The zip's entries for directories count in it: where it had any, the module's file
// ".dirs" beside its sum lists them.
func (s *Store) ModuleFilesSum(path, version string) (string, error) {
	t, err := s.moduleTree(module.Version{Path: path, Version: version})
	if err != nil {
		return "", err
	}
	return t.sum()
}

func (t moduleTree) sum() (string, error) {
	data, err := ReadFile(t.meta+".dirs", maxRecord)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return HashTree(t.dir, t.mod.String(), strings.Split(string(data), "\n")...)
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
			if !ok {
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
