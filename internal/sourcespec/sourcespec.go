// Package sourcespec makes an answer of what the store knows about a source that is not a module of
// a registry.
package sourcespec

import (
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/manifest"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/store"
)

// parts are the places that a source was read from: those that lie in others are files of these.
func parts(places []string) []find.Part {
	var list []find.Part
	for _, place := range places {
		if n := len(list); n > 0 {
			if rel, err := filepath.Rel(list[n-1].Place, place); err == nil && filepath.IsLocal(rel) {
				list[n-1].Files = append(list[n-1].Files, place)
				continue
			}
		}
		list = append(list, find.Part{Place: place, Files: []string{place}})
	}
	return list
}

// within adds what a copy of a directory was read from: each of its files and directories has a
// place of its own.
func within(place, tree string, part *find.Part) error {
	return filepath.WalkDir(tree, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || name == tree {
			return err
		}
		rel, err := filepath.Rel(tree, name)
		part.Files = append(part.Files, filepath.Join(place, rel))
		return err
	})
}

// maxFile is the most bytes that a module of one file has: an installer lets in no more.
const maxFile = 1 << 30

// New returns the spec of a record whose tree is in a directory. That of a Go package has no hash
// yet: an installer brings what it imports and knows its hash then.
func New(r *store.SourceRecord, tree string, along []find.Companion) (*find.Spec, error) {
	dir := filepath.Join(tree, filepath.FromSlash(r.Dir))
	spec := &find.Spec{
		Name: r.Source, Version: r.Version, Why: r.Why, Origin: r.Origin, Time: r.Time, Module: r.Module,
		Source:    find.Source{Kind: find.Kind(r.Kind), FS: regular.DirFS(dir), Dir: dir, File: r.File},
		BuildList: []find.ModuleVersion{{Path: r.Source, Version: r.Version, Sum: r.Sum}},
		Parts:     parts(r.Places),
	}
	if len(r.Places) == 1 && strings.HasPrefix(r.Version, "h1:") { // which is that of a directory
		if err := within(r.Places[0], tree, &spec.Parts[0]); err != nil {
			return nil, err
		}
	}
	if r.Kind == string(find.KindGo) {
		spec.Source.File = ""
		spec.Source.Go = &find.GoSource{Along: along}
		return spec, nil
	}
	path := filepath.Join(dir, r.File)
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	spec.Source.Hash = find.HashFile(path, manifest.Hashed(spec.Source.FS, r.File, data))
	return spec, nil
}
