package gomod

import (
	"path/filepath"

	"github.com/loadgo/load/find"
)

// LinkedFiles are the go.mod and go.sum files that the graph is made of and that lie elsewhere.
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
