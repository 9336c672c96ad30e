// Package bundle carries prepared modules in one file, to machines that have no Go toolchain, no
// network and no directory to write to. A bundle is an OCI image layout in a tar archive: for each
// system a manifest, whose layers are the lock file, a table of the modules and the files that were
// compiled of them.
//
//	//go:embed modules.tar
//	var modules []byte
//
//	l, err := standard.New(load.Config{Bundles: []load.Bundle{bundle.Bytes(modules)}})
//
// Opening a bundle reads its index; each file is verified by its SHA-256 digest when it is used. The
// digests guard against damage, not against its maker: its modules are run as they
// are.
package bundle

import (
	"bytes"
	"io"
	"path/filepath"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/store"
)

// Bundle is an open bundle. It is safe for concurrent use.
type Bundle struct {
	file  string // its name, for messages
	data  []byte // the whole, nil for one on disk
	from  io.ReaderAt
	close func() error
	err   error

	lock     []byte
	blobs    map[string]blob // by digest
	modules  []module
	byKey    map[string]*module
	releases []string
}

// blob is where a blob lies.
type blob struct{ offset, size int64 }

var _ load.Bundle = (*Bundle)(nil)

// Open opens the bundle of that path. The caller closes it when no loader uses it any more. The file
// must not change meanwhile; if it does, what is not as the index says is refused.
func Open(path string) (*Bundle, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	b := &Bundle{file: filepath.Base(path), from: f, close: f.Close}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &FormatError{File: b.file, Reason: "it is not a regular file"}
	}
	if err == nil {
		err = b.read(info.Size())
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return b, nil
}

// Bytes returns the bundle in data, which the caller does not change. What is wrong with it is the
// error of [Bundle.Check], and so of [load.New].
func Bytes(data []byte) *Bundle {
	b := &Bundle{data: data, from: bytes.NewReader(data), close: func() error { return nil }}
	b.err = b.read(int64(len(data)))
	return b
}

// Check implements [load.Bundle].
func (b *Bundle) Check() error { return b.err }

// Close closes the file.
func (b *Bundle) Close() error { return b.close() }

// Lock returns the contents of the lock file that the modules were prepared with.
func (b *Bundle) Lock() []byte { return bytes.Clone(b.lock) }

// Releases implements [load.Bundle].
func (b *Bundle) Releases() []string { return b.releases }

// String names the bundle in messages.
func (b *Bundle) String() string {
	if b.file == "" {
		return "bundle"
	}
	return "bundle " + b.file
}

// Artifact implements [load.Bundle].
func (b *Bundle) Artifact(key string) *store.Artifact {
	m := b.byKey[key]
	if m == nil {
		return nil
	}
	files := make([]store.File, len(m.Files))
	digests := make(map[string]string, len(m.Files))
	for i, f := range m.Files {
		files[i] = store.File{Name: f.Name, Size: f.Size}
		digests[f.Name] = f.Digest
	}
	return store.NewArtifact(key, files, func(name string) ([]byte, func() error, error) { return b.contents(digests[name]) })
}

// contents returns a blob, and what verifies it.
func (b *Bundle) contents(digest string) (data []byte, verify func() error, err error) {
	at, ok := b.blobs[digest]
	if !ok {
		return nil, nil, &DamagedError{File: b.file, Digest: digest, Reason: "it is missing"}
	}
	if b.data != nil {
		data = b.data[at.offset:][:at.size:at.size]
	} else {
		data = make([]byte, at.size)
		if _, err := b.from.ReadAt(data, at.offset); err != nil {
			return nil, nil, &DamagedError{File: b.file, Digest: digest, Reason: err.Error()}
		}
	}
	return data, func() error {
		if digestOf(data) != digest {
			return &DamagedError{File: b.file, Digest: digest, Reason: "its contents do not have that digest"}
		}
		return nil
	}, nil
}
