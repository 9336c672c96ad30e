// Package regular opens files by names that somebody else may have made something of: a pipe or a
// device there would be waited for, or read without end.
package regular

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/loadgo/load/internal/quantity"
)

// Err is the cause where a name leads to something other than a regular file.
var Err = errors.New("it is not a regular file")

// Open opens the regular file of a path for reading. It waits for nobody.
func Open(path string) (*os.File, error) { return OpenFile(path, 0) }

// OpenFile is [Open] with further flags of [os.OpenFile].
func OpenFile(path string, flags int) (*os.File, error) {
	return open(path, func() (fs.FileInfo, error) { return os.Stat(path) }, func() (*os.File, error) {
		return os.OpenFile(path, os.O_RDONLY|nonblock|flags, 0)
	})
}

// OpenIn is [Open] for a name in a root.
func OpenIn(root *os.Root, name string) (*os.File, error) {
	return open(name, func() (fs.FileInfo, error) { return root.Stat(name) }, func() (*os.File, error) {
		return root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	})
}

// open looks before it opens, because opening alone makes some devices act, and again afterwards,
// because the name may lead elsewhere by then.
func open(path string, stat func() (fs.FileInfo, error), open func() (*os.File, error)) (*os.File, error) {
	info, err := stat()
	var told *fs.PathError
	if errors.As(err, &told) {
		told.Op = "open" // which is what was asked for
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, irregular(path)
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = irregular(path)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func irregular(path string) error { return &fs.PathError{Op: "open", Path: path, Err: Err} }

// Read reads the regular file of a path, of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, limit)
}

// ReadIn is [Read] for a name in a root.
func ReadIn(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := OpenIn(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, limit)
}

func readAll(f *os.File, limit int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	tooLarge := errors.New(filepath.Base(f.Name()) + " is larger than " + quantity.Size(limit))
	if info.Size() > limit {
		return nil, tooLarge
	}
	data := make([]byte, 0, info.Size()+1)
	for r := io.LimitReader(f, limit+1); ; {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if int64(len(data)) > limit {
			return nil, tooLarge
		}
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
	}
}
