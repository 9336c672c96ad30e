// Package gate lets the files of a module from outside into a directory: those of an archive, of a
// git tree, or of another directory. It is the only way in for bytes of any origin.
//
// It admits regular files, and directories by their files. Every name is checked before anything is
// written for it: it follows the rules for names in Go module zips, stays inside, belongs to no
// version control, and is on every system another than all names before it. Links, devices, pipes
// and setuid files are refused, and so is more than the limits allow, counted on what comes out and
// not on what a header says. A refusal is final: nothing reads the same bytes again in a more
// forgiving way. What was written up to then is the caller's to remove.
package gate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/regular"
)

// Limits bound what a Tree takes. A field that is zero has the value of [DefaultLimits].
type Limits struct {
	Files int   // regular files, and directories
	Bytes int64 // of all files together
	Depth int   // elements of a name
	Ratio int64 // bytes that come out of an archive for each of its own, once 16 MiB came out
}

// DefaultLimits are those of Go module zips in size, and generous otherwise.
var DefaultLimits = Limits{Files: 100_000, Bytes: 500 << 20, Depth: 64, Ratio: 200}

// ratioFloor is how much may come out of an archive of any size: a small file of zeros is no bomb.
const ratioFloor = 16 << 20

// Error reports what is not let in.
type Error struct {
	Name   string // the file's name as it was given, "" where the whole is refused
	Reason string
}

func (e *Error) Error() string {
	if e.Name == "" {
		return e.Reason
	}
	return fmt.Sprintf("%q %s", e.Name, e.Reason)
}

func refuse(name, format string, args ...any) error {
	return &Error{Name: name, Reason: fmt.Sprintf(format, args...)}
}

// Tree is a directory that is being filled. It is not safe for concurrent use.
type Tree struct {
	ctx    context.Context
	root   *os.Root
	dir    string
	limits Limits
	names  names
	files  int
	bytes  int64
	buf    []byte

	// OmitLinks leaves symbolic links out instead of refusing what holds one, as the go command
	// does when it makes a module of a repository. They are never followed.
	OmitLinks bool

	// Layers refuses the files by which a layer of an image deletes files of others: they would
	// stay.
	Layers bool
}

// New returns a tree for a directory, which must be empty and nobody else's. The caller closes it.
// Once ctx has ended nothing more is let in or summed, and the error is its cause.
func New(ctx context.Context, dir string, limits Limits) (*Tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	limits.Files = orDefault(limits.Files, DefaultLimits.Files)
	limits.Bytes = orDefault(limits.Bytes, DefaultLimits.Bytes)
	limits.Depth = orDefault(limits.Depth, DefaultLimits.Depth)
	limits.Ratio = orDefault(limits.Ratio, DefaultLimits.Ratio)
	return &Tree{ctx: ctx, root: root, dir: dir, limits: limits, buf: make([]byte, 64<<10)}, nil
}

func orDefault[T int | int64](v, standard T) T {
	if v <= 0 {
		return standard
	}
	return v
}

// Close ends the use of the directory, which stays.
func (t *Tree) Close() error { return t.root.Close() }

// Files returns how many files were let in, and Bytes how large they are together.
func (t *Tree) Files() int   { return t.files }
func (t *Tree) Bytes() int64 { return t.bytes }

// Sum returns the "h1:" sum of the tree, that of [dirhash.Hash1] over the names below it. Two trees
// have one sum only if they have the same files: a directory counts by its files, and modes are all
// alike.
func (t *Tree) Sum() (string, error) {
	if err := t.ended(); err != nil {
		return "", err
	}
	names, err := dirhash.DirFiles(t.dir, "")
	if err != nil {
		return "", err
	}
	return dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
		if err := t.ended(); err != nil {
			return nil, err
		}
		return regular.OpenIn(t.root, name)
	})
}

// ended is the cause of the context's end, nil before it.
func (t *Tree) ended() error {
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	return nil
}

// untilEnded reads until the context ends.
type untilEnded struct {
	t *Tree
	r io.Reader
}

func (u untilEnded) Read(p []byte) (int, error) {
	if err := u.t.ended(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// File lets in one regular file.
func (t *Tree) File(name string, r io.Reader) error { return t.file(name, 0, r, t.limits.Bytes) }

// file lets in what r has, up to a total size of the tree.
func (t *Tree) file(name string, mode fs.FileMode, r io.Reader, total int64) error {
	clean, err := t.admit(name, mode)
	if err != nil || mode.IsDir() || clean == "" {
		return err
	}
	t.files++
	if dir := path.Dir(clean); dir != "." {
		if err := t.root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	w, err := t.root.OpenFile(clean, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	// One byte more than may come tells the end of the file from the end of what is allowed.
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(untilEnded{t, r}, total-t.bytes+1), t.buf)
	if err2 := w.Close(); err == nil {
		err = err2
	}
	t.bytes += n
	var disk *fs.PathError
	switch {
	case t.ended() != nil:
		return t.ended()
	case errors.As(err, &disk):
		return err
	case err != nil:
		return refuse(name, "cannot be read: %v", err)
	case t.bytes > total && total < t.limits.Bytes:
		return refuse("", "it is compressed more than %d times: that is a decompression bomb", t.limits.Ratio)
	case t.bytes > total:
		return refuse("", "its files are larger than %s together", quantity.Size(t.limits.Bytes))
	}
	return nil
}

// admit checks an entry's name and type; the clean name of one that is left out, or that is the
// whole, is "".
func (t *Tree) admit(name string, mode fs.FileMode) (clean string, err error) {
	if err := t.ended(); err != nil {
		return "", err
	}
	clean, err = cleanName(name, mode.IsDir())
	if err != nil || clean == "" {
		return "", err
	}
	if strings.Count(clean, "/") >= t.limits.Depth {
		return "", refuse(name, "lies deeper than %d directories", t.limits.Depth)
	}
	switch {
	case t.Layers && strings.HasPrefix(path.Base(clean), ".wh."):
		return "", refuse(name, "deletes files of another layer, which is not done here")
	case mode&fs.ModeSymlink != 0 && t.OmitLinks:
		return "", nil
	case mode&fs.ModeSymlink != 0:
		return "", refuse(name, "is a symbolic link")
	case mode&fs.ModeDevice != 0:
		return "", refuse(name, "is a device")
	case mode&fs.ModeNamedPipe != 0:
		return "", refuse(name, "is a named pipe")
	case mode&fs.ModeSocket != 0:
		return "", refuse(name, "is a socket")
	case mode&fs.ModeType&^fs.ModeDir != 0:
		return "", refuse(name, "is no regular file")
	case mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 && !mode.IsDir():
		return "", refuse(name, "is setuid or setgid")
	}
	if err := t.names.add(name, clean, mode.IsDir()); err != nil {
		return "", err
	}
	if len(t.names) > t.limits.Files {
		return "", tooMany(t.limits.Files)
	}
	return clean, nil
}

func tooMany(limit int) error {
	return refuse("", "it holds more than %d files and directories", limit)
}
