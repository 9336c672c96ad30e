package goproxy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
)

// modCache is a directory in the layout of the go command's module cache: the store's mod/, or the
// user's own. In the store's, a module's directory appears last and as a whole: where it is, everything is.
// The zip itself is not kept: the go command builds without it.
type modCache string

// dir is the directory of an extracted module.
func (c modCache) dir(m module.Version) (string, error) {
	path, err := module.EscapePath(m.Path)
	if err != nil {
		return "", err
	}
	version, err := module.EscapeVersion(m.Version)
	if err != nil {
		return "", err
	}
	return filepath.Join(string(c), filepath.FromSlash(path)+"@"+version), nil
}

// file is the file of a module version below cache/download; ext is "info", "mod", "zip", "ziphash" or "dirs".
func (c modCache) file(m module.Version, ext string) (string, error) {
	path, err := module.EscapePath(m.Path)
	if err != nil {
		return "", err
	}
	version, err := module.EscapeVersion(m.Version)
	if err != nil {
		return "", err
	}
	return filepath.Join(string(c), "cache", "download", filepath.FromSlash(path), "@v", version+"."+ext), nil
}

// read returns a file of a module version; an empty one counts as absent.
func (c modCache) read(m module.Version, ext string) ([]byte, error) {
	name, err := c.file(m, ext)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(name)
	if err == nil && len(data) == 0 {
		err = &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return data, err
}

// has tells whether a module is there, extracted, and returns its directory and sum.
func (c modCache) has(m module.Version) (dir, sum string, ok bool) {
	dir, err := c.dir(m)
	if err != nil {
		return "", "", false
	}
	if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
		return dir, "", false
	}
	data, err := c.read(m, "ziphash")
	sum = strings.TrimSpace(string(data))
	return dir, sum, err == nil && strings.HasPrefix(sum, "h1:")
}

// writeFile writes a file as a whole or not at all, making its directory.
func writeFile(name string, data []byte) (err error) {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, ".partial-*")
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(dir, 0o755); err == nil {
			f, err = os.CreateTemp(dir, ".partial-*")
		}
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	return err
}
