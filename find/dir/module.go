package dir

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/modfile"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/importpath"
	"github.com/loadgo/load/internal/regular"
)

// recheck is how long a finder relies on the path of the module that its root lies in to pass a
// name on. Looking at every go.mod that there might be, for every name, would cost more than the
// whole search.
const recheck = time.Second

// rootModule knows the Go module that a finder's root lies in.
type rootModule struct {
	root string

	mu      sync.Mutex
	checked time.Time
	dir     string // of the go.mod, or ""
	path    string // "" where the go.mod is broken
}

// packageDir returns the directory of a package of the module that the root lies in; ok is false
// where the import path is none of the module's. What is known is relied on only to say so, and not
// where fresh is set.
func (m *rootModule) packageDir(importPath string, fresh bool) (dir string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := within(m.path, importPath); !ok && !fresh && time.Since(m.checked) < recheck {
		return "", false
	}
	m.dir, m.path, m.checked = "", "", time.Now()
	abs, err := filepath.Abs(m.root)
	if err == nil {
		m.dir, err = moduleRoot(abs)
	}
	if err == nil && m.dir != "" {
		m.path, err = modulePath(m.dir)
	}
	if err != nil || m.dir == "" {
		// That the go.mod is broken or out of reach concerns the modules below it, not every name.
		m.path = ""
		return "", false
	}
	rest, ok := within(m.path, importPath)
	return filepath.Join(m.dir, filepath.FromSlash(rest)), ok
}

// within cuts a module's path from an import path.
func within(module, importPath string) (rest string, ok bool) {
	if module == "" {
		return "", false
	}
	rest, ok = strings.CutPrefix(importPath, module)
	return strings.TrimPrefix(rest, "/"), ok && (rest == "" || rest[0] == '/')
}

// importPath is the inverse: the path of the package in a directory of a module.
func importPath(module, root, dir string) string {
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return module
	}
	return path.Join(module, filepath.ToSlash(rel))
}

// moduleRoot returns the nearest directory at or above dir that holds a go.mod, or "". As the go
// command does, it takes no notice of one in the root of GOPATH or of the temporary directory.
func moduleRoot(dir string) (string, error) {
	outer := outerDirs()
	for {
		info, err := os.Stat(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && info.Mode().IsRegular():
			if outer[dir] {
				return "", nil
			}
			return dir, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !isNotDirectory(err):
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir || outer[dir] {
			return "", nil
		}
		dir = parent
	}
}

func outerDirs() map[string]bool {
	outer := map[string]bool{filepath.Clean(os.TempDir()): true}
	gopath := os.Getenv("GOPATH")
	if home, err := os.UserHomeDir(); gopath == "" && err == nil {
		gopath = filepath.Join(home, "go")
	}
	for _, dir := range filepath.SplitList(gopath) {
		outer[filepath.Clean(dir)] = true
	}
	return outer
}

// modulePath reads the module's path from the go.mod in a directory, which must be right as a
// whole.
func modulePath(root string) (string, error) {
	file := filepath.Join(root, "go.mod")
	data, err := regular.Read(file, maxFile)
	if err != nil {
		return "", err
	}
	parsed, err := modfile.Parse(file, data, nil)
	if err != nil {
		return "", &engine.CompileError{Reason: "its go.mod is broken", Output: err.Error(), Fix: "correct " + file}
	}
	if parsed.Module == nil {
		return "", &engine.CompileError{Reason: "its go.mod has no module line", Fix: "run go mod edit -module=NAME " + file}
	}
	if err := importpath.Check(parsed.Module.Mod.Path); err != nil {
		return "", &engine.CompileError{Reason: "its go.mod names no module", Output: err.Error(), Fix: "run go mod edit -module=NAME " + file}
	}
	return parsed.Module.Mod.Path, nil
}
