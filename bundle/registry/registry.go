// Package registry carries bundles to and from OCI registries, where they have the same parts as in
// a file: the index under a tag, a manifest for each system, and one blob for each other part. What
// is there already is not sent or fetched again, and what breaks off goes on where it was.
//
//	b, err := registry.Open(ctx, "registry.example.com/team/modules:2026-11", registry.Config{})
//	l, err := standard.New(load.Config{Bundles: []load.Bundle{b}})
package registry

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// Scheme begins the place of a bundle that is in a registry, where it could be a file, too.
const Scheme = "oci://"

// maxBundle is the most bytes that a part of a bundle has.
const maxBundle = 4 << 30

// Config says how registries are asked. The zero Config is useful.
type Config struct {
	OCI      oci.Config       // MaxBytes is 4 GiB by default, for each part
	Policies []*policy.Policy // what they deny is not asked
	Events   event.Sink       // hears of retries; may be nil
	Offline  bool             // ask no registry

	// Store keeps the parts that were read, for the next [Open] on this machine: as long as a
	// reference leads to the same bundle, that asks for the index alone. It may be nil.
	Store *store.Store

	// Progress hears of each part that was copied, or was there. It may be nil, and is not called
	// twice at once.
	Progress func(Step)
}

// Step is a part that was copied.
type Step struct {
	Digest   string
	Size     int64
	There    bool // it was there, and was not sent or fetched
	Done, Of int  // parts
}

// place is a bundle in a registry.
type place struct {
	*oci.Repository
	name    string // for messages
	version string // tag or digest
	store   *store.Store
}

// at returns the place of a reference, which may begin with oci://.
func at(reference string, config Config) (*place, error) {
	reference = strings.TrimPrefix(reference, Scheme)
	config.OCI.MaxBytes = cmp.Or(config.OCI.MaxBytes, maxBundle)
	session := &install.Session{Policies: config.Policies, Events: config.Events, Offline: config.Offline}
	r, version, err := oci.New(config.OCI).Repository(session, reference)
	if err != nil {
		return nil, err
	}
	if err := session.AdmitURL(r.URL()); err != nil {
		return nil, err
	}
	return &place{r, Scheme + reference, version, config.Store}, nil
}

func descriptor(b bundle.Blob) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: b.MediaType, Digest: digest.Digest(b.Digest), Size: b.Size}
}

// fetch returns a blob, or a manifest.
func (p *place) fetch(ctx context.Context, b bundle.Blob) ([]byte, error) {
	if b.MediaType == ocispec.MediaTypeImageManifest {
		_, data, err := p.Manifest(ctx, b.Digest)
		return data, err
	}
	var data bytes.Buffer
	data.Grow(int(min(b.Size, 64<<20)))
	err := p.Blob(ctx, descriptor(b), nil, &data)
	return data.Bytes(), err
}

// read is fetch for what the store has not.
func (p *place) read(ctx context.Context, b bundle.Blob) ([]byte, error) {
	if p.store == nil {
		return p.fetch(ctx, b)
	}
	key := store.Key("part of a bundle", b.Digest) // the digest is of the content: it does not matter who fetched it
	data, err := p.stored(ctx, key, b)
	var damaged *store.DamagedError
	if errors.As(err, &damaged) {
		if err := p.store.Evict(key); err != nil {
			return nil, err
		}
		data, err = p.stored(ctx, key, b)
	}
	return data, err
}

func (p *place) stored(ctx context.Context, key string, b bundle.Blob) ([]byte, error) {
	const name = "part"
	a, _, err := p.store.Artifact(ctx, key, func(ctx context.Context, dir string) error {
		data, err := p.fetch(ctx, b)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), data, 0o600)
	})
	if err != nil {
		return nil, err
	}
	return a.ReadFile(name)
}

// index returns the index of the bundle. Where a tool left the manifest of one system alone, it is
// that of the one.
func (p *place) index(ctx context.Context) ([]byte, error) {
	d, data, err := p.Manifest(ctx, p.version)
	if errors.Is(err, find.ErrNotFound) {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	if err != nil || d.MediaType != ocispec.MediaTypeImageManifest {
		return data, err
	}
	return bundle.IndexOf(p.name, data, func(b bundle.Blob) ([]byte, error) { return p.read(ctx, b) })
}

// Open opens the bundle that a registry has under a reference, such as
// registry.example.com/team/modules:2026-11. It reads what the bundle says of this system; the
// files of a module are fetched when the module is used, and kept in Config.Store only. Who can
// write to the repository decides what a tag stands for, and so what runs; a reference with a
// digest (@sha256:…) is one bundle for ever.
func Open(ctx context.Context, reference string, config Config) (*bundle.Bundle, error) {
	p, err := at(reference, config)
	if err != nil {
		return nil, err
	}
	index, err := p.index(ctx)
	if err != nil {
		return nil, err
	}
	return bundle.From(ctx, p.name, index, p.read)
}

// Look returns what a bundle is, for all systems, with its bill of materials, which may be nil. The
// bundle is in a file, or in a registry under oci://REFERENCE. No file of a module is read.
func Look(ctx context.Context, from string, config Config) (l *bundle.Layout, materials []byte, err error) {
	if !strings.HasPrefix(from, Scheme) {
		f, err := bundle.OpenFile(from)
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		materials, err = f.Materials(func(b bundle.Blob) ([]byte, error) {
			r, err := f.Reader(b)
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		})
		return f.Layout, materials, err
	}
	p, err := at(from, config)
	if err != nil {
		return nil, nil, err
	}
	index, err := p.index(ctx)
	if err != nil {
		return nil, nil, err
	}
	read := func(b bundle.Blob) ([]byte, error) { return p.read(ctx, b) }
	if l, err = bundle.ReadLayout(p.name, index, read); err != nil {
		return nil, nil, err
	}
	materials, err = l.Materials(read)
	return l, materials, err
}
