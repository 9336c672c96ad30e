package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
)

// Write writes a bundle of what was prepared for this system, with the contents of a lock file, which
// may be nil. The same modules make the same bytes, in whatever order they come.
func Write(w io.Writer, lock []byte, prepared ...*load.Prepared) error {
	t := table{Platform: platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}}
	blobs := map[string][]byte{} // files of artifacts, by digest
	for _, p := range prepared {
		m, err := entry(p, blobs)
		if err != nil {
			return err
		}
		t.Modules = append(t.Modules, m)
	}
	slices.SortFunc(t.Modules, func(a, b module) int {
		return cmp.Or(cmp.Compare(a.Asked, b.Asked), cmp.Compare(a.Spec.Version, b.Spec.Version), cmp.Compare(a.Key, b.Key))
	})
	t.Modules = slices.CompactFunc(t.Modules, func(a, b module) bool { return string(encode(a)) == string(encode(b)) })

	var files []descriptor
	for _, digest := range slices.Sorted(maps.Keys(blobs)) {
		files = append(files, describe(fileType, blobs[digest]))
	}
	return newLayout(lock, t, files).Write(w, func(w io.Writer, b Blob) error {
		_, err := w.Write(blobs[b.Digest])
		return err
	})
}

func describe(mediaType string, data []byte) descriptor {
	return descriptor{MediaType: mediaType, Digest: digestOf(data), Size: int64(len(data))}
}

// newLayout returns the layout of a bundle for one system, with files sorted by digest.
func newLayout(lock []byte, t table, files []descriptor) *Layout {
	listed := encode(t)
	m := manifest{
		SchemaVersion: 2, MediaType: manifestType, ArtifactType: bundleType, Config: describe(emptyType, []byte(emptyConfig)),
		Layers: append([]descriptor{describe(lockType, lock), describe(tableType, listed)}, files...),
	}
	manifested := encode(m)
	i := newIndex(manifested, t.Platform)
	l := &Layout{Index: encode(i), tops: i.Manifests, contents: []content{{manifest: m, lock: lock, modules: t.Modules}}, documents: map[string][]byte{}}
	for _, data := range [][]byte{manifested, []byte(emptyConfig), lock, listed} {
		l.documents[digestOf(data)] = data
	}
	return l
}

// newIndex returns the index of one manifest.
func newIndex(manifested []byte, of platform) index {
	top := describe(manifestType, manifested)
	top.Platform, top.ArtifactType = &of, bundleType
	return index{SchemaVersion: 2, MediaType: indexType, Manifests: []descriptor{top}}
}

// entry is what the table has of a module. It adds the module's files to blobs.
func entry(p *load.Prepared, blobs map[string][]byte) (module, error) {
	if p.Files == nil {
		return module{}, fmt.Errorf("%s is a part of the program: there is nothing to bundle", p.Name)
	}
	s := p.Spec
	m := module{
		Asked: asked(p.Name), Form: p.Name.Form, Engine: p.Engine, Release: p.Release, Key: p.Key,
		Spec: spec{
			Name: s.Name, Module: s.Module, Version: s.Version, Time: s.Time.UTC(), Deprecated: s.Deprecated, Retracted: s.Retracted,
			Kind: s.Source.Kind, By: p.By, Hash: s.Source.Hash, File: s.Source.File, BuildList: s.BuildList,
		},
	}
	if p.Name.Form == find.FormDir {
		if filepath.IsAbs(p.Name.Target) {
			return module{}, &find.NameError{Name: p.Name.Target, Reason: "a bundle knows no absolute directory: name it from here, as in ./rules"}
		}
		m.Spec.Name = m.Asked // it is not on the machine that runs
	}
	if g := s.Source.Go; g != nil {
		m.Spec.ImportPath, m.Along = g.ImportPath, g.Along
	}
	for _, part := range s.Parts {
		if part.Name != "" {
			m.Spec.Imports = append(m.Spec.Imports, part.Name)
		}
	}
	slices.Sort(m.Spec.Imports)
	m.Spec.Imports = slices.Compact(m.Spec.Imports)
	for _, f := range p.Files.Files() {
		data, err := p.Files.ReadFile(f.Name)
		if err != nil {
			return module{}, err
		}
		digest := digestOf(data)
		blobs[digest] = data
		m.Files = append(m.Files, file{Name: f.Name, Digest: digest, Size: f.Size})
	}
	return m, nil
}

// asked is how the table spells a name.
func asked(name find.Name) string {
	if name.Form != find.FormDir || filepath.IsAbs(name.Target) {
		return name.Target
	}
	clean := path.Clean(filepath.ToSlash(name.Target))
	if clean == "." || clean == ".." || len(clean) > 2 && clean[:3] == "../" {
		return clean
	}
	return "./" + clean
}

// entries writes the entries of an archive.
type entries struct {
	w   io.Writer
	err error
}

func (e *entries) write(data []byte) {
	if e.err == nil {
		var n int
		if n, e.err = e.w.Write(data); e.err == nil && n < len(data) {
			e.err = io.ErrShortWrite
		}
	}
}

func (e *entries) put(name string, data []byte) {
	if int64(len(data)) > maxBlob {
		e.err = errors.Join(e.err, fmt.Errorf("bundle: %s has more than %d GiB", name, maxBlob>>30))
	}
	e.write(header(name, int64(len(data))))
	e.write(data)
	e.write(make([]byte, padded(int64(len(data)))-int64(len(data))))
}
