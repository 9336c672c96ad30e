package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/regular"
)

// Blob names a part of a bundle.
type Blob struct {
	MediaType string
	Digest    string // "sha256:…"
	Size      int64
}

// Layout is a bundle as it is carried from place to place: for all the systems that it is for, of
// which this one need not be one. The index and the documents in it were read, the files of modules
// were not.
type Layout struct {
	Index []byte // what a registry has under the bundle's tag

	tops      []descriptor
	contents  []content
	modules   [][]module        // those of contents
	documents map[string][]byte // by digest
}

// ReadLayout reads the layout of an index, whose documents are brought by read. The name is for
// messages.
func ReadLayout(name string, index []byte, read func(Blob) ([]byte, error)) (*Layout, error) {
	return documents{name: name, read: verified(name, read)}.layout(index)
}

// verified brings a descriptor's blob, and nothing else.
func verified(name string, read func(Blob) ([]byte, error)) func(descriptor) ([]byte, error) {
	return func(d descriptor) ([]byte, error) {
		if d == describe(emptyType, []byte(emptyConfig)) {
			return []byte(emptyConfig), nil
		}
		data, err := read(d.blob())
		if err == nil && int64(len(data)) != d.Size {
			err = damaged(name, d.Digest)
		}
		if err != nil {
			return nil, err
		}
		return data, verify(name, d.Digest, data)
	}
}

func (d descriptor) blob() Blob { return Blob{d.MediaType, d.Digest, d.Size} }

func (d documents) layout(index []byte) (*Layout, error) {
	l := &Layout{Index: index, documents: map[string][]byte{}}
	read := d.read
	d.read = func(of descriptor) ([]byte, error) {
		if data, ok := l.documents[of.Digest]; ok && int64(len(data)) == of.Size {
			return data, nil
		}
		data, err := read(of)
		if err == nil {
			l.documents[of.Digest] = data
		}
		return data, err
	}
	var err error
	if l.tops, err = d.index(index); err != nil {
		return nil, err
	}
	for _, top := range l.tops {
		m, err := d.manifest(top)
		if err != nil {
			return nil, err
		}
		c, err := d.content(top, m)
		if err != nil {
			return nil, err
		}
		modules, err := c.table.all()
		if err != nil {
			return nil, err
		}
		l.contents, l.modules = append(l.contents, c), append(l.modules, modules)
	}
	return l, nil
}

// Systems are what the bundle is for, as in linux/amd64.
func (l *Layout) Systems() []string { return systems(l.tops) }

func systems(tops []descriptor) []string {
	names := make([]string, len(tops))
	for i, top := range tops {
		names[i] = top.Platform.String()
	}
	return names
}

// Manifests are the manifests that the index lists.
func (l *Layout) Manifests() []Blob {
	blobs := make([]Blob, len(l.tops))
	for i, top := range l.tops {
		blobs[i] = top.blob()
	}
	return blobs
}

// Blobs are all parts, each once, in the order of the bundle's file: the documents of each system,
// and the other parts of all.
func (l *Layout) Blobs() []Blob {
	var blobs, files []Blob
	for i, c := range l.contents {
		blobs = append(blobs, l.tops[i].blob(), c.Config.blob(), c.Layers[0].blob(), c.Layers[1].blob())
		for _, f := range c.parts() {
			files = append(files, f.blob())
		}
	}
	if len(l.contents) > 1 { // each has them in order
		slices.SortStableFunc(files, func(a, b Blob) int { return strings.Compare(a.Digest, b.Digest) })
	}
	seen := make(map[string]int64, len(blobs)+len(files))
	return slices.DeleteFunc(append(blobs, files...), func(b Blob) bool {
		size, ok := seen[b.Digest]
		seen[b.Digest] = b.Size
		return ok && size == b.Size
	})
}

// Document returns a part that was read.
func (l *Layout) Document(b Blob) (data []byte, ok bool) {
	data, ok = l.documents[b.Digest]
	return data, ok
}

// Write writes the file of the bundle. Files brings the file of a module to w, and vouches for it.
func (l *Layout) Write(w io.Writer, files func(w io.Writer, b Blob) error) error {
	e := &entries{w: w}
	e.put(layoutName, []byte(layoutText))
	e.put(indexName, l.Index)
	for _, b := range l.Blobs() {
		if data, ok := l.Document(b); ok {
			e.put(blobName(b.Digest), data)
			continue
		}
		e.entry(blobName(b.Digest), b.Size, func(w io.Writer) error { return files(w, b) })
	}
	e.write(make([]byte, trailer))
	return e.err
}

// File is the file of a bundle, for any system. The caller closes it.
type File struct {
	*Layout
	archive *archive
	io.Closer
}

// FileOf returns the file of a bundle that is in memory.
func FileOf(data []byte) (*File, error) {
	a, err := openArchive("", nil, data, int64(len(data)))
	if err != nil {
		return nil, err
	}
	return a.file(io.NopCloser(nil))
}

func (a *archive) file(closer io.Closer) (*File, error) {
	l, err := a.layout()
	return &File{Layout: l, archive: a, Closer: closer}, err
}

// layout reads all of the bundle but its parts.
func (a *archive) layout() (*Layout, error) {
	l, err := a.reader().layout(encode(index{2, indexType, a.tops}))
	if err = a.verified(err); err != nil {
		return nil, err
	}
	return l, nil
}

// IndexOf returns the index of a bundle that lost it: tools that copy an image of one system leave
// its manifest alone.
func IndexOf(name string, manifested []byte, read func(Blob) ([]byte, error)) ([]byte, error) {
	d := documents{name: name, read: verified(name, read)}
	var m manifest
	if !decode(manifested, &m) || !m.valid() {
		return nil, d.wrong("", "it is not the manifest of a bundle")
	}
	listed, err := d.read(m.Layers[1])
	if err != nil {
		return nil, err
	}
	var t table
	if !decode(listed, &t) {
		return nil, d.wrong("", "it is not the table of a bundle")
	}
	return encode(newIndex(manifested, t.Platform)), nil
}

// OpenFile opens the file of a bundle to copy it.
func OpenFile(path string) (*File, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	a, err := fileArchive(filepath.Base(path), f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	file, err := a.file(f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return file, nil
}

// Reader returns a reader of a part, which was verified. Its end is an error where it has read
// something else since: the file may change.
func (f *File) Reader(b Blob) (io.Reader, error) {
	section, err := f.archive.section(b)
	if err != nil {
		return nil, err
	}
	if err := Verify(b, section, io.Discard); err != nil {
		return nil, err
	}
	_, err = section.Seek(0, io.SeekStart)
	return &verifying{from: section, sum: sha256.New(), digest: b.Digest}, err
}

// verifying is a reader that ends with an error where it has not read what the digest says.
type verifying struct {
	from   io.Reader
	sum    hash.Hash
	digest string
}

func (v *verifying) Read(p []byte) (int, error) {
	n, err := v.from.Read(p)
	v.sum.Write(p[:n])
	if err == io.EOF && shaPrefix+hex.EncodeToString(v.sum.Sum(nil)) != v.digest {
		err = damaged("", v.digest)
	}
	return n, err
}

// Verify copies a part, and reports whether it is what its digest says.
func Verify(b Blob, from io.Reader, to io.Writer) error { return copyVerified("", b, from, to) }

func copyVerified(file string, b Blob, from io.Reader, to io.Writer) error {
	digest, err := copySummed(from, to)
	if err == nil && digest != b.Digest {
		err = damaged(file, b.Digest)
	}
	return err
}

// copySummed copies everything, and returns the digest of what it wrote: each piece is summed while
// the next one is read and written.
func copySummed(from io.Reader, to io.Writer) (digest string, err error) {
	const piece, pieces = 64 << 10, 3 // which stay in a processor's cache
	empty, full := make(chan []byte, pieces), make(chan []byte, pieces)
	for range pieces {
		empty <- make([]byte, piece)
	}
	sum, summed := sha256.New(), make(chan struct{})
	go func() {
		defer close(summed)
		for data := range full {
			sum.Write(data)
			empty <- data[:piece]
		}
	}()
	for err == nil {
		data, n := <-empty, 0
		n, err = from.Read(data)
		if _, failed := to.Write(data[:n]); failed != nil {
			err = failed
		}
		full <- data[:n]
	}
	close(full)
	<-summed
	if err == io.EOF {
		err = nil
	}
	return shaPrefix + hex.EncodeToString(sum.Sum(nil)), err
}
