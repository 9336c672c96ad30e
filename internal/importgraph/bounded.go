package importgraph

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/loadgo/load/internal/regular"
)

// How many bytes are read to learn what files import: up to the end of their import declarations,
// and all of a file that imports embed. Each import takes up to 560 bytes of memory, and the go
// command has no bound. A package of four thousand files stays below: of each 4 KiB are read at
// least.
const (
	maxFile    = 4 << 20
	maxPackage = 16 << 20
)

// ErrTooMuch is a package that imports more than anybody would write.
var ErrTooMuch = errors.New("too much would have to be read to learn what it imports: 4 MiB of a file and 16 MiB of a package are the most")

// bounded opens the files of one package, and keeps the error of the one that exceeded a bound.
type bounded struct {
	left int64
	err  error
}

func (b *bounded) open(path string) (io.ReadCloser, error) {
	if b.err != nil {
		return nil, b.err
	}
	file, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	return &boundedFile{file, b, maxFile}, nil
}

type boundedFile struct {
	*os.File
	of   *bounded
	left int64
}

func (f *boundedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.left -= int64(n)
	f.of.left -= int64(n)
	if f.left < 0 || f.of.left < 0 {
		f.of.err = &fs.PathError{Op: "read", Path: f.Name(), Err: ErrTooMuch}
		return 0, f.of.err
	}
	return n, err
}
