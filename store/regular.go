package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/mod/sumdb/dirhash"
)

// fileError is why what should be a file of the store is not read: following a link would read
// another file than the store's, opening a pipe would wait for somebody who writes into it, and
// somebody else's file is not what the store's user put there.
type fileError string

func (e fileError) Error() string { return string(e) }

const errIrregular = fileError("it is not a regular file")

// isBad reports whether an error is a [fileError].
func isBad(err error) bool {
	var bad fileError
	return errors.As(err, &bad)
}

// openRegular opens a file that lies in the store and that nobody else can write to, or returns a
// [fileError]; with something that is no directory in its path, too.
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
	if err == nil {
		err = foreign(info)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// ReadFile reads a file that lies in a store, of at most max bytes; more are cut off. What is not a
// regular file, such as a link or a pipe, or what somebody else could write to, is an error at
// once.
func ReadFile(path string, max int64) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, max))
}

// HashTree returns the "h1:" sum of the files below a directory of a store, whose names start with
// prefix in the sum ("path@version" of a Go module; "" for other trees), and of further names that
// end in "/" and hold nothing. What is neither a directory nor a regular file, or what somebody
// else could write to, is an error.
func HashTree(dir, prefix string, dirs ...string) (string, error) {
	if info, err := os.Lstat(dir); err != nil {
		return "", err
	} else if !info.IsDir() {
		return "", &fs.PathError{Op: "hash", Path: dir, Err: fileError("it is not a directory")}
	}
	files := make(map[string]string) // names in the sum to paths
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			info, err := d.Info()
			if err == nil {
				err = foreign(info)
			}
			if isBad(err) {
				err = &fs.PathError{Op: "hash", Path: path, Err: err}
			}
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
	for _, name := range dirs {
		if strings.HasSuffix(name, "/") {
			names = append(names, name)
		}
	}
	return dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
		if strings.HasSuffix(name, "/") {
			return io.NopCloser(strings.NewReader("")), nil
		}
		f, err := openRegular(files[name])
		if isBad(err) {
			err = &fs.PathError{Op: "hash", Path: files[name], Err: err}
		}
		if err != nil { // not a nil *os.File in an interface
			return nil, err
		}
		return f, nil
	})
}
