package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
)

// The types of what lies in a repository. They change with the format.
const (
	artifactType  = "application/vnd.loadgo.artifact.v1"
	fileType      = "application/vnd.loadgo.artifact.file.v1"
	signatureType = "application/vnd.loadgo.signature.v1"
	noteType      = "application/vnd.loadgo.note.v1"
)

// Annotations of an artifact's manifest, which is what is signed.
const (
	keyNote     = "dev.loadgo.key"
	sourceNote  = "dev.loadgo.source"
	moduleNote  = "dev.loadgo.module"
	versionNote = "dev.loadgo.version"
	engineNote  = "dev.loadgo.engine"
	releaseNote = "dev.loadgo.release"
	targetNote  = "dev.loadgo.target"
)

// Bounds of what is read.
const (
	maxSignatures = 16
	maxNote       = 64 << 10
	maxVoucher    = 8 << 20
)

type manifest struct{ ocispec.Manifest }

// found is an artifact in a repository.
type found struct {
	*manifest
	at         *place
	data       []byte // the manifest
	digest     string // of it
	signatures [][]byte
}

func (m *manifest) key() string { return m.Annotations[keyNote] }

func (m *manifest) size() (total int64) {
	for _, f := range m.Layers {
		total += f.Size
	}
	return total
}

// parse reads a manifest, strictly: nothing of what is refused is used.
func parse(data []byte) (*manifest, error) {
	m := new(manifest)
	if err := json.Unmarshal(data, &m.Manifest); err != nil {
		return nil, errors.New("it is no manifest")
	}
	switch {
	case m.ArtifactType != artifactType:
		return nil, fmt.Errorf("it is of the type %q, and this version of load reads %q", m.ArtifactType, artifactType)
	case m.SchemaVersion != 2 || m.MediaType != ocispec.MediaTypeImageManifest:
		return nil, errors.New("it is no image manifest")
	case len(m.Layers) == 0 || len(m.Layers) > maxFiles:
		return nil, fmt.Errorf("it has %d files", len(m.Layers))
	}
	seen := map[string]bool{engine.Voucher: true}
	for _, f := range m.Layers {
		name := f.Annotations[ocispec.AnnotationTitle]
		switch {
		case !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\n\\:\x00"):
			return nil, fmt.Errorf("its file %q escapes from its folder", name)
		case seen[strings.ToLower(name)]:
			return nil, fmt.Errorf("its file %q is there twice, or has a name that is reserved", name)
		case f.MediaType != fileType || len(f.URLs) > 0 || f.Digest.Validate() != nil || f.Digest.Algorithm() != digest.SHA256:
			return nil, fmt.Errorf("its file %q is not in the repository", name)
		case f.Size < 0 || f.Size > maxBytes || m.size() > maxBytes:
			return nil, fmt.Errorf("its file %q is too large", name)
		}
		seen[strings.ToLower(name)] = true
	}
	return m, nil
}

// fits returns why an artifact is not the one that is sought; key is "" where that of any release
// does.
func (m *manifest) fits(s engine.Sought, key string) error {
	switch {
	case key != "" && m.key() != key, m.Annotations[engineNote] != s.Engine, key != "" && m.Annotations[sourceNote] != s.Source:
		return fmt.Errorf("it is the artifact of %s %s for %s, with another key", m.Annotations[moduleNote], m.Annotations[versionNote], m.Annotations[engineNote])
	}
	return nil
}

// trusted returns what a place has under a tag, if it is what is sought and is signed.
func (r *Remote) trusted(ctx context.Context, p *place, tag string, s engine.Sought, fits func(*manifest) error) (*found, error) {
	d, data, err := p.Manifest(ctx, tag)
	if err != nil {
		return nil, err
	}
	f := &found{at: p, data: data, digest: string(digest.FromBytes(data))}
	refuse := func(err error) (*found, error) {
		return nil, &UntrustedError{Place: p.name, Artifact: strings.TrimSpace(s.Module + " " + s.Version), Reason: err.Error(), Err: err}
	}
	if f.manifest, err = parse(data); err != nil {
		return refuse(err)
	}
	if err := fits(f.manifest); err != nil {
		return refuse(err)
	}
	referrers, err := p.Referrers(ctx, d, signatureType)
	if err != nil && !errors.Is(err, find.ErrNotFound) {
		return nil, err
	}
	for _, d := range referrers[:min(len(referrers), maxSignatures)] {
		signed, err := p.note(ctx, d)
		if err != nil {
			return nil, err
		}
		if f.signatures = append(f.signatures, signed); r.decide(f, time.Now()) == nil {
			return f, nil
		}
	}
	if err := r.decide(f, time.Now()); err != nil {
		return refuse(err)
	}
	return f, nil
}

// note returns the note of a signature, nil if it has none.
func (p *place) note(ctx context.Context, d ocispec.Descriptor) ([]byte, error) {
	if d.Digest.Validate() != nil {
		return nil, nil
	}
	_, data, err := p.Manifest(ctx, string(d.Digest))
	if err != nil {
		return nil, err
	}
	var m ocispec.Manifest
	if json.Unmarshal(data, &m) != nil || len(m.Layers) != 1 || m.Layers[0].MediaType != noteType || m.Layers[0].Size > maxNote {
		return nil, nil
	}
	layer := m.Layers[0]
	if digest.FromBytes(layer.Data) == layer.Digest { // it need not be asked for
		return layer.Data, nil
	}
	if layer.Digest.Validate() != nil {
		return nil, nil
	}
	var signed bytes.Buffer
	err = p.Blob(ctx, layer, nil, &signed)
	return signed.Bytes(), err
}

// file fetches a file into root.
func (p *place) file(ctx context.Context, root *os.Root, d ocispec.Descriptor) error {
	name := d.Annotations[ocispec.AnnotationTitle]
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700) // it may be a program
	if err != nil {
		return err
	}
	return errors.Join(p.Blob(ctx, d, nil, f), f.Close())
}

// voucher is what [engine.Voucher] holds.
type voucher struct {
	Manifest   string   `json:"manifest"`
	Signatures []string `json:"signatures"`
}

func (f *found) voucher() []byte {
	v := voucher{Manifest: string(f.data)}
	for _, signed := range f.signatures {
		v.Signatures = append(v.Signatures, string(signed))
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings only
	}
	return data
}

func readVoucher(data []byte) (*found, error) {
	var v voucher
	if len(data) > maxVoucher || json.Unmarshal(data, &v) != nil {
		return nil, errors.New("its voucher cannot be read")
	}
	m, err := parse([]byte(v.Manifest))
	if err != nil {
		return nil, err
	}
	f := &found{manifest: m, data: []byte(v.Manifest), digest: string(digest.FromString(v.Manifest))}
	for _, signed := range v.Signatures {
		f.signatures = append(f.signatures, []byte(signed))
	}
	return f, nil
}

func newManifest(kind string) ocispec.Manifest {
	return ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: kind, Config: ocispec.DescriptorEmptyJSON,
	}
}
