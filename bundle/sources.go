package bundle

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// SumsName is the file among a bundle's sources that holds their sums, as a go.sum file does.
const SumsName = "go.sum"

// WithSources returns the bundle as one whose sources are used, too: of what is not prepared for
// this host, or for the engine that is asked for, they are installed as if they came from a module
// proxy, and compiled. That takes a store and a Go toolchain. The error is that of a bundle that
// was made without sources.
func (b *Bundle) WithSources() (*Bundle, error) {
	if b.err != nil {
		return b, b.err
	}
	files, err := b.table.sources()
	if err == nil && len(files) == 0 {
		err = &SourcesError{File: b.file}
	}
	if err != nil {
		return nil, err
	}
	other := *b
	other.sources = files
	return &other, nil
}

// Sources returns the sources of a bundle of [Bundle.WithSources], in the layout of a module proxy;
// nil for another bundle. What is read of them is verified.
func (b *Bundle) Sources() fs.FS {
	if b.sources == nil {
		return nil
	}
	return sources{b}
}

type sources struct{ *Bundle }

// Open implements [fs.FS].
func (s sources) Open(name string) (fs.File, error) {
	data, err := s.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &opened{bytes.NewReader(data), path.Base(name), int64(len(data))}, nil
}

// ReadFile implements [fs.ReadFileFS].
func (s sources) ReadFile(name string) ([]byte, error) {
	if dir, ok := strings.CutSuffix(name, "/@v/list"); ok {
		return s.list(dir + "/@v/")
	}
	i := slices.IndexFunc(s.sources, func(f file) bool { return f.Name == name })
	if i < 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	f := s.sources[i]
	data, check, err := s.contents(Blob{fileType, f.Digest, f.Size})
	if err != nil {
		return nil, err
	}
	return data, check()
}

// list lists the versions of a module whose zips are there.
func (s sources) list(dir string) ([]byte, error) {
	var list bytes.Buffer
	for _, f := range s.sources {
		version, ok := strings.CutPrefix(f.Name, dir)
		version, zip := strings.CutSuffix(version, ".zip")
		if ok && zip {
			list.WriteString(version + "\n")
		}
	}
	if list.Len() == 0 {
		return nil, &fs.PathError{Op: "open", Path: dir + "list", Err: fs.ErrNotExist}
	}
	return list.Bytes(), nil
}

// opened is an open file of sources.
type opened struct {
	io.Reader
	name string
	size int64
}

func (f *opened) Stat() (fs.FileInfo, error) { return f, nil }
func (f *opened) Close() error               { return nil }
func (f *opened) Name() string               { return f.name }
func (f *opened) Size() int64                { return f.size }
func (f *opened) Mode() fs.FileMode          { return 0o444 }
func (f *opened) ModTime() time.Time         { return time.Time{} }
func (f *opened) IsDir() bool                { return false }
func (f *opened) Sys() any                   { return nil }
