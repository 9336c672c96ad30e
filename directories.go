package load

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load/find"
)

// maxWatched is how many directories are watched for one module.
const maxWatched = 4096

// local reports whether the module's source is in a directory where it can be edited.
func (m *Module) local() bool {
	s := m.spec
	return s.Version == "" && s.Source.Dir != "" && (s.Source.Kind == find.KindGo || s.Source.Kind == find.KindStarlark)
}

// sourceRoot returns the directory below which the module's source is: that of the whole Go module,
// which the package may import.
func (m *Module) sourceRoot() string {
	dir := m.spec.Source.Dir
	if m.spec.Source.Go == nil || m.spec.Module == "" {
		return dir
	}
	below := strings.TrimPrefix(m.spec.Source.Go.ImportPath, m.spec.Module)
	root, ok := strings.CutSuffix(dir, filepath.FromSlash(below))
	if !ok {
		return dir
	}
	return root
}

// watchedDirs lists the directories whose changes concern the module. One that is not there is
// represented by the nearest above it.
func (m *Module) watchedDirs() []string {
	if !m.local() {
		return nil
	}
	var dirs []string
	for _, link := range m.spec.Source.Links {
		dirs = append(dirs, filepath.Dir(link))
	}
	return append(dirs, m.sourceDirs()...)
}

// sourceDirs are the directories of the source itself.
func (m *Module) sourceDirs() []string {
	root := m.sourceRoot()
	if m.spec.Source.Kind != find.KindGo || m.spec.Module == "" {
		return []string{nearestDir(root)}
	}
	var dirs []string
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // it is gone by now
		case !d.IsDir():
			return nil
		case path != root && ignored(d.Name()):
			return fs.SkipDir
		case len(dirs) == maxWatched:
			return fs.SkipAll
		}
		dirs = append(dirs, path)
		return nil
	})
	if len(dirs) == 0 {
		return []string{nearestDir(root)}
	}
	return dirs
}

// ignored tells by its name whether the go command takes no notice of a file or directory.
func ignored(name string) bool {
	return name[0] == '.' || name[0] == '_' || name == "node_modules" || name == "testdata"
}

func nearestDir(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// concerns reports whether one of the changes may be one of the module's source.
func (m *Module) concerns(changes map[string]bool) bool {
	root := m.sourceRoot()
	for path := range changes {
		below, within := strings.CutPrefix(path, root+string(filepath.Separator))
		switch {
		case path == "", path == root, slices.Contains(m.spec.Source.Links, path), strings.HasPrefix(root, path+string(filepath.Separator)):
			return true
		case !within:
		case m.spec.Source.File != "":
			if below == m.spec.Source.File {
				return true
			}
		case !ignored(filepath.Base(path)):
			return true
		}
	}
	return false
}
