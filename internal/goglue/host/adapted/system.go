package adapted

import (
	"io"
	"io/fs"
	"reflect"

	"github.com/loadgo/load/internal/goglue/guest/guestfs"
)

// HostSystem is a host's file system for a module. From is what the host gave.
func HostSystem(fsys fs.FS, from reflect.Value) guestfs.System { return hostSystem{fsys, from} }

type hostSystem struct {
	fsys fs.FS
	from reflect.Value
}

// Original implements [Given].
func (s hostSystem) Original() reflect.Value { return s.from }

func (s hostSystem) Stat(name string) (guestfs.Info, error) { return guestfs.Stat(s.fsys, name) }

func (s hostSystem) ReadDir(name string) ([]guestfs.Info, error) {
	return guestfs.ReadDir(s.fsys, name)
}

func (s hostSystem) Open(name string) (io.ReadCloser, error) { return guestfs.Open(s.fsys, name) }
