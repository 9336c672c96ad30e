package goproxy

import (
	"path/filepath"
	"slices"

	"github.com/loadgo/load/find"
)

// addParts notes what a build reads of a package in a local module: policies decide about where it
// really lies.
func (r *request) addParts(importPath, root string, files []find.LocalFile) error {
	first := len(r.local)
	for _, f := range files {
		file := filepath.Join(root, filepath.FromSlash(f.Name))
		real, err := filepath.EvalSymlinks(file)
		if err != nil {
			return err
		}
		dir, err := filepath.EvalSymlinks(filepath.Dir(file))
		if err != nil {
			return err
		}
		place := dir
		if real != filepath.Join(dir, filepath.Base(file)) { // a link is the file that it leads to
			place = real
		}
		i := slices.IndexFunc(r.local[first:], func(p find.Part) bool { return p.Place == place })
		if i < 0 {
			i = len(r.local) - first
			r.local = append(r.local, find.Part{Name: importPath, Place: place})
		}
		part := &r.local[first+i]
		part.Files = append(part.Files, file, real)
	}
	return nil
}

// parts lists what a build of a local module consists of besides the modules of its build list.
// What lies in the store has no place of its own.
func (r *request) parts(b *build, inPlace bool) []find.Part {
	parts := find.NamedParts(slices.Concat(b.Replaced, b.Imports))
	if !inPlace {
		return parts
	}
	parts = append(parts, r.local...)
	if r.main != nil {
		parts = slices.Concat(parts, r.main.LinkedFiles(), r.main.CountedFiles(b.GoMods))
	}
	return parts
}
