package values

import (
	"io/fs"
	"time"
)

// WalkFiles hands entries of the module to a function of the host.
func WalkFiles(fsys fs.FS, f fs.WalkDirFunc) error { return fs.WalkDir(fsys, ".", f) }

// EachFile hands over descriptions of files.
func EachFile(fsys fs.FS, f func(path string, info fs.FileInfo, err error) error) error {
	return fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		return f(path, info, err)
	})
}

type document struct {
	name string
	size int64
}

func (d document) Name() string       { return d.name }
func (d document) Size() int64        { return d.size }
func (d document) Mode() fs.FileMode  { return fs.ModeDir | 0o750 }
func (d document) ModTime() time.Time { return time.Unix(d.size, 0).UTC() }
func (d document) IsDir() bool        { return true }
func (d document) Sys() any           { return d.size }

func NewDocument(name string, size int64) fs.FileInfo { return document{name, size} }
func NoDocument() fs.FileInfo                         { return nil }
func NewDirEntries(names ...string) (entries []fs.DirEntry) {
	for _, name := range names {
		entries = append(entries, fs.FileInfoToDirEntry(document{name, 1}))
	}
	return entries
}

// SizeOf is a method of an interface, of whichever side.
func SizeOf(info fs.FileInfo) int64 {
	if own, ok := info.(document); ok {
		return -own.size
	}
	return info.Size()
}

func OpenFile(fsys fs.FS, name string) (fs.File, error) { return fsys.Open(name) }
