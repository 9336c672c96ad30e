package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/policy"
)

// A Builder puts into a repository what it compiled, with its signature.
type Builder struct {
	remote *Remote
	signer note.Signer
}

// NewBuilder returns a builder that pushes to the first place of a configuration. Policies that
// name keys have to name the signer's.
func NewBuilder(config Config, signer note.Signer) (*Builder, error) {
	r, err := open(config)
	if err == nil && len(r.places) == 0 {
		err = &engine.ConfigError{Setting: "Config.Remote", Reason: "there is no place to push to: set LOAD_REMOTE=oci://REGISTRY/REPOSITORY, or add the rule \"artifacts oci://REPOSITORY signed-by KEY\" to the policy"}
	}
	if err != nil {
		return nil, err
	}
	return &Builder{remote: r, signer: signer}, nil
}

// Pushed is what became of an artifact.
type Pushed struct {
	Digest string // of its manifest
	There  bool   // it was there, signed, and nothing was sent
	Bytes  int64  // that were sent
}

// Push sends a prepared module, unless the repository has it. Its tags come last: who finds it finds
// it signed.
func (b *Builder) Push(ctx context.Context, p *load.Prepared) (*Pushed, error) {
	if p.Files == nil {
		return nil, fmt.Errorf("%s is compiled to nothing: there is nothing to push", p.Name)
	}
	at, s := b.remote.places[0], p.Sought
	if Named(b.remote.config.Policies) {
		if f, err := b.remote.trusted(ctx, at, s.Key, s, func(m *manifest) error { return m.fits(s, s.Key) }); err == nil {
			return &Pushed{Digest: f.digest, There: true}, nil
		}
	}
	m := newManifest(artifactType)
	m.Annotations = map[string]string{
		keyNote: s.Key, sourceNote: s.Source, moduleNote: s.Module, versionNote: s.Version, engineNote: s.Engine, releaseNote: p.Release, targetNote: p.Target,
	}
	for _, f := range p.Files.Files() {
		data, err := p.Files.ReadFile(f.Name)
		if err != nil {
			return nil, err
		}
		d := describe(fileType, data)
		d.Annotations = map[string]string{ocispec.AnnotationTitle: f.Name}
		m.Layers = append(m.Layers, d)
	}
	data, d, err := encode(m)
	if err != nil {
		return nil, err
	}
	if _, err := parse(data); err != nil {
		return nil, fmt.Errorf("%s cannot be pushed: %w", p.Name, err)
	}
	signed, err := policy.ArtifactSignature{Key: s.Key, Digest: string(d.Digest), Date: time.Now()}.Sign(b.signer)
	if err != nil {
		return nil, err
	}
	if err := b.known(s.Key, string(d.Digest), signed); err != nil {
		return nil, err
	}
	out := &Pushed{Digest: string(d.Digest)}
	for _, layer := range m.Layers {
		sent, err := at.Push(ctx, layer, func() (io.ReadCloser, error) {
			data, err := p.Files.ReadFile(layer.Annotations[ocispec.AnnotationTitle])
			return io.NopCloser(bytes.NewReader(data)), err
		})
		if err != nil {
			return nil, err
		}
		if sent {
			out.Bytes += layer.Size
		}
	}
	if err := at.blob(ctx, m.Config, m.Config.Data); err != nil {
		return nil, err
	}
	if err := at.PushManifest(ctx, d, data, ""); err != nil {
		return nil, err
	}
	if err := at.sign(ctx, d, signed); err != nil {
		return nil, err
	}
	return out, at.tag(ctx, d, data, s.AnyRelease, s.Key)
}

// known refuses a key that the policies do not have: no host would take what it signs.
func (b *Builder) known(key, digest string, signed []byte) error {
	if !Named(b.remote.config.Policies) {
		return nil
	}
	return install.Decide(b.remote.config.Policies, func(p *policy.Policy) policy.Decision {
		if len(p.Artifacts) == 0 {
			return policy.Decision{Allowed: true}
		}
		d := p.Artifact(key, digest, signed, time.Now())
		if !d.Allowed {
			d.Reason, d.Fix = "no host would take what "+b.signer.Name()+" signs: "+d.Reason, "sign with a key of the policy, or add this one to it"
		}
		return d
	})
}

// sign adds a manifest that refers to another and holds a signed note.
func (p *place) sign(ctx context.Context, of ocispec.Descriptor, signed []byte) error {
	m := newManifest(signatureType)
	layer := describe(noteType, signed)
	layer.Data = signed
	m.Layers, m.Subject = []ocispec.Descriptor{layer}, &of
	m.Config.MediaType = signatureType // some registries tell the type of what refers to a manifest by this
	if err := p.blob(ctx, layer, signed); err != nil {
		return err
	}
	data, d, err := encode(m)
	if err != nil {
		return err
	}
	return p.PushManifest(ctx, d, data, "")
}

// tag makes tags stand for a manifest.
func (p *place) tag(ctx context.Context, d ocispec.Descriptor, data []byte, tags ...string) error {
	for _, tag := range tags {
		if tag == "" {
			continue
		}
		if err := p.PushManifest(ctx, d, data, tag); err != nil {
			return err
		}
	}
	return nil
}

func (p *place) blob(ctx context.Context, d ocispec.Descriptor, data []byte) error {
	_, err := p.Push(ctx, d, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
	return err
}

func describe(mediaType string, data []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
}

func encode(m ocispec.Manifest) ([]byte, ocispec.Descriptor, error) {
	data, err := json.Marshal(m)
	return data, describe(m.MediaType, data), err
}
