// Package sourcedir lists the directories whose changes concern a module that is found in place.
package sourcedir

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

// Local reports whether a module's source is in a directory where it can be edited.
func Local(s *find.Spec) bool {
	return s.Version == "" && s.Source.Dir != "" && slices.Contains([]find.Kind{find.KindGo, find.KindStarlark, find.KindWasm}, s.Source.Kind)
}

// sourceRoot returns the directory below which the module's source is: that of the whole Go module,
// which the package may import.
func sourceRoot(s *find.Spec) string {
	dir := s.Source.Dir
	if s.Source.Go == nil || s.Module == "" {
		return dir
	}
	below := strings.TrimPrefix(s.Source.Go.ImportPath, s.Module)
	root, ok := strings.CutSuffix(dir, filepath.FromSlash(below))
	if !ok {
		return dir
	}
	return root
}

// Watched lists the directories whose changes concern the module. One that is not there is
// represented by the nearest above it.
func Watched(s *find.Spec) []string {
	if !Local(s) {
		return nil
	}
	var dirs []string
	for _, link := range s.Source.Links {
		dirs = append(dirs, filepath.Dir(link))
	}
	return append(dirs, sourceDirs(s)...)
}

// sourceDirs are the directories of the source itself.
func sourceDirs(s *find.Spec) []string {
	root := sourceRoot(s)
	if s.Source.Kind != find.KindGo || s.Module == "" {
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

// Concerns reports whether one of the changes may be one of the module's source.
func Concerns(s *find.Spec, changes map[string]bool) bool {
	root := sourceRoot(s)
	for path := range changes {
		below, within := strings.CutPrefix(path, root+string(filepath.Separator))
		switch {
		case path == "", path == root, slices.Contains(s.Source.Links, path), strings.HasPrefix(root, path+string(filepath.Separator)):
			return true
		case !within:
		case s.Source.File != "":
			// A manifest names others; a text beside a file says its types.
			if below == s.Source.File || s.Source.Kind == find.KindWasm && (strings.HasSuffix(below, ".wasm") || strings.HasSuffix(below, ".wit")) {
				return true
			}
		case !ignored(filepath.Base(path)):
			return true
		}
	}
	return false
}
