package modzip

import (
	stdzip "archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
	"golang.org/x/sync/errgroup"

	"github.com/loadgo/load/install"
)

// Bad reports a module zip that breaks the rules for such files (Go Modules Reference, "Module zip
// files"). Nothing of it was written where a build could find it.
func Bad(reason string) error {
	return &install.RegistryError{
		Reason: "its zip is refused: " + reason,
		Fix:    "the registry or the module's author made a broken zip; try another version, or another registry in GOPROXY",
	}
}

// MaxEntries is how many files a module may have: several times those of the largest modules.
// Reading the directory of a zip takes some hundred bytes of memory for each.
const MaxEntries = 500_000

// CheckEntries refuses a zip that may have too many entries, before anybody reads its directory: it
// counts the mark with which each begins, wherever it stands.
func CheckEntries(f io.ReaderAt, size int64) error {
	const mark = "PK\x01\x02"
	buf := make([]byte, 256<<10)
	entries := 0
	for at := int64(0); at < size; at += int64(len(buf) - len(mark) + 1) { // a mark across two pieces is in the second
		n, err := f.ReadAt(buf, at)
		if err != nil && err != io.EOF {
			return err
		}
		if entries += bytes.Count(buf[:n], []byte(mark)); entries > MaxEntries {
			return Bad(fmt.Sprintf("it has more than %d entries", MaxEntries))
		}
	}
	return nil
}

// Unpacked is what is known of a zip once it was unpacked.
type Unpacked struct {
	Sum  string   // "h1:…"
	Dirs []string // its entries for directories, which end in "/"
}

// Extract checks a module zip, writes its files below the empty directory dir, and returns its sum,
// in one pass: every file is hashed while it is written. All names are checked before the first is
// written, and an [os.Root] keeps them inside dir whatever they are. The files are read-only. It ends
// with the context, between two files.
func Extract(ctx context.Context, f *os.File, m module.Version, dir string) (Unpacked, error) {
	if _, err := zip.CheckZip(m, f.Name()); err != nil {
		return Unpacked{}, Bad(zipReason(err))
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return Unpacked{}, err
	}
	z, err := stdzip.NewReader(f, size)
	if err != nil {
		return Unpacked{}, Bad(err.Error())
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Unpacked{}, err
	}
	defer root.Close()
	prefix := m.Path + "@" + m.Version + "/"
	if err := makeDirs(ctx, root, z, prefix); err != nil {
		return Unpacked{}, err
	}
	lines := make([]string, len(z.File))
	var next atomic.Int64
	var g errgroup.Group
	for range min(runtime.GOMAXPROCS(0), 1+len(z.File)/16) {
		g.Go(func() error {
			buf := make([]byte, 64<<10)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(z.File) {
					return nil
				}
				file := z.File[i]
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				h, err := extractFile(root, file, strings.TrimPrefix(file.Name, prefix), buf)
				if err != nil {
					return err
				}
				lines[i] = fmt.Sprintf("%x  %s\n", h, file.Name)
			}
		})
	}
	if err := g.Wait(); err != nil {
		return Unpacked{}, err
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[2*sha256.Size:], b[2*sha256.Size:]) })
	h := sha256.Sum256([]byte(strings.Join(lines, "")))
	out := Unpacked{Sum: "h1:" + base64.StdEncoding.EncodeToString(h[:])}
	for _, file := range z.File {
		if strings.HasSuffix(file.Name, "/") {
			out.Dirs = append(out.Dirs, file.Name)
		}
	}
	return out, nil
}

// zipReason shortens the report of all bad names to the first one.
func zipReason(err error) string {
	var names zip.FileErrorList
	if errors.As(err, &names) && len(names) > 0 {
		return names[0].Error()
	}
	return err.Error()
}

func makeDirs(ctx context.Context, root *os.Root, z *stdzip.Reader, prefix string) error {
	made := map[string]bool{".": true}
	for _, file := range z.File {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		dir := path.Dir(strings.TrimPrefix(file.Name, prefix))
		if !made[dir] {
			if err := root.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			made[dir] = true
		}
	}
	return nil
}

// extractFile writes one file and returns its SHA-256 sum. A directory's entry has the sum of an
// empty file.
func extractFile(root *os.Root, file *stdzip.File, name string, buf []byte) (sum []byte, err error) {
	h := sha256.New()
	r, err := file.Open()
	if err != nil {
		return nil, Bad(fmt.Sprintf("%s: %v", name, err))
	}
	defer r.Close()
	if strings.HasSuffix(file.Name, "/") {
		if n, err := io.CopyN(io.Discard, r, 1); n > 0 || err != io.EOF {
			return nil, Bad(name + ": a directory has contents")
		}
		return h.Sum(nil), nil
	}
	w, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return nil, err
	}
	// The size was added up against the limit before; more than it says must not come out.
	limit := int64(file.UncompressedSize64)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(w, h)}, io.LimitReader(r, limit+1), buf)
	if err2 := w.Close(); err == nil {
		err = err2
	}
	var disk *fs.PathError
	switch {
	case errors.As(err, &disk):
		return nil, err
	case err != nil:
		return nil, Bad(fmt.Sprintf("%s: %v", name, err))
	case n > limit:
		return nil, Bad(name + ": it is larger than the zip says")
	}
	return h.Sum(nil), nil
}

// Protect takes the permission to write away from the directories below dir, as the go command
// does, so that nobody edits a shared source by mistake. dir itself follows after it was moved to
// its place.
func Protect(ctx context.Context, dir string) error {
	return fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil || !d.IsDir() || name == "." {
			return err
		}
		return os.Chmod(dir+string(os.PathSeparator)+name, 0o555)
	})
}
