// Package guestfs carries file systems across. It is ordinary code of a module: its types are
// described and its functions are called as those of the module's own package.
package guestfs

import (
	"io"
	"io/fs"
	"time"
)

// Info describes a file.
type Info struct {
	Path    string // as it was asked for; the name of an entry of a directory
	Length  int64
	Bits    uint32 // an [fs.FileMode]
	Changed time.Time
}

// System is a file system of the other side.
type System interface {
	Stat(name string) (Info, error)
	ReadDir(name string) ([]Info, error)
	Open(name string) (io.ReadCloser, error)
}

// Stat describes a file of the module.
func Stat(fsys fs.FS, name string) (Info, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return Info{}, err
	}
	return infoOf(info), nil
}

// ReadDir lists a directory of the module.
func ReadDir(fsys fs.FS, name string) ([]Info, error) {
	entries, err := fs.ReadDir(fsys, name)
	infos := make([]Info, 0, len(entries))
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr != nil {
			continue // it is gone meanwhile
		}
		infos = append(infos, infoOf(info))
	}
	return infos, err
}

// Open opens a file of the module.
func Open(fsys fs.FS, name string) (io.ReadCloser, error) { return fsys.Open(name) }

func infoOf(info fs.FileInfo) Info {
	return Info{info.Name(), info.Size(), uint32(info.Mode()), info.ModTime()}
}

// New makes a file system of the host one of the module.
func New(s System) fs.FS { return hostFS{s} }

type hostFS struct{ system System }

// HostHandle lets the file system return to the host as itself.
func (f hostFS) HostHandle() uint64 { return f.system.(interface{ HostHandle() uint64 }).HostHandle() }

func (f hostFS) Stat(name string) (fs.FileInfo, error) {
	info, err := f.system.Stat(name)
	if err != nil {
		return nil, err
	}
	return fileInfo{info}, nil
}

func (f hostFS) ReadDir(name string) ([]fs.DirEntry, error) {
	infos, err := f.system.ReadDir(name)
	entries := make([]fs.DirEntry, len(infos))
	for i, info := range infos {
		entries[i] = fs.FileInfoToDirEntry(fileInfo{info})
	}
	return entries, err
}

func (f hostFS) Open(name string) (fs.File, error) {
	info, err := f.system.Stat(name)
	if err != nil {
		return nil, err
	}
	file := &file{fs: f, name: name, info: fileInfo{info}}
	if !file.info.IsDir() {
		if file.content, err = f.system.Open(name); err != nil {
			return nil, err
		}
	}
	return file, nil
}

type file struct {
	fs      hostFS
	name    string
	info    fileInfo
	content io.ReadCloser // nil for a directory
	entries []fs.DirEntry // that are still to be read, once listed
	listed  bool
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *file) Read(p []byte) (int, error) {
	if f.content == nil {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrInvalid}
	}
	return f.content.Read(p)
}

func (f *file) Close() error {
	if f.content == nil {
		return nil
	}
	return f.content.Close()
}

// ReadDir implements [fs.ReadDirFile].
func (f *file) ReadDir(n int) ([]fs.DirEntry, error) {
	if !f.listed {
		var err error
		if f.entries, err = f.fs.ReadDir(f.name); err != nil {
			return nil, err
		}
		f.listed = true
	}
	if n <= 0 {
		n = len(f.entries)
	} else if len(f.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.entries))
	entries := f.entries[:n]
	f.entries = f.entries[n:]
	return entries, nil
}

// fileInfo is an Info as package fs has it.
type fileInfo struct{ info Info }

func (i fileInfo) Name() string       { return i.info.Path }
func (i fileInfo) Size() int64        { return i.info.Length }
func (i fileInfo) Mode() fs.FileMode  { return fs.FileMode(i.info.Bits) }
func (i fileInfo) ModTime() time.Time { return i.info.Changed }
func (i fileInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i fileInfo) Sys() any           { return nil }
