package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/mod/sumdb/dirhash"
)

// errIrregular is why what should be a file is not opened: following a link would read another file than the
// store's, and opening a pipe would wait for somebody who writes into it.
var errIrregular = errors.New("it is not a regular file")

// openRegular opens a file that lies in the store, or returns [errIrregular]; with a directory in its path that is
// none, too.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENXIO) {
		return nil, errIrregular
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errIrregular
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// ReadFile reads a file that lies in a store, of at most max bytes; more are cut off. What is not a regular file,
// such as a link or a pipe, is an error at once.
func ReadFile(path string, max int64) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, max))
}

// HashTree returns the "h1:" sum of the files below a directory of a store, whose names start with prefix in the sum
// ("path@version" of a Go module; "" for other trees). What is neither a directory nor a regular file is an error.
func HashTree(dir, prefix string) (string, error) {
	if info, err := os.Lstat(dir); err != nil {
		return "", err
	} else if !info.IsDir() {
		return "", &fs.PathError{Op: "hash", Path: dir, Err: errors.New("it is not a directory")}
	}
	files := make(map[string]string) // names in the sum to paths
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(filepath.Join(prefix, rel))
		files[name] = path
		names = append(names, name)
		return nil
	})
	if err != nil {
		return "", err
	}
	return dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
		f, err := openRegular(files[name])
		if errors.Is(err, errIrregular) {
			err = &fs.PathError{Op: "hash", Path: files[name], Err: err}
		}
		if err != nil { // not a nil *os.File in an interface
			return nil, err
		}
		return f, nil
	})
}
