package loadtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
)

// Layer is a layer of an artifact in a registry.
type Layer struct {
	MediaType string
	Title     string // the file's name, as oras writes it; "" for none
	Unpack    bool   // the file is a directory that oras packed
	Data      []byte
}

// PushLayers pushes a manifest with layers to a repository of a registry, such as
// 127.0.0.1:5000/team/rules:v1, and returns the manifest's digest.
func PushLayers(t testing.TB, in *oci.Installer, reference string, layers ...Layer) string {
	t.Helper()
	r, tag, err := in.Repository(new(install.Session), reference)
	require.NoError(t, err)
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: "application/vnd.loadgo.test", Config: ocispec.DescriptorEmptyJSON,
	}
	push := func(d ocispec.Descriptor, data []byte) {
		_, err := r.Push(t.Context(), d, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
		require.NoError(t, err)
	}
	push(m.Config, m.Config.Data)
	m.Config.Data = nil
	for _, l := range layers {
		d := ocispec.Descriptor{MediaType: l.MediaType, Digest: digest.FromBytes(l.Data), Size: int64(len(l.Data)), Annotations: map[string]string{}}
		if l.Title != "" {
			d.Annotations[ocispec.AnnotationTitle] = l.Title
		}
		if l.Unpack {
			d.Annotations["io.deis.oras.content.unpack"] = "true"
		}
		push(d, l.Data)
		m.Layers = append(m.Layers, d)
	}
	data, err := json.Marshal(m)
	require.NoError(t, err)
	d := ocispec.Descriptor{MediaType: m.MediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	require.NoError(t, r.PushManifest(t.Context(), d, data, tag))
	return string(d.Digest)
}

// Tar makes a tar archive of files, names and contents in turn.
func Tar(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1]))}))
		_, err := io.WriteString(w, files[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// Gzip compresses data.
func Gzip(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// TestRegistry tests that modules come from the registry at an address, such as 127.0.0.1:5000, to
// which it pushes repositories below load-test/.
func TestRegistry(t *testing.T, address string, config oci.Config) {
	at := address + "/load-test/"
	t.Run("layers", func(t *testing.T) { testRegistryLayers(t, at, config) })
	t.Run("tags", func(t *testing.T) { testRegistryTags(t, at, config) })
	t.Run("blobs", func(t *testing.T) { testRegistryBlobs(t, at, config) })
}

// testRegistryLayers pushes what publishers of modules push.
func testRegistryLayers(t *testing.T, at string, config oci.Config) {
	const script, wasm = "rate = 7\n", "\x00asm\x01\x00\x00\x00"
	folder := Tar(t, "tax/init.star", script)
	for name, test := range map[string]struct {
		layer    Layer
		dir      string
		kind     find.Kind
		contents string
	}{
		"tar":         {Layer{MediaType: ocispec.MediaTypeImageLayer, Data: folder}, "//tax", find.KindStarlark, script},
		"tar-gzip":    {Layer{MediaType: ocispec.MediaTypeImageLayerGzip, Data: Gzip(t, folder)}, "//tax", find.KindStarlark, script},
		"docker":      {Layer{MediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", Data: Gzip(t, folder)}, "", find.KindStarlark, script},
		"flux":        {Layer{MediaType: "application/vnd.cncf.flux.content.v1.tar+gzip", Data: Gzip(t, folder)}, "", find.KindStarlark, script},
		"oras-file":   {Layer{MediaType: ocispec.MediaTypeImageLayer, Title: "tax.star", Data: []byte(script)}, "", find.KindStarlark, script},
		"oras-folder": {Layer{MediaType: ocispec.MediaTypeImageLayerGzip, Title: "tax", Unpack: true, Data: Gzip(t, folder)}, "//tax", find.KindStarlark, script},
		"archive":     {Layer{MediaType: "application/octet-stream", Title: "rules.tar.gz", Data: Gzip(t, folder)}, "//tax/init.star", find.KindStarlark, script},
		"wasm":        {Layer{MediaType: "application/wasm", Data: []byte(wasm)}, "", find.KindWasm, wasm},
		"wasm-to-oci": {Layer{MediaType: "application/vnd.wasm.content.layer.v1+wasm", Title: "filter.wasm", Data: []byte(wasm)}, "//filter.wasm", find.KindWasm, wasm},
	} {
		t.Run(name, func(t *testing.T) {
			in := oci.New(config)
			digest := PushLayers(t, in, at+name+":v1.0.0", test.layer)
			for _, version := range []string{":v1.0.0", "@" + digest} {
				asked := "oci::" + at + name + version + test.dir
				release := resolve(t, in, asked)
				assert.Equal(t, digest, release.Version)
				assert.False(t, release.Changing)
				s := OpenStore(t)
				spec, err := in.Install(t.Context(), &install.Session{Store: s}, release)
				require.NoError(t, err)
				assert.Equal(t, "oci::"+at+name+test.dir, spec.Name)
				assert.Equal(t, test.kind, spec.Source.Kind)
				got, err := os.ReadFile(filepath.Join(spec.Source.Dir, spec.Source.File))
				require.NoError(t, err)
				assert.Equal(t, test.contents, string(got))
			}
		})
	}
}

// testRegistryTags: a tag is resolved once, and what it stood for then is what is installed.
func testRegistryTags(t *testing.T, at string, config oci.Config) {
	in := oci.New(config)
	layer := func(text string) Layer { return Layer{MediaType: "text/plain", Title: "tax.star", Data: []byte(text)} }
	first := PushLayers(t, in, at+"tags:latest", layer("rate = 1\n"))
	name := "oci::" + at + "tags"
	release := resolve(t, in, name)
	assert.Equal(t, first, release.Version)
	assert.True(t, release.Changing)
	second := PushLayers(t, in, at+"tags:latest", layer("rate = 2\n"))
	require.NotEqual(t, first, second)
	s := OpenStore(t)
	spec, err := in.Install(t.Context(), &install.Session{Store: s}, release)
	require.NoError(t, err)
	assert.Equal(t, first, spec.Version)
	assert.Equal(t, second, resolve(t, in, name).Version)

	_, err = in.Resolve(t.Context(), new(install.Session), Name(t, name+":nothing"))
	require.ErrorIs(t, err, find.ErrNotFound)
	_, err = in.Resolve(t.Context(), new(install.Session), Name(t, "oci::"+at+"nothing"))
	require.ErrorIs(t, err, find.ErrNotFound)
	gone := *release
	gone.Name = Name(t, name+":other")
	gone.Version = "sha256:" + digest.FromString("gone").Encoded()
	_, err = in.Install(t.Context(), &install.Session{Store: s}, &gone)
	var version *find.VersionError
	require.ErrorAs(t, err, &version)
	assert.Equal(t, gone.Version, version.Query)
}

// testRegistryBlobs: what is there is not sent again, and what is there in part is not fetched
// again.
func testRegistryBlobs(t *testing.T, at string, config oci.Config) {
	r, _, err := oci.New(config).Repository(new(install.Session), at+"blobs")
	require.NoError(t, err)
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	d := ocispec.Descriptor{MediaType: "application/octet-stream", Digest: digest.FromBytes(data), Size: int64(len(data))}
	_, err = r.Push(t.Context(), d, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
	require.NoError(t, err)
	sent, err := r.Push(t.Context(), d, func() (io.ReadCloser, error) { t.Error("opened again"); return nil, os.ErrInvalid })
	require.NoError(t, err)
	assert.False(t, sent)

	for _, have := range []int{0, 1, len(data) / 2, len(data)} {
		file := filepath.Join(t.TempDir(), "blob")
		require.NoError(t, os.WriteFile(file, data[:have], 0o600))
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		require.NoError(t, err)
		require.NoError(t, r.Blob(t.Context(), d, f, f))
		require.NoError(t, f.Close())
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got), "from %d bytes on", have)
	}
}
