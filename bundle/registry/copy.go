package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/regular"
)

// transfers is how many parts are on their way at a time.
const transfers = 4

// Copied is what [Copy] did.
type Copied struct {
	Digest      string // of the index: a reference with it is this bundle for ever
	Systems     []string
	Parts, Sent int   // of all parts, those that had to be sent or fetched
	Bytes       int64 // of these
}

// Line tells a user what became of a bundle, by the verb "sent" for instance: its digest comes
// first, to be used in a reference.
func (c *Copied) Line(verb string) string {
	return fmt.Sprintf("%s %s: %s %d of %d parts, %s", c.Digest, strings.Join(c.Systems, ","), verb, c.Sent, c.Parts, quantity.About(c.Bytes))
}

// Copy copies a bundle from one place to another, which each are a file or oci://REFERENCE. A file
// appears as a whole; what a broken pull has fetched by then is kept beside it, in a directory of
// its name and ".part", for the next.
func Copy(ctx context.Context, from, to string, config Config) (*Copied, error) {
	if !strings.HasPrefix(from, Scheme) {
		f, err := bundle.OpenFile(from)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return Push(ctx, f, to, config)
	}
	p, err := at(from, config)
	if err != nil {
		return nil, err
	}
	index, err := p.index(ctx)
	if err != nil {
		return nil, err
	}
	l, err := bundle.ReadLayout(p.name, index, func(b bundle.Blob) ([]byte, error) { return p.read(ctx, b) })
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(to, Scheme) {
		return pull(ctx, p, l, to, config)
	}
	return push(ctx, l, to, config, func(b bundle.Blob) (io.ReadCloser, error) { return p.fetched(ctx, b) })
}

// Push copies a bundle that is open to a place, which is a file or oci://REFERENCE.
func Push(ctx context.Context, f *bundle.File, to string, config Config) (*Copied, error) {
	open := func(b bundle.Blob) (io.ReadCloser, error) {
		r, err := f.Reader(b)
		return io.NopCloser(r), err
	}
	if strings.HasPrefix(to, Scheme) {
		return push(ctx, f.Layout, to, config, open)
	}
	c := newCounted(f.Layout, config)
	err := regular.WriteWhole(to, func(w io.Writer) error {
		return f.Write(w, func(w io.Writer, b bundle.Blob) error {
			r, err := f.Reader(b)
			if err == nil {
				_, err = io.Copy(w, r)
			}
			c.step(b, false)
			return err
		})
	})
	return c.done(err)
}

// push sends a bundle to a registry: the parts that it has not, then the manifests of what it has
// whole, and last the tag.
func push(ctx context.Context, l *bundle.Layout, to string, config Config, open func(bundle.Blob) (io.ReadCloser, error)) (*Copied, error) {
	p, err := at(to, config)
	if err != nil {
		return nil, err
	}
	index := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: digest.FromBytes(l.Index), Size: int64(len(l.Index))}
	tag := p.version
	if strings.Contains(tag, ":") {
		if tag != string(index.Digest) {
			return nil, fmt.Errorf("%s: the bundle has the digest %s\n\tgive a tag, as in %s%s:TAG", p.name, index.Digest, Scheme, p.Repository)
		}
		tag = ""
	}
	c := newCounted(l, config)
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(transfers)
	for _, b := range l.Blobs() {
		if b.MediaType == ocispec.MediaTypeImageManifest {
			continue
		}
		group.Go(func() error {
			sent, err := p.Push(sending, descriptor(b), func() (io.ReadCloser, error) {
				if data, ok := l.Document(b); ok {
					return io.NopCloser(bytes.NewReader(data)), nil
				}
				return open(b)
			})
			if err == nil {
				c.step(b, !sent)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, b := range l.Manifests() {
		data, _ := l.Document(b)
		if err := p.PushManifest(ctx, descriptor(b), data, ""); err != nil {
			return nil, err
		}
		c.step(b, false)
	}
	return c.done(p.PushManifest(ctx, index, l.Index, tag))
}

// fetched returns a part in a file that is removed when it is closed.
func (p *place) fetched(ctx context.Context, b bundle.Blob) (io.ReadCloser, error) {
	f, err := os.CreateTemp("", "load-")
	if err != nil {
		return nil, err
	}
	temp := removed{f}
	err = p.Blob(ctx, descriptor(b), nil, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = temp.Close()
		return nil, err
	}
	return temp, nil
}

// removed is a file that is removed when it is closed.
type removed struct{ *os.File }

func (r removed) Close() error {
	err := r.File.Close()
	_ = os.Remove(r.Name())
	return err
}

// counted counts the parts of a bundle that were copied.
type counted struct {
	mu sync.Mutex
	Copied
	progress func(Step)
	steps    int
}

func newCounted(l *bundle.Layout, config Config) *counted {
	return &counted{Copied: Copied{Digest: string(digest.FromBytes(l.Index)), Systems: l.Systems(), Parts: len(l.Blobs())}, progress: config.Progress}
}

func (c *counted) step(b bundle.Blob, there bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steps++
	if !there {
		c.Sent++
		c.Bytes += b.Size
	}
	if c.progress != nil {
		c.progress(Step{Digest: b.Digest, Size: b.Size, There: there, Done: c.steps, Of: c.Parts})
	}
}

func (c *counted) done(err error) (*Copied, error) {
	if err != nil {
		return nil, err
	}
	return &c.Copied, nil
}
