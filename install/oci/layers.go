package oci

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/mod/module"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/gate"
)

const (
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerIndex    = "application/vnd.docker.distribution.manifest.list.v2+json"
	emptyBlob      = "application/vnd.oci.empty.v1+json"
	unpack         = "io.deis.oras.content.unpack" // annotation of a directory that oras pushed
	bundlePrefix   = "application/vnd.loadgo.bundle."

	maxLayers = 1000
)

// kind is what a layer is.
type kind int

const (
	kindNone kind = iota
	kindTar
	kindTarGz
	kindTarZst
	kindZip
	kindFile
)

// layer is one layer of a manifest, and what becomes of it.
type layer struct {
	ocispec.Descriptor
	kind kind
	name string // of a single file
}

// fill lets the layers of a manifest into a tree; work is an empty directory.
func (r *Repository) fill(ctx context.Context, version, work string, tree *gate.Tree) error {
	layers, err := r.layers(ctx, version)
	if err != nil {
		return err
	}
	tree.Layers = true
	receivers := make([]*install.Receiver, len(layers)) // of all at once, since their sizes are known
	for i, l := range layers {
		receivers[i] = r.session.Receive(r.ref.where(), version, fmt.Sprintf("layer %d", i+1))
		defer receivers[i].End()
		receivers[i].Expect(l.Size)
	}
	for i, l := range layers {
		if err := r.layer(ctx, l, work, tree, receivers[i]); err != nil {
			return err
		}
		receivers[i].End()
	}
	return nil
}

// layers returns what the manifest of a digest, or of this system in an index of that digest,
// holds.
func (r *Repository) layers(ctx context.Context, version string) ([]layer, error) {
	d, data, err := r.Manifest(ctx, version)
	if err != nil {
		return nil, err
	}
	if d.MediaType == ocispec.MediaTypeImageIndex || d.MediaType == dockerIndex {
		own, err := choose(data)
		if err != nil {
			return nil, r.explain(ctx, version, err, 0)
		}
		version = string(own.Digest)
		if d, data, err = r.Manifest(ctx, version); err != nil {
			return nil, err
		}
	}
	layers, err := parseManifest(d.MediaType, data)
	if err != nil {
		return nil, r.explain(ctx, version, err, 0)
	}
	left := r.in.config.MaxBytes
	for _, l := range layers {
		if l.Size > left {
			return nil, r.explain(ctx, version, sizeError{limit: r.in.config.MaxBytes}, 0)
		}
		left -= l.Size
	}
	return layers, nil
}

func content(fix, format string, args ...any) error {
	return &contentError{fmt.Sprintf(format, args...), fix}
}

const (
	askAuthor = "nothing of it was installed; ask its author for a tar, tar+gzip, tar+zstd or zip archive, or a .wasm, .star or .go file"
	useBundle = "it is not loaded by this name: set LOAD_BUNDLE=oci://… with its reference, or fetch it with `load pull`"
)

// choose returns the manifest of an index that is for this system, or for every one.
func choose(data []byte) (ocispec.Descriptor, error) {
	var index ocispec.Index
	if err := json.Unmarshal(data, &index); err != nil {
		return ocispec.Descriptor{}, content(askAuthor, "its index cannot be read")
	}
	var platforms []string
	ranked := make([]*ocispec.Descriptor, 3) // this system, WebAssembly, any
	for i, d := range index.Manifests {
		if strings.HasPrefix(d.ArtifactType, bundlePrefix) {
			return d, content(useBundle, "it is a bundle")
		}
		rank := rank(d.Platform)
		if rank < 0 {
			platforms = append(platforms, d.Platform.OS+"/"+d.Platform.Architecture)
			continue
		}
		if ranked[rank] == nil && (d.MediaType == ocispec.MediaTypeImageManifest || d.MediaType == dockerManifest) {
			ranked[rank] = &index.Manifests[i]
		}
	}
	for _, d := range ranked {
		if d == nil {
			continue
		}
		if !isSHA256(string(d.Digest)) {
			return *d, content(askAuthor, "its index lists a manifest without a SHA-256 digest")
		}
		return *d, nil
	}
	return ocispec.Descriptor{}, content(askAuthor, "it holds nothing for %s/%s, only for %s", runtime.GOOS, runtime.GOARCH, strings.Join(platforms, ", "))
}

// rank orders platforms: this system before WebAssembly before any; -1 is another system's.
func rank(p *ocispec.Platform) int {
	switch {
	case p == nil || p.OS == "" || p.OS == "unknown":
		return 2
	case p.OS == runtime.GOOS && p.Architecture == runtime.GOARCH:
		return 0
	case p.Architecture == "wasm" || p.Architecture == "wasm32":
		return 1
	}
	return -1
}

// parseManifest returns the layers of a manifest. What a manifest says is checked before anything
// is fetched for it.
func parseManifest(mediaType string, data []byte) ([]layer, error) {
	if mediaType != ocispec.MediaTypeImageManifest && mediaType != dockerManifest {
		return nil, content(askAuthor, "its manifest is of the type %q, which is not read", mediaType)
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(data, &m); err != nil || m.SchemaVersion != 2 || m.MediaType != "" && m.MediaType != mediaType {
		return nil, content(askAuthor, "its manifest cannot be read")
	}
	if strings.HasPrefix(m.ArtifactType, bundlePrefix) {
		return nil, content(useBundle, "it is a bundle")
	}
	if len(m.Layers) > maxLayers {
		return nil, content(askAuthor, "it has %d layers, and at most %d are read", len(m.Layers), maxLayers)
	}
	var layers []layer
	for _, d := range m.Layers {
		switch {
		case d.MediaType == emptyBlob:
			continue
		case len(d.URLs) > 0 || strings.Contains(d.MediaType, "foreign") || strings.Contains(d.MediaType, "nondistributable"):
			return nil, content("ask its author for one whose layers are in the registry", "its layer %s is to be fetched from elsewhere", d.Digest)
		case !isSHA256(string(d.Digest)) || d.Size < 0:
			return nil, content(askAuthor, "its layer %q has no SHA-256 digest and size", d.Digest)
		}
		l := layer{Descriptor: d}
		if l.kind, l.name = classify(d); l.kind == kindNone {
			return nil, content(askAuthor, "its layer %s is of the type %q, which is not read", d.Digest, d.MediaType)
		}
		layers = append(layers, l)
	}
	if len(layers) == 0 {
		return nil, content(askAuthor, "it has no layers")
	}
	return layers, nil
}

// archives are the kinds of archives by the ends of their files' names.
var archives = []struct {
	end  string
	kind kind
}{{".tar.gz", kindTarGz}, {".tgz", kindTarGz}, {".tar.zst", kindTarZst}, {".tzst", kindTarZst}, {".tar", kindTar}, {".zip", kindZip}}

// classify tells what a layer is: by its media type, or, where that says nothing of files, as oras
// writes it of every file, by its title.
func classify(d ocispec.Descriptor) (kind, string) {
	title := d.Annotations[ocispec.AnnotationTitle]
	mediaType, _, _ := strings.Cut(d.MediaType, ";")
	if strings.Contains(mediaType, "wasm") && !strings.Contains(mediaType, "tar") {
		return kindFile, fileName(title, ".wasm")
	}
	if title != "" && d.Annotations[unpack] != "true" {
		for _, a := range archives {
			if strings.HasSuffix(title, a.end) {
				return a.kind, ""
			}
		}
		if extension := path.Ext(title); slices.Contains([]string{".star", ".go", ".wasm", ".json", ".toml", ".mod", ".sum"}, extension) {
			return kindFile, fileName(title, extension)
		}
	}
	switch {
	case strings.HasSuffix(mediaType, "tar+gzip"), strings.HasSuffix(mediaType, "tar.gzip"), strings.HasSuffix(mediaType, "tar.gz"), mediaType == "application/gzip":
		return kindTarGz, ""
	case strings.HasSuffix(mediaType, "tar+zstd"), strings.HasSuffix(mediaType, "tar.zstd"):
		return kindTarZst, ""
	case strings.HasSuffix(mediaType, ".tar"), mediaType == "application/x-tar":
		if title != "" && d.Annotations[unpack] != "true" {
			return kindFile, title // a file of any kind that oras pushed; the gate checks its name
		}
		return kindTar, ""
	case mediaType == "archive/zip", mediaType == "application/zip":
		return kindZip, ""
	}
	return kindNone, ""
}

// fileName is what a single file is called in its tree.
func fileName(title, extension string) string {
	if !strings.HasSuffix(title, extension) || module.CheckFilePath(title) != nil {
		return "module" + extension
	}
	return title
}

// layer lets one layer in, and tells arriving of what arrives. What is hashed and what is unpacked is
// the same open file.
func (r *Repository) layer(ctx context.Context, l layer, work string, tree *gate.Tree, arriving io.Writer) error {
	f, err := os.CreateTemp(work, "layer-")
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		_ = os.Remove(f.Name())
	}()
	if err := r.Blob(ctx, l.Descriptor, nil, io.MultiWriter(f, arriving)); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	switch l.kind {
	case kindTar:
		return tree.Tar(f)
	case kindTarGz:
		return tree.TarGz(f)
	case kindTarZst:
		return tree.TarZst(f)
	case kindZip:
		return tree.Zip(f)
	}
	return tree.File(l.name, f)
}
