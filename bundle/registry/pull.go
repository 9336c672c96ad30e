package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/regular"
)

// pull fetches a bundle into a file. Its parts are first collected in a directory beside it.
func pull(ctx context.Context, p *place, l *bundle.Layout, to string, config Config) (*Copied, error) {
	parts, err := newParts(to + ".part")
	if err != nil {
		return nil, err
	}
	defer parts.close()
	c := newCounted(l, config)
	group, fetching := errgroup.WithContext(ctx)
	group.SetLimit(transfers)
	for _, b := range l.Blobs() {
		if _, ok := l.Document(b); ok {
			c.step(b, false)
			continue
		}
		group.Go(func() error {
			there, err := parts.fetch(fetching, p, b)
			if err == nil {
				c.step(b, there)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := regular.WriteWhole(to, func(w io.Writer) error { return l.Write(w, parts.copy) }); err != nil {
		return nil, err
	}
	return c.done(parts.remove())
}

// parts is a directory of parts that were fetched, each whole or the beginning of it. One process
// uses it at a time.
type parts struct {
	dir  string
	root *os.Root
	lock *flock.Flock
}

func newParts(dir string) (*parts, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	locked, err := lock.TryLock()
	if err == nil && !locked {
		err = fmt.Errorf("%s: another process fetches into it\n\twait for that, or name another file", dir)
	}
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return &parts{dir, root, lock}, nil
}

func (p *parts) close() {
	_ = p.lock.Close()
	_ = p.root.Close()
}

// remove removes what is not needed any more.
func (p *parts) remove() error {
	p.close()
	return os.RemoveAll(p.dir)
}

func fileOf(b bundle.Blob) string { return strings.TrimPrefix(b.Digest, "sha256:") }

// fetch brings a part to its end; there reports whether nothing had to be fetched. A beginning that
// turns out to be that of another thing is fetched anew.
func (p *parts) fetch(ctx context.Context, from *place, b bundle.Blob) (there bool, err error) {
	f, err := p.root.OpenFile(fileOf(b), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", filepath.Join(p.dir, fileOf(b)), regular.Err)
	}
	if err == nil && info.Size() > b.Size {
		err = f.Truncate(0)
	}
	if err != nil {
		return false, err
	}
	err = from.Blob(ctx, descriptor(b), f, f)
	var wrong *install.ChecksumError
	if info.Size() == 0 || !errors.As(err, &wrong) {
		return err == nil && info.Size() == b.Size, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	if err := f.Truncate(0); err != nil {
		return false, err
	}
	return false, from.Blob(ctx, descriptor(b), nil, f)
}

// copy copies a part, and compares it once more with its digest: others may have written to it.
func (p *parts) copy(w io.Writer, b bundle.Blob) error {
	f, err := regular.OpenIn(p.root, fileOf(b))
	if err != nil {
		return err
	}
	defer f.Close()
	return bundle.Verify(b, f, w)
}
