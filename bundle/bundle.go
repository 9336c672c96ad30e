// Package bundle carries prepared modules in one file, to machines that have no Go toolchain, no
// network and no directory to write to. A bundle is an OCI image layout in a tar archive: for each
// system a manifest, whose layers are the lock file, a table of the modules and the files that were
// compiled of them. Package bundle/registry carries the same to and from OCI registries.
//
//	//go:embed modules.tar
//	var modules []byte
//
//	l, err := standard.New(load.Config{Bundles: []load.Bundle{bundle.Bytes(modules)}})
//
// Opening a bundle reads its index and no module. A module is read from the table when it is found,
// and a file is verified by its SHA-256 digest when it is used: what is wrong with either is the
// error of that load. The digests guard against damage, not against its maker: its modules are run
// as they are.
package bundle

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/store"
)

// Bundle is an open bundle. It is safe for concurrent use.
type Bundle struct {
	file  string                      // its name, for messages
	read  func(Blob) ([]byte, error)  // a blob, which is not verified yet
	copy  func(Blob, io.Writer) error // a verified one; nil where reading copies nothing
	close func() error
	err   error

	lock    []byte
	bill    Blob     // of materials; without a digest, there is none
	table   *listing // nil where the bundle is none
	sources []file   // nil where nobody asked for them
}

var _ load.Bundle = (*Bundle)(nil)

// Open opens the bundle of that path. The caller closes it when no loader uses it any more. The
// file must not change meanwhile; if it does, what is not as the index says is refused.
func Open(path string) (*Bundle, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := open(filepath.Base(path), f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return b, nil
}

func open(name string, f *os.File) (*Bundle, error) {
	a, err := fileArchive(name, f)
	if err != nil {
		return nil, err
	}
	b := &Bundle{file: name, read: a.blob, copy: a.copy, close: f.Close}
	return b, b.inArchive(a)
}

func fileArchive(name string, f *os.File) (*archive, error) {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &FormatError{File: name, Reason: "it is not a regular file"}
	}
	if err != nil {
		return nil, err
	}
	return openArchive(name, f, nil, info.Size())
}

// Bytes returns the bundle in data, which the caller does not change. What is wrong with it is the
// error of [Bundle.Check], and so of [load.New].
func Bytes(data []byte) *Bundle {
	b := &Bundle{close: func() error { return nil }}
	a, err := openArchive("", nil, data, int64(len(data)))
	if b.err = err; err != nil {
		return b
	}
	b.read = a.blob
	b.err = b.inArchive(a)
	return b
}

func (b *Bundle) inArchive(a *archive) error {
	err := a.verified(b.of(a.reader(), a.tops, func(i int) (manifest, error) { return a.manifests[i], nil }))
	if err != nil {
		b.lock, b.table, b.bill = nil, nil, Blob{}
	}
	return err
}

// From returns the bundle of an index whose parts lie elsewhere and are brought by read: the
// documents now, the files of modules when they are used, also after ctx has ended. The name is for
// messages.
func From(ctx context.Context, name string, index []byte, read func(context.Context, Blob) ([]byte, error)) (*Bundle, error) {
	d := documents{name: name, read: verified(name, func(b Blob) ([]byte, error) { return read(ctx, b) })}
	tops, err := d.index(index)
	if err != nil {
		return nil, err
	}
	later := context.WithoutCancel(ctx)
	b := &Bundle{file: name, read: func(b Blob) ([]byte, error) { return read(later, b) }, close: func() error { return nil }}
	return b, b.of(d, tops, func(i int) (manifest, error) { return d.manifest(tops[i]) })
}

// of takes on what the bundle has for this system, or else for all.
func (b *Bundle) of(d documents, tops []descriptor, read func(i int) (manifest, error)) error {
	host := platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}
	own := slices.IndexFunc(tops, func(d descriptor) bool { return *d.Platform == host })
	if own < 0 {
		own = slices.IndexFunc(tops, func(d descriptor) bool { return *d.Platform == portable })
	}
	if own < 0 {
		return &PlatformError{File: b.file, Host: host.String(), Platforms: systems(tops)}
	}
	m, err := read(own)
	if err != nil {
		return err
	}
	c, err := d.content(tops[own], m)
	if err != nil {
		return err
	}
	b.lock, b.table = c.lock, c.table
	b.bill, _ = c.materials()
	return nil
}

// Check implements [load.Bundle].
func (b *Bundle) Check() error { return b.err }

// Close closes the file.
func (b *Bundle) Close() error { return b.close() }

// Lock returns the contents of the lock file that the modules were prepared with.
func (b *Bundle) Lock() []byte { return bytes.Clone(b.lock) }

// Materials returns the bill of materials, a document of CycloneDX in JSON; nil where the bundle
// has none.
func (b *Bundle) Materials() ([]byte, error) {
	if b.bill.Digest == "" {
		return nil, b.err
	}
	data, check, err := b.contents(b.bill)
	if err != nil {
		return nil, err
	}
	return data, check()
}

// Releases implements [load.Bundle].
func (b *Bundle) Releases() []string {
	if b.table == nil {
		return nil
	}
	h, err := b.table.heads()
	if err != nil {
		return nil // it is the error of Find
	}
	return h.releases
}

// String names the bundle in messages.
func (b *Bundle) String() string {
	if b.file == "" {
		return "bundle"
	}
	return "bundle " + b.file
}

// Artifact implements [load.Bundle]. What is wrong with the table is the error of [Bundle.Find],
// and such a module has no artifact.
func (b *Bundle) Artifact(key string) *store.Artifact {
	if b.table == nil {
		return nil
	}
	m, err := b.table.keyed(key)
	if m == nil || err != nil {
		return nil
	}
	files := make([]store.File, len(m.Files))
	blobs := make(map[string]Blob, len(m.Files))
	for i, f := range m.Files {
		files[i] = store.File{Name: f.Name, Size: f.Size, Digest: f.Digest}
		blobs[f.Name] = Blob{fileType, f.Digest, f.Size}
	}
	contents := store.Contents{Read: func(name string) ([]byte, func() error, error) { return b.contents(blobs[name]) }}
	if b.copy != nil {
		contents.Copy = func(name string, to io.Writer) error { return b.copy(blobs[name], to) }
	}
	return store.NewArtifact(key, files, contents)
}

// contents returns a blob, and what verifies it.
func (b *Bundle) contents(of Blob) (data []byte, check func() error, err error) {
	if data, err = b.read(of); err != nil {
		return nil, nil, err
	}
	return data, func() error { return verify(b.file, of.Digest, data) }, nil
}

// verify reports a blob that is not what its digest says.
func verify(file, digest string, data []byte) error {
	if digestOf(data) != digest {
		return damaged(file, digest)
	}
	return nil
}

func damaged(file, digest string) error {
	return &DamagedError{File: file, Digest: digest, Reason: "its contents do not have that digest"}
}
