package bundle

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/quantity"
)

// Contents is what a bundle is made of.
type Contents struct {
	Modules []*load.Prepared
	Lock    []byte // the contents of the lock file that they were prepared with, or nil

	// Materials is the bill of materials, a document of CycloneDX in JSON, or nil. Package
	// bundle/sbom writes it.
	Materials []byte

	// Sources are the sources of the modules, by the names that a module proxy has for them, or
	// nil. Package bundle/sources collects them.
	Sources map[string][]byte
}

// Write writes a bundle of what was prepared, with the contents of a lock file, which may be nil.
// See [Contents.Write].
func Write(w io.Writer, lock []byte, prepared ...*load.Prepared) error {
	return Contents{Modules: prepared, Lock: lock}.Write(w)
}

// Write writes the bundle. What was prepared for one system is for that; what runs on every system
// is for each of them, and for all others, too, if everything that was asked for is there in that
// form. The same contents make the same bytes, in whatever order the modules come.
func (c Contents) Write(w io.Writer) error {
	prepared := c.Modules
	modules := map[platform][]module{}
	blobs := map[string][]byte{} // the parts that are not documents, by digest
	for _, p := range prepared {
		m, err := entry(p, blobs)
		if err != nil {
			return err
		}
		of := portable
		if p.Target != "" {
			of.OS, of.Architecture, _ = strings.Cut(p.Target, "/")
		}
		modules[of] = append(modules[of], m)
	}
	everywhere := modules[portable]
	for of := range modules {
		switch {
		case of != portable:
			modules[of] = append(modules[of], everywhere...)
		case !isAll(everywhere, prepared):
			delete(modules, portable)
		}
	}
	var sources []file
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		sources = append(sources, put(blobs, name, c.Sources[name]))
	}
	var tables []table
	for _, of := range slices.SortedFunc(maps.Keys(modules), func(a, b platform) int { return strings.Compare(a.String(), b.String()) }) {
		tables = append(tables, table{Platform: of, Modules: sorted(modules[of]), Sources: sources})
	}
	if c.Materials != nil {
		put(blobs, "", c.Materials)
	}
	return newLayout(c.Lock, c.Materials, tables...).Write(w, func(w io.Writer, b Blob) error {
		_, err := w.Write(blobs[b.Digest])
		return err
	})
}

// put adds a part to blobs.
func put(blobs map[string][]byte, name string, data []byte) file {
	digest := digestOf(data)
	blobs[digest] = data
	return file{Name: name, Digest: digest, Size: int64(len(data))}
}

// isAll reports whether modules are all that was prepared, by their names.
func isAll(modules []module, prepared []*load.Prepared) bool {
	return !slices.ContainsFunc(prepared, func(p *load.Prepared) bool {
		return !slices.ContainsFunc(modules, func(m module) bool { return m.Asked == asked(p.Name) })
	})
}

// sorted returns modules in the order of a table, each once.
func sorted(modules []module) []module {
	slices.SortFunc(modules, func(a, b module) int {
		return cmp.Or(cmp.Compare(a.Asked, b.Asked), cmp.Compare(a.Spec.Version, b.Spec.Version), cmp.Compare(a.Key, b.Key))
	})
	return slices.CompactFunc(modules, func(a, b module) bool { return string(encode(a)) == string(encode(b)) })
}

func describe(mediaType string, data []byte) descriptor {
	return descriptor{MediaType: mediaType, Digest: digestOf(data), Size: int64(len(data))}
}

// newLayout returns the layout of a bundle of these tables, one for each system.
func newLayout(lock, materials []byte, tables ...table) *Layout {
	l := &Layout{documents: map[string][]byte{}}
	for _, t := range tables {
		listed := encode(t)
		m := manifest{
			SchemaVersion: 2, MediaType: manifestType, ArtifactType: bundleType, Config: describe(emptyType, []byte(emptyConfig)),
			Layers: append([]descriptor{describe(lockType, lock), describe(tableType, listed)}, t.parts(materials)...),
		}
		manifested := encode(m)
		l.tops = append(l.tops, newIndex(manifested, t.Platform).Manifests...)
		l.contents, l.modules = append(l.contents, content{manifest: m, lock: lock}), append(l.modules, t.Modules)
		for _, data := range [][]byte{manifested, []byte(emptyConfig), lock, listed} {
			l.documents[digestOf(data)] = data
		}
	}
	l.Index = encode(index{SchemaVersion: 2, MediaType: indexType, Manifests: l.tops})
	return l
}

// parts are the parts besides the documents, each once, sorted by digest.
func (t table) parts(materials []byte) []descriptor {
	files := []descriptor{}
	add := func(list []file) {
		for _, f := range list {
			files = append(files, descriptor{MediaType: fileType, Digest: f.Digest, Size: f.Size})
		}
	}
	for _, m := range t.Modules {
		add(m.Files)
	}
	add(t.Sources)
	if materials != nil {
		files = append(files, describe(materialsType, materials))
	}
	slices.SortFunc(files, func(a, b descriptor) int { return strings.Compare(a.Digest, b.Digest) })
	return slices.Compact(files)
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
		Asked: asked(p.Name), Form: p.Name.Form, Engine: p.Engine, Release: p.Release, Key: p.Key, Asks: p.Granted.Requests(),
		Spec: spec{
			Name: s.Name, Module: s.Module, Version: s.Version, Time: s.Time.UTC(), Deprecated: s.Deprecated, Retracted: s.Retracted,
			Kind: s.Source.Kind, By: p.By, Hash: s.Source.Hash, File: s.Source.File, BuildList: s.BuildList, Published: p.Published,
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
		m.Files = append(m.Files, put(blobs, f.Name, data))
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
	e.entry(name, int64(len(data)), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// entry writes an entry whose contents, of that size, are written by contents.
func (e *entries) entry(name string, size int64, contents func(io.Writer) error) {
	if e.err == nil && size > maxBlob {
		e.err = fmt.Errorf("bundle: %s has more than %s", name, quantity.Size(maxBlob))
	}
	if e.err != nil {
		return
	}
	h := header(name, size)
	e.write(h[:])
	counted := &counter{w: e.w}
	if e.err == nil {
		e.err = contents(counted)
	}
	if e.err == nil && counted.n != size {
		e.err = fmt.Errorf("bundle: %s has %d bytes, not %d", name, counted.n, size)
	}
	e.write(make([]byte, padded(size)-size))
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
