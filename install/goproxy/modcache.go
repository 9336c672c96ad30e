package goproxy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/loadgo/load/internal/failpoint"
	"github.com/loadgo/load/store"
)

// modCache is a directory in the layout of the go command's module cache: the store's mod/, or the
// user's own. In the store's, a module's directory appears as a whole, and its sum last: where both
// are, everything is. The zip itself is not kept: the go command builds without it.
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

// file is the file of a module version below cache/download; ext is "info", "mod", "zip", "ziphash"
// or "dirs".
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
	data, err := store.ReadFile(name, zip.MaxGoMod)
	if err == nil && len(data) == 0 {
		err = &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return data, err
}

// has reports whether a module is there, extracted, and returns its directory and sum.
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

// writeFile writes a file as a whole or not at all, making its directory. temp is a directory of
// the same file system, for what is not finished: what a killed process leaves there is swept.
func writeFile(temp, name string, data []byte) error {
	f, err := os.CreateTemp(temp, "file-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close(), failpoint.Hit("goproxy.file.written")); err != nil {
		return err
	}
	err = os.Rename(f.Name(), name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(filepath.Dir(name), 0o755)
	case err != nil: // a directory is in the way, which is none of ours
		err = os.RemoveAll(name)
	default:
		return failpoint.Hit("goproxy.file.renamed")
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	return errors.Join(err, failpoint.Hit("goproxy.file.renamed"))
}
