package gomod

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/regular"
)

// Main is a local module: the one place where replace and exclude lines count.
type Main struct {
	Path      string
	Dir       string // absolute
	GoVersion string
	Pruned    bool
	require   []module.Version
	replace   map[module.Version]module.Version // a directory has no version; the path alone replaces every version
	exclude   map[module.Version]bool
	goMod     []byte
	GoSum     []byte
	Vendor    *vendored         // nil where it does not build from a vendor directory
	Beside    []*Main           // the other modules of a workspace, where it builds from a vendor directory
	Work      *workspace        // nil where no go.work file counts
	goMods    map[string][]byte // of the directories that replace others, as far as they were read
	counted   sync.Map          // directory → true: of them, those that the module graph was made of
}

// FindMain reads the module that a directory belongs to: the nearest go.mod at it or above it. The
// vendor directory and the go.work file of one that was fetched do not count: its dependencies come
// from where they are verified. work is the setting GOWORK.
func FindMain(dir string, fetched bool, work string) (*Main, error) {
	for d := dir; ; d = filepath.Dir(d) {
		data, err := readGoMod(d)
		if err == nil {
			m, err := parseMain(d, data)
			if err != nil || fetched {
				return m, err
			}
			return m, m.surround(dir, work)
		}
		if !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			return nil, badMain(dir, err.Error())
		}
	}
}

// maxMetadata bounds what is read of a go.mod, go.sum, go.work or modules.txt file.
const maxMetadata = 64 << 20

// readGoMod reads the go.mod file in a directory. As for the go command, what is no file is none.
func readGoMod(dir string) ([]byte, error) {
	file := filepath.Join(dir, "go.mod")
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: file, Err: fs.ErrNotExist}
	}
	return regular.Read(file, maxMetadata)
}

func badMain(dir, reason string) error {
	first, _, _ := strings.Cut(reason, "\n")
	return &engine.CompileError{Reason: "go.mod of " + dir + " cannot be used: " + first, Fix: "repair it: go mod tidy"}
}

func parseMain(dir string, data []byte) (*Main, error) {
	f, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return nil, badMain(dir, err.Error())
	}
	if f.Module == nil || f.Module.Mod.Path == "" {
		return nil, badMain(dir, "it has no module line")
	}
	m := &Main{
		Path: f.Module.Mod.Path, Dir: dir, goMod: data,
		replace: make(map[module.Version]module.Version), exclude: make(map[module.Version]bool), goMods: make(map[string][]byte),
	}
	if f.Go != nil {
		m.GoVersion = f.Go.Version
	}
	m.Pruned = (&File{GoVersion: m.GoVersion}).Pruned()
	for _, r := range f.Replace {
		m.replace[r.Old] = absolute(r.New, dir)
	}
	for _, x := range f.Exclude {
		m.exclude[x.Mod] = true
	}
	for _, r := range f.Require {
		if !m.Ignores(r.Mod) {
			m.require = append(m.require, r.Mod)
		}
	}
	m.GoSum, err = regular.Read(filepath.Join(dir, "go.sum"), maxMetadata)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return m, nil
}

// surround takes in what the go command finds around a module: the go.work file that counts for a
// directory of it, else its vendor directory.
func (m *Main) surround(dir, setting string) error {
	work, err := findWork(dir, setting)
	if err != nil {
		return err
	}
	if work != "" {
		return m.useWork(work)
	}
	v, err := readVendor(m.Dir, m.GoVersion, false)
	if err != nil || v == nil {
		return err
	}
	f, err := modfile.Parse("go.mod", m.goMod, nil)
	if err != nil {
		return err
	}
	m.useVendor(v)
	return v.check(f)
}

// Roots are the roots of the module's graph, by path.
func (m *Main) Roots() map[string]string { return highest(m.require) }

// Ignores reports whether a requirement does not count: of the module itself, or of an excluded
// version.
func (m *Main) Ignores(r module.Version) bool { return r.Path == m.Path || m.exclude[r] }

// Replaced returns what stands for a module version: itself, or what a replace line puts in its
// place. A result without a version is a directory.
func (m *Main) Replaced(v module.Version) module.Version {
	if to, ok := m.replace[v]; ok {
		return to
	}
	if to, ok := m.replace[module.Version{Path: v.Path}]; ok {
		return to
	}
	return v
}

func (m *Main) ReplacedByDir(v module.Version) (dir string, ok bool) {
	to := m.Replaced(v)
	return to.Path, to.Version == ""
}

// DirMod reads the go.mod file of a directory that replaces a module version.
func (m *Main) DirMod(v module.Version, dir string) (*File, error) {
	data := m.LocalGoMod(dir)
	if data == nil {
		return nil, badMain(m.Dir, "a replace line leads to "+dir+", which has no go.mod")
	}
	if m.Vendor != nil {
		return Parse(v.Path, data)
	}
	m.counted.Store(dir, true)
	return Parse("", data)
}

// Counted lists the directories that replace others whose go.mod files the module graph was made
// of, in order.
func (m *Main) Counted() (dirs []string) {
	for dir := range m.counted.Range {
		dirs = append(dirs, dir.(string))
	}
	slices.Sort(dirs)
	return dirs
}

// Version is the version that stands for the module in another's require line. It is above all that
// other modules may require of it: a module goes before its own releases.
func (m *Main) Version() string {
	_, major, _ := module.SplitPathVersion(m.Path)
	return cmp.Or(module.PathMajorPrefix(major), "v1") + ".999999999.0"
}

// ReplaceLines are the lines by which another main module sees the same modules: local ones where
// they are copied to.
func (m *Main) ReplaceLines() string {
	dirs := m.LocalDirs()
	var lines []string
	for old, to := range m.replace {
		if old.Path == m.Path {
			continue
		}
		if to.Version == "" {
			to.Path = "./" + Copied(dirs, to.Path)
		}
		lines = append(lines, "replace "+reference(old)+" => "+reference(to)+"\n")
	}
	for x := range m.exclude {
		lines = append(lines, "exclude "+reference(x)+"\n")
	}
	slices.Sort(lines)
	return fmt.Sprintf("\nreplace %s => ./%s\n", modfile.AutoQuote(m.Path), Copied(dirs, m.Dir)) + strings.Join(lines, "")
}

func reference(v module.Version) string {
	if v.Version == "" {
		return modfile.AutoQuote(v.Path)
	}
	return modfile.AutoQuote(v.Path) + " " + v.Version
}

// LocalModule is a module in a directory.
type LocalModule struct{ Path, Dir string }

// LocalModules are the module and the directories that replace others, in order.
func (m *Main) LocalModules() []LocalModule {
	list := []LocalModule{{m.Path, m.Dir}}
	for old, to := range m.replace {
		if to.Version == "" && old.Path != m.Path {
			list = append(list, LocalModule{old.Path, to.Path})
		}
	}
	slices.SortFunc(list, func(a, b LocalModule) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Dir, b.Dir)) })
	return slices.Compact(list)
}

// LocalDirs are the directories of the local modules, in order.
func (m *Main) LocalDirs() []string {
	var dirs []string
	for _, l := range m.LocalModules() {
		dirs = append(dirs, l.Dir)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// Copied is where a build finds the copy of one of the local directories.
func Copied(dirs []string, dir string) string {
	i, _ := slices.BinarySearch(dirs, dir)
	return "places/" + strconv.Itoa(i)
}

// LocalGoMod is the go.mod file of a local directory, nil if there is none. It is read once:
// what decides is what is built.
func (m *Main) LocalGoMod(dir string) []byte {
	if dir == m.Dir {
		return m.goMod
	}
	data, ok := m.goMods[dir]
	if !ok {
		data, _ = readGoMod(dir)
		m.goMods[dir] = data
	}
	return data
}

// Fingerprint is the text of all that decides about the module graph: the module's own files and
// the go.mod files of the directories that replace others.
func (m *Main) Fingerprint() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%q\n%q\n", m.goMod, m.GoSum)
	if m.Vendor != nil {
		fmt.Fprintf(&b, "vendor %q\n", m.Vendor.text)
	}
	if m.Work != nil {
		fmt.Fprintf(&b, "workspace %q %q\n", m.Work.file, m.Work.text)
	}
	for _, l := range m.LocalModules() {
		if l.Dir != m.Dir {
			fmt.Fprintf(&b, "%s %q\n", l.Path, m.LocalGoMod(l.Dir))
		}
	}
	return b.String()
}
