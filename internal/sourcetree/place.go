package sourcetree

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/importpath"
	"github.com/loadgo/load/internal/manifest"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/spelling"
)

// place is where in a tree the module is, and what it is.
type place struct {
	dir    string // slash-separated, "" for the tree itself
	kind   find.Kind
	file   string // in dir, where the module is one file
	module string // path of the Go module
}

const starlarkInit = "init.star"

// lookUp finds the module in a tree: what the name's //DIR says, which can be a file too, or else
// the tree. An archive that holds nothing but one directory stands for that directory.
func (s *Source) lookUp(tree string) (place, error) {
	root := ""
	if !s.Rooted {
		root = onlyDirectory(tree)
	}
	dir := path.Join(root, s.Dir)
	info, err := os.Stat(filepath.Join(tree, filepath.FromSlash(dir)))
	if errors.Is(err, fs.ErrNotExist) && root != "" { // the name may say the directory itself
		dir = s.Dir
		info, err = os.Stat(filepath.Join(tree, filepath.FromSlash(dir)))
	}
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(tree, filepath.FromSlash(dir+".star"))); err == nil {
			return place{dir: parent(dir), kind: find.KindStarlark, file: path.Base(dir) + ".star"}, nil
		}
		return place{}, s.notThere(tree, root)
	}
	if err != nil {
		return place{}, err
	}
	if !info.IsDir() {
		return s.single(dir)
	}
	return s.inDirectory(tree, dir)
}

func parent(dir string) string {
	if dir = path.Dir(dir); dir == "." {
		return ""
	}
	return dir
}

// onlyDirectory returns the name of the directory that is all that a tree holds, or "".
func onlyDirectory(tree string) string {
	entries, err := os.ReadDir(tree)
	if err != nil || len(entries) != 1 || !entries[0].IsDir() {
		return ""
	}
	return entries[0].Name()
}

// single is a module of one file.
func (s *Source) single(name string) (place, error) {
	switch path.Ext(name) {
	case ".star":
		return place{dir: parent(name), kind: find.KindStarlark, file: path.Base(name)}, nil
	case ".wasm", ".json", ".toml": // or a manifest of such files
		return place{dir: parent(name), kind: find.KindWasm, file: path.Base(name)}, nil
	}
	return place{}, &engine.CompileError{Reason: fmt.Sprintf("%s of %s is a file, and neither a .star nor a .wasm file, nor a manifest (.json, .toml) of such", name, s.Where), Fix: "name its directory"}
}

// inDirectory tells what kind of module a directory holds.
func (s *Source) inDirectory(tree, dir string) (place, error) {
	entries, err := os.ReadDir(filepath.Join(tree, filepath.FromSlash(dir)))
	if err != nil {
		return place{}, err
	}
	files := make(map[string][]string) // by extension
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasSuffix(name, "_test.go") || name[0] == '_' || name[0] == '.' {
			continue
		}
		files[path.Ext(name)] = append(files[path.Ext(name)], name)
	}
	switch {
	case len(files[".go"]) > 0:
		module, err := goModule(tree, dir)
		return place{dir: dir, kind: find.KindGo, module: module}, err
	case slices.Contains(files[".star"], starlarkInit):
		return place{dir: dir, kind: find.KindStarlark, file: starlarkInit}, nil
	case len(files[".star"]) == 1 && len(files[".wasm"]) == 0:
		return place{dir: dir, kind: find.KindStarlark, file: files[".star"][0]}, nil
	}
	reason := "holds no Go files, no init.star and no single .star or .wasm file"
	if wasm := files[".wasm"]; len(files[".star"]) == 0 && (len(wasm) > 0 || len(entries) == 1) {
		file, several := manifest.Among(regular.DirFS(filepath.Join(tree, filepath.FromSlash(dir))), append(files[".json"], files[".toml"]...))
		if file == "" && several == "" && len(wasm) == 1 {
			file = wasm[0]
		}
		if file != "" {
			return place{dir: dir, kind: find.KindWasm, file: file}, nil
		}
		reason = cmp.Or(several, reason)
	}
	where := "it"
	if dir != "" {
		where = "its directory " + dir
	}
	e := &find.NotFoundError{Name: s.Asked, Tried: []find.Tried{{Who: s.Origin, Answer: where + " " + reason}}}
	if names := modules(tree); len(names) > 0 {
		e.Fix = "name one of its directories: " + strings.Join(names[:min(len(names), 5)], ", ")
	}
	return place{}, e
}

// modules lists where in a tree there are modules, as a name says it.
func modules(tree string) []string {
	var names []string
	_ = fs.WalkDir(os.DirFS(tree), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		switch extension := path.Ext(name); {
		case extension == ".go", path.Base(name) == starlarkInit:
			names = append(names, "//"+parent(name))
		case extension == ".star", extension == ".wasm":
			names = append(names, "//"+name)
		}
		return nil
	})
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "//" })
}

func (s *Source) notThere(tree, root string) error {
	names := modules(tree)
	for i, name := range names {
		names[i] = strings.TrimPrefix(strings.TrimPrefix(name, "//"), root+"/")
	}
	near := spelling.Near(s.Dir, slices.Values(names), 3)
	for i, name := range near {
		near[i] = "//" + name
	}
	return &find.NotFoundError{
		Name: s.Asked, Tried: []find.Tried{{Who: s.Origin, Answer: "there is no " + s.Dir + " in " + s.Where}}, NearMiss: near,
		Fix: "check the spelling of what follows //",
	}
}

// maxGoMod is the most bytes that a go.mod file has.
const maxGoMod = 16 << 20

// goModule returns the path of the Go module that a directory of a tree lies in, "" where it lies
// in none. A module that reaches out of the tree is refused: what it would read is not what was
// fetched.
func goModule(tree, dir string) (string, error) {
	for {
		data, err := regular.Read(filepath.Join(tree, filepath.FromSlash(dir), "go.mod"), maxGoMod)
		if err == nil {
			return checkGoMod(dir, data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if dir == "" {
			return "", nil
		}
		dir = parent(dir)
	}
}

func checkGoMod(dir string, data []byte) (string, error) {
	f, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return "", &engine.CompileError{Reason: "its go.mod is broken", Output: err.Error()}
	}
	if f.Module == nil || f.Module.Mod.Path == "" {
		return "", &engine.CompileError{Reason: "its go.mod has no module line"}
	}
	if err := importpath.Check(f.Module.Mod.Path); err != nil {
		return "", &engine.CompileError{Reason: "its go.mod names no module", Output: err.Error()}
	}
	for _, r := range f.Replace {
		if r.New.Version != "" {
			continue
		}
		to := filepath.ToSlash(r.New.Path)
		if path.IsAbs(to) || filepath.IsAbs(r.New.Path) || !filepath.IsLocal(filepath.FromSlash(path.Join(dir, to))) {
			return "", &install.PolicyError{
				Rule:   "a module cannot reach out of what was fetched",
				Reason: fmt.Sprintf("its go.mod replaces %s by the directory %s", r.Old.Path, r.New.Path),
			}
		}
	}
	return f.Module.Mod.Path, nil
}
