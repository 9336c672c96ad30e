package adapted

import (
	"io/fs"
	"time"

	"github.com/loadgo/load/engine"
)

type (
	moduleFileInfo struct{ Value }
	moduleDirEntry struct{ Value }
	moduleFile     struct {
		*moduleReader
		moduleCloser
	}
)

func (a moduleFileInfo) Name() string       { return Bind[func() string](a.Object, "Name")() }
func (a moduleFileInfo) Size() int64        { return Bind[func() int64](a.Object, "Size")() }
func (a moduleFileInfo) Mode() fs.FileMode  { return Bind[func() fs.FileMode](a.Object, "Mode")() }
func (a moduleFileInfo) ModTime() time.Time { return Bind[func() time.Time](a.Object, "ModTime")() }
func (a moduleFileInfo) IsDir() bool        { return Bind[func() bool](a.Object, "IsDir")() }
func (a moduleFileInfo) Sys() any           { return Bind[func() any](a.Object, "Sys")() }
func (a moduleFileInfo) String() string     { return fs.FormatFileInfo(a) }

func (a moduleDirEntry) Name() string      { return Bind[func() string](a.Object, "Name")() }
func (a moduleDirEntry) IsDir() bool       { return Bind[func() bool](a.Object, "IsDir")() }
func (a moduleDirEntry) Type() fs.FileMode { return Bind[func() fs.FileMode](a.Object, "Type")() }
func (a moduleDirEntry) String() string    { return fs.FormatDirEntry(a) }

func (a moduleDirEntry) Info() (fs.FileInfo, error) {
	return Bind[func() (fs.FileInfo, error)](a.Object, "Info")()
}

// ModuleObject returns the file itself.
func (a moduleFile) ModuleObject() *engine.Object { return a.moduleReader.Object }

func (a moduleFile) Stat() (fs.FileInfo, error) {
	return Bind[func() (fs.FileInfo, error)](a.moduleReader.Object, "Stat")()
}
