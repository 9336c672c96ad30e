package dir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/find"
)

const (
	starlarkSuffix = ".star"
	// starlarkInit is the file that makes a folder a Starlark module, as __init__.py does in
	// Python. The other
	// files of the folder are modules of their own.
	starlarkInit = "init" + starlarkSuffix
)

// describeAny makes the spec of the module of a path: a folder, or else a Starlark file.
func describeAny(path string) (*find.Spec, error) {
	spec, err := describe(path)
	if !errors.Is(err, find.ErrNotFound) {
		return withLinks(path, spec, err)
	}
	file, fileErr := describeFile(path)
	if errors.Is(fileErr, find.ErrNotFound) && !strings.HasSuffix(path, starlarkSuffix) {
		return nil, err
	}
	return withLinks(path, file, fileErr)
}

// describeFile makes the spec of the Starlark file of a path, which may lack the suffix.
func describeFile(path string) (*find.Spec, error) {
	if !strings.HasSuffix(path, starlarkSuffix) {
		path += starlarkSuffix
	}
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	return describeStarlark(path, filepath.Dir(path), filepath.Base(path))
}

// describeStarlark makes the spec of the Starlark module of a name, which is a file in a directory.
func describeStarlark(name, dir, file string) (*find.Spec, error) {
	path := filepath.Join(dir, file)
	if real, err := realPath(path); err == nil && real != path { // a link is the file that it leads to
		name, dir, file, path = real, filepath.Dir(real), filepath.Base(real), real
	}
	info, err := os.Stat(path) // opening what is not a regular file may wait for ever
	switch {
	case errors.Is(err, fs.ErrNotExist) || isNotDirectory(err):
		return nil, notFound("there is no file %s", path)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, notFound("%s is not a file", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return &find.Spec{
		Name:   name,
		Why:    "a file is used as it is",
		Origin: "directory",
		Source: find.Source{
			Kind: find.KindStarlark, FS: os.DirFS(dir), Dir: dir, File: file,
			Hash: find.HashFile(path, text),
		},
	}, nil
}
