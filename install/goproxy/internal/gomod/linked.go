package gomod

import (
	"path/filepath"
	"slices"

	"github.com/loadgo/load/find"
)

// ownFiles are the go.mod and go.sum files of the module.
func (m *Main) ownFiles() find.Part {
	return find.Part{Name: m.Path, Files: []string{filepath.Join(m.Dir, "go.mod"), filepath.Join(m.Dir, "go.sum")}}
}

// CountedFiles are the go.mod files of directories that replace others, of those that are listed.
func (m *Main) CountedFiles(dirs []string) (parts []find.Part) {
	for _, l := range m.LocalModules() {
		if slices.Contains(dirs, l.Dir) {
			parts = append(parts, find.Part{Name: l.Path, Files: []string{filepath.Join(l.Dir, "go.mod")}})
		}
	}
	return parts
}

// LinkedFiles are the files of the workspace, and the go.mod and go.sum files that lie elsewhere
// than in their modules.
func (m *Main) LinkedFiles() []find.Part {
	var parts []find.Part
	if m.Work != nil {
		parts = m.Work.linked(m.Path)
	}
	if m.Vendor != nil {
		parts = append(parts, find.Part{Name: m.Path, Files: []string{filepath.Join(m.Vendor.dir, "modules.txt")}})
	}
	for _, l := range m.LocalModules() {
		dir, err := filepath.EvalSymlinks(l.Dir)
		if err != nil {
			continue // nothing of it is needed: what is was read
		}
		for _, name := range []string{"go.mod", "go.sum"} {
			file := filepath.Join(dir, name)
			if real, err := filepath.EvalSymlinks(file); err == nil && real != file {
				parts = append(parts, find.Part{Name: l.Path, Place: real, Files: []string{file}})
			}
		}
	}
	return parts
}
