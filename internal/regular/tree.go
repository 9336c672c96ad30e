package regular

import (
	"io/fs"
	"os"
	"path/filepath"
)

// maxInTree is the most bytes that a file of a tree is read of: more than any source has.
const maxInTree = 1 << 30

// DirFS is [os.DirFS] without what is neither a directory nor a regular file.
func DirFS(dir string) fs.FS {
	return tree{os.DirFS(dir).(dirFS), dir}
}

// dirFS is what [os.DirFS] documents that it returns.
type dirFS interface {
	fs.StatFS
	fs.ReadFileFS
	fs.ReadDirFS
	fs.ReadLinkFS
}

type tree struct {
	dirFS
	dir string
}

func (t tree) Open(name string) (fs.File, error) {
	info, err := t.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return t.dirFS.Open(name)
	}
	f, err := Open(t.path(name))
	if err != nil { // not a nil *os.File in an interface
		return nil, err
	}
	return f, nil
}

func (t tree) ReadFile(name string) ([]byte, error) {
	if _, err := t.Stat(name); err != nil {
		return nil, err
	}
	return Read(t.path(name), maxInTree)
}

func (t tree) path(name string) string { return filepath.Join(t.dir, filepath.FromSlash(name)) }
