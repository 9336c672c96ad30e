package dir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/manifest"
	"github.com/loadgo/load/internal/regular"
)

const (
	starlarkSuffix = ".star"
	wasmSuffix     = ".wasm"
	// starlarkInit is the file that makes a folder a Starlark module, as __init__.py does in
	// Python. The other files of the folder are modules of their own.
	starlarkInit = "init" + starlarkSuffix
)

// describeAny makes the spec of the module of a path: a folder, or else a Starlark or WebAssembly
// file, or a manifest of such files.
func describeAny(path string) (*find.Spec, error) {
	spec, err := describe(path)
	if !errors.Is(err, find.ErrNotFound) {
		return withLinks(path, spec, err)
	}
	file, fileErr := describeFile(path)
	if errors.Is(fileErr, find.ErrNotFound) && !isFile(path) {
		return nil, err
	}
	return withLinks(path, file, fileErr)
}

// isFile reports whether a name says by its suffix that it is a file's.
func isFile(name string) bool { return strings.HasSuffix(name, starlarkSuffix) || isWasm(name) }

// isWasm reports whether a file is one of WebAssembly, or names such files.
func isWasm(name string) bool { return strings.HasSuffix(name, wasmSuffix) || manifest.Is(name) }

// maxFile is the most bytes that a module of one file has.
const maxFile = 256 << 20

// describeFile makes the spec of the file of a path; that of a Starlark file may lack the suffix.
func describeFile(path string) (*find.Spec, error) {
	if !isFile(path) {
		path += starlarkSuffix
	}
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	return describeSingle(path, filepath.Dir(path), filepath.Base(path))
}

// describeSingle makes the spec of the module of a name, which is a Starlark or WebAssembly file in
// a directory.
func describeSingle(name, dir, file string) (*find.Spec, error) {
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
	text, err := regular.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	kind := find.KindStarlark
	if isWasm(file) {
		kind = find.KindWasm
	}
	fsys := regular.DirFS(dir)
	beside := &opened{FS: fsys}
	hash := find.HashFile(path, manifest.Hashed(beside, file, text))
	parts, err := beside.parts(dir, file)
	if err != nil {
		return nil, err
	}
	return &find.Spec{
		Name:   name,
		Why:    "a file is used as it is",
		Origin: "directory",
		Source: find.Source{
			Kind: kind, FS: fsys, Dir: dir, File: file, Hash: hash,
		},
		Parts: parts,
	}, nil
}

// opened is a directory that notes which of its files were opened.
type opened struct {
	fs.FS
	names []string
}

// Open implements [fs.FS].
func (o *opened) Open(name string) (fs.File, error) {
	f, err := o.FS.Open(name)
	if err == nil {
		o.names = append(o.names, name)
	}
	return f, err
}

// parts are the files that were opened in a directory besides one, by where they really lie.
func (o *opened) parts(dir, besides string) (parts []find.Part, err error) {
	for _, name := range o.names {
		if name == besides {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			return nil, err
		}
		parts = append(parts, find.Part{Place: real, Files: []string{path, real}})
	}
	return parts, nil
}
