package gate

import (
	"context"
	"io/fs"
	"os"
	"path"

	"github.com/loadgo/load/internal/regular"
)

// Dir lets in the files below another directory, without those of version control. Links are
// refused, and nothing outside of the directory is read, also if it changes meanwhile.
func (t *Tree) Dir(source string) error {
	root, err := os.OpenRoot(source)
	if err != nil {
		return err
	}
	defer root.Close()
	return walk(t.ctx, root, func(name string, d fs.DirEntry) error { return t.dirEntry(root, name, d) })
}

// List lists what [Tree.Dir] would let in, files and directories, by their slash-separated names.
func List(ctx context.Context, source string) (names []string, err error) {
	root, err := os.OpenRoot(source)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	err = walk(ctx, root, func(name string, _ fs.DirEntry) error {
		names = append(names, name)
		return nil
	})
	return names, err
}

// walk calls do for all that lies in a directory but what belongs to version control, until ctx ends.
func walk(ctx context.Context, root *os.Root, do func(name string, d fs.DirEntry) error) error {
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil || name == "." {
			return err
		}
		if versionControl[fold(path.Base(name))] {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil // the file of a git work tree
		}
		return do(name, d)
	})
}

func (t *Tree) dirEntry(root *os.Root, name string, d fs.DirEntry) error {
	if !d.Type().IsRegular() { // opening a pipe may wait for ever
		return t.file(name, d.Type(), nil, 0)
	}
	f, err := regular.OpenIn(root, name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return t.file(name, info.Mode(), f, t.limits.Bytes)
}
