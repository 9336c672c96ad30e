package gomod

import (
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/regular"
)

// vendored are the copies of dependencies in the vendor directory of a local module, as its
// modules.txt lists them.
type vendored struct {
	dir      string
	text     []byte
	work     bool                      // they are those of a workspace
	Packages map[string]module.Version // import path → the module that it was copied from
	modules  []module.Version          // those with packages, in order
	replaced []module.Version          // those with a replacement, in order
	notes    map[module.Version]vendorNote
}

// vendorNote is what modules.txt says of a module.
type vendorNote struct {
	explicit    bool // go.mod requires it
	goVersion   string
	replacement module.Version
}

// readVendor reads the vendor directory of a module that the go command would build from, or
// returns nil: from go 1.14 on it does so if there is one that was made for a
// workspace, or for a module, as work says (go help modules, "Vendoring").
func readVendor(dir, goVersion string, work bool) (*vendored, error) {
	v := &vendored{dir: filepath.Join(dir, "vendor"), work: work, Packages: make(map[string]module.Version), notes: make(map[module.Version]vendorNote)}
	if info, err := os.Stat(v.dir); err != nil || !info.IsDir() || version.Compare("go"+goVersion, "go1.14") < 0 {
		return nil, nil
	}
	text, err := regular.Read(filepath.Join(v.dir, "modules.txt"), maxMetadata)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if forWorkspace(text) != work {
		return nil, nil
	}
	v.text = text
	var mod module.Version
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "# "):
			mod = v.module(fields[1:])
		case strings.HasPrefix(line, "## ") && mod.Path != "":
			v.annotate(mod, strings.TrimPrefix(line, "## "))
		case len(fields) == 1 && mod.Path != "" && module.CheckImportPath(fields[0]) == nil:
			if len(v.modules) == 0 || v.modules[len(v.modules)-1] != mod {
				v.modules = append(v.modules, mod)
			}
			v.Packages[fields[0]] = mod
		}
	}
	return v, nil
}

// forWorkspace reports whether a modules.txt file was made for a workspace.
func forWorkspace(text []byte) bool {
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.HasPrefix(first, "## ") && strings.Contains(first, "workspace")
}

// module reads the fields of a line that begins a module: PATH [VERSION] [=> PATH [VERSION]].
func (v *vendored) module(fields []string) (mod module.Version) {
	switch {
	case len(fields) < 2:
		return mod
	case semver.IsValid(fields[1]):
		mod, fields = module.Version{Path: fields[0], Version: fields[1]}, fields[2:]
	case fields[1] == "=>":
		mod, fields = module.Version{Path: fields[0]}, fields[1:]
	default:
		return mod
	}
	if len(fields) >= 2 && fields[0] == "=>" {
		note := v.notes[mod]
		note.replacement.Path = fields[1]
		if len(fields) == 3 && semver.IsValid(fields[2]) {
			note.replacement.Version = fields[2]
		}
		v.notes[mod] = note
		v.replaced = append(v.replaced, mod)
	}
	return mod
}

func (v *vendored) annotate(mod module.Version, text string) {
	note := v.notes[mod]
	for entry := range strings.SplitSeq(text, ";") {
		entry = strings.TrimSpace(entry)
		if entry == "explicit" {
			note.explicit = true
		}
		if goVersion, ok := strings.CutPrefix(entry, "go "); ok {
			note.goVersion = goVersion
		}
	}
	v.notes[mod] = note
}

// check compares modules.txt with go.mod, in the order and the words of the go command.
func (v *vendored) check(f *modfile.File) error {
	where := "go.mod"
	if v.work {
		where = "a go.mod"
	}
	var wrong []string
	add := func(m module.Version, format string, args ...any) {
		wrong = append(wrong, describeVersion(m)+": "+fmt.Sprintf(format, args...))
	}
	required := make(map[module.Version]bool)
	for _, r := range f.Require {
		required[r.Mod] = true
		if !v.notes[r.Mod].explicit {
			add(r.Mod, "is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt")
		}
	}
	replaced := make(map[module.Version]bool)
	for _, r := range f.Replace {
		replaced[r.Old] = true
		switch noted := v.notes[r.Old].replacement; {
		case noted == module.Version{}:
			add(r.Old, "is replaced in go.mod, but not marked as replaced in vendor/modules.txt")
		case noted != r.New:
			add(r.Old, "is replaced by %s in go.mod, but marked as replaced by %s in vendor/modules.txt", describeVersion(r.New), describeVersion(noted))
		}
	}
	for _, m := range v.modules {
		if v.notes[m].explicit && !required[m] {
			add(m, "is marked as explicit in vendor/modules.txt, but not explicitly required in %s", where)
		}
	}
	for _, m := range v.replaced {
		if !replaced[m] && !replaced[module.Version{Path: m.Path}] {
			add(m, "is marked as replaced in vendor/modules.txt, but not replaced in go.mod")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &engine.CompileError{
		Reason: "inconsistent vendoring in " + v.Root(), Output: strings.Join(wrong, "\n"),
		Fix: v.Fix(),
	}
}

// Root is the directory of the module or workspace that the copies are for.
func (v *vendored) Root() string { return filepath.Dir(v.dir) }

// Fix says how to mend what is missing or wrong there.
func (v *vendored) Fix() string {
	command := "go mod vendor"
	if v.work {
		command = "go work vendor"
	}
	return "run " + command + " there, or remove its vendor directory"
}

func describeVersion(m module.Version) string {
	if m.Version == "" {
		return m.Path
	}
	return m.String()
}

// ModuleDir is where the packages of a module are copied to.
func (v *vendored) ModuleDir(path string) string {
	return filepath.Join(v.dir, filepath.FromSlash(path))
}

// goMod stands for the go.mod file of a module, which is not copied.
func (v *vendored) goMod(m module.Version) []byte {
	return plainGoMod(m.Path, v.notes[m].goVersion)
}

// plainGoMod is a go.mod file that requires nothing.
func plainGoMod(path, goVersion string) []byte {
	text := "module " + modfile.AutoQuote(path) + "\n"
	if goVersion != "" {
		text += "\ngo " + goVersion + "\n"
	}
	return []byte(text)
}

// useVendor makes the copies in the vendor directory the only dependencies of the module, as
// directories that replace them.
func (m *Main) useVendor(v *vendored) {
	m.Vendor, m.require = v, v.modules
	clear(m.replace)
	clear(m.exclude)
	for _, mod := range v.modules {
		dir := v.ModuleDir(mod.Path)
		m.replace[mod], m.goMods[dir] = module.Version{Path: dir}, v.goMod(mod)
	}
}

// CopiedFrom is the module that the vendor directory has copies of in the place of another, if it
// is replaced.
func (m *Main) CopiedFrom(v module.Version) module.Version {
	if m.Vendor == nil {
		return module.Version{}
	}
	if to := m.Vendor.notes[v].replacement; to.Path != "" {
		return to
	}
	return m.Vendor.notes[module.Version{Path: v.Path}].replacement
}
