package gomod

import (
	"cmp"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/regular"
)

// workspace is a go.work file that counts for a local module.
type workspace struct {
	file string // absolute
	text []byte
	used []*Main // the other modules
}

// findWork returns the go.work file that counts for a directory, or "": the one that the setting
// GOWORK names, else the nearest one at the directory or above it (Go Modules Reference,
// "Workspaces").
func findWork(dir, named string) (string, error) {
	switch {
	case named == "off":
		return "", nil
	case named != "" && named != "auto":
		if !filepath.IsAbs(named) {
			return "", &engine.CompileError{Reason: "GOWORK is " + named + ", which is no absolute path", Fix: "set it to an absolute path, or to off"}
		}
		return named, nil
	}
	for d := dir; ; d = filepath.Dir(d) {
		file := filepath.Join(d, "go.work")
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file, nil
		}
		if d == filepath.Dir(d) {
			return "", nil
		}
	}
}

func badWork(file, reason, fix string) error {
	return &engine.CompileError{Reason: file + " cannot be used: " + reason, Fix: cmp.Or(fix, "repair it") + ", or set GOWORK=off"}
}

// useWork makes the other modules of a workspace directories that replace them, and unites what all
// of them require, replace and exclude. Replace lines of the go.work file override those of the
// modules.
func (m *Main) useWork(file string) error {
	text, err := regular.Read(file, maxMetadata)
	if err != nil {
		return badWork(file, err.Error(), "")
	}
	f, err := modfile.ParseWork(file, text, nil)
	if err != nil {
		return badWork(file, err.Error(), "")
	}
	root := filepath.Dir(file)
	overrides := make(map[module.Version]module.Version)
	for _, r := range f.Replace {
		overrides[r.Old] = absolute(r.New, root)
	}
	others, err := m.usedModules(file, f)
	if err != nil {
		return err
	}
	for _, o := range others {
		if err := m.unite(file, o, overrides); err != nil {
			return err
		}
	}
	for old := range m.replace { // a line for a path overrides lines for its versions
		if _, ok := overrides[module.Version{Path: old.Path}]; ok {
			delete(m.replace, old)
		}
	}
	for old, to := range overrides {
		m.replace[old] = to
	}
	for _, o := range others { // no replace line counts for a module of the workspace
		for old := range m.replace {
			if old.Path == o.Path {
				delete(m.replace, old)
			}
		}
		m.replace[module.Version{Path: o.Path}] = module.Version{Path: o.Dir}
		m.require = append(m.require, module.Version{Path: o.Path, Version: o.Version()})
	}
	m.dropExcluded()
	sums, err := regular.Read(file+".sum", maxMetadata)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	m.GoSum = append(append(m.GoSum, '\n'), sums...)
	m.Work = &workspace{file, text, others}
	v, err := readVendor(root, m.GoVersion, true)
	if err != nil || v == nil {
		return err
	}
	return m.useWorkVendor(v, f, others)
}

// useWorkVendor makes the copies beside a go.work file the only dependencies of its modules. Their
// own go.mod files count no more once they agree with modules.txt.
func (m *Main) useWorkVendor(v *vendored, work *modfile.WorkFile, others []*Main) error {
	all := append([]*Main{m}, others...)
	united := &modfile.File{Replace: slices.Clone(work.Replace)}
	used, languages := make(map[string]bool), make([]string, len(all))
	for _, o := range all {
		used[o.Path] = true
	}
	for i, o := range all {
		f, err := modfile.Parse("go.mod", o.goMod, nil)
		if err != nil {
			return err
		}
		if f.Go != nil {
			languages[i] = f.Go.Version
		}
		united.Require = append(united.Require, slices.DeleteFunc(f.Require, func(r *modfile.Require) bool { return used[r.Mod.Path] })...)
		united.Replace = append(united.Replace, f.Replace...)
		v.text = append(v.text, o.goMod...)
	}
	if err := v.check(united); err != nil {
		return err
	}
	m.useVendor(v)
	m.Beside = others
	for i, o := range all {
		o.goMod = plainGoMod(o.Path, languages[i])
		if o != m {
			m.replace[module.Version{Path: o.Path}], m.goMods[o.Dir] = module.Version{Path: o.Dir}, o.goMod
			m.require = append(m.require, module.Version{Path: o.Path, Version: o.Version()})
		}
	}
	return nil
}

// usedModules reads the modules that a go.work file uses besides m, which has to be one of them.
func (m *Main) usedModules(file string, f *modfile.WorkFile) ([]*Main, error) {
	goVersion := "1.18" // what the go command assumes without a go line
	if f.Go != nil {
		goVersion = f.Go.Version
	}
	own, err := os.Stat(m.Dir)
	if err != nil {
		return nil, err
	}
	var others []*Main
	dirs := make(map[string]string)
	listed := false
	for _, u := range f.Use {
		dir := absolute(module.Version{Path: u.Path}, filepath.Dir(file)).Path
		o := m
		if info, err := os.Stat(dir); err == nil && os.SameFile(info, own) {
			listed = true
		} else {
			data, err := readGoMod(dir)
			if err != nil {
				return nil, badWork(file, err.Error(), "drop its use line: go work edit -dropuse="+u.Path)
			}
			if o, err = parseMain(dir, data); err != nil {
				return nil, err
			}
			others = append(others, o)
		}
		if first, ok := dirs[o.Path]; ok {
			return nil, badWork(file, fmt.Sprintf("module %s appears twice, in %s and %s", o.Path, first, dir), "")
		}
		dirs[o.Path] = dir
		if version.Compare("go"+cmp.Or(o.GoVersion, "1.16"), "go"+goVersion) > 0 {
			return nil, badWork(file, fmt.Sprintf("module %s requires go >= %s, but the file lists go %s", o.Path, o.GoVersion, goVersion), "run go work use")
		}
	}
	if !listed {
		return nil, badWork(file, m.Dir+" is not one of the modules that it uses", "add it: go work use "+m.Dir)
	}
	m.GoVersion = goVersion
	return others, nil
}

// unite adds what another module of the workspace requires, replaces and excludes.
func (m *Main) unite(file string, o *Main, overrides map[module.Version]module.Version) error {
	m.Pruned = m.Pruned && o.Pruned
	m.require = append(m.require, o.require...)
	m.GoSum = append(append(m.GoSum, '\n'), o.GoSum...)
	for x := range o.exclude {
		m.exclude[x] = true
	}
	for old, to := range o.replace {
		_, overridden := overrides[old]
		_, always := overrides[module.Version{Path: old.Path}]
		if first, ok := m.replace[old]; ok && first != to && !overridden && !always {
			return badWork(file, fmt.Sprintf("its modules replace %s by %s and by %s", describeVersion(old), describeVersion(first), describeVersion(to)),
				"say which: go work edit -replace="+describeVersion(old)+"="+describeVersion(to))
		}
		m.replace[old] = to
	}
	return nil
}

// dropExcluded drops the requirements that do not count.
func (m *Main) dropExcluded() {
	var kept []module.Version
	for _, r := range m.require {
		if !m.Ignores(r) {
			kept = append(kept, r)
		}
	}
	m.require = kept
}

// absolute returns what a replace line in a directory leads to.
func absolute(to module.Version, dir string) module.Version {
	if to.Version == "" && !filepath.IsAbs(to.Path) {
		to.Path = filepath.Join(dir, filepath.FromSlash(to.Path))
	}
	return to
}

// linked lists the go.work file, those of the modules that it uses, and the files of the workspace
// that lie elsewhere.
func (w *workspace) linked(name string) []find.Part {
	parts := []find.Part{{Name: name, Files: []string{w.file}}} // GOWORK may name one anywhere
	for _, o := range w.used {
		parts = append(parts, o.ownFiles())
	}
	for _, file := range []string{w.file, w.file + ".sum"} {
		dir, err := filepath.EvalSymlinks(filepath.Dir(file))
		if err != nil {
			continue
		}
		file := filepath.Join(dir, filepath.Base(file))
		if real, err := filepath.EvalSymlinks(file); err == nil && real != file {
			parts = append(parts, find.Part{Name: name, Place: real, Files: []string{file}})
		}
	}
	return parts
}

// highest returns the highest version of each module of a list.
func highest(list []module.Version) map[string]string {
	versions := make(map[string]string)
	for _, m := range list {
		if old, ok := versions[m.Path]; !ok || semver.Compare(m.Version, old) > 0 {
			versions[m.Path] = m.Version
		}
	}
	return versions
}
