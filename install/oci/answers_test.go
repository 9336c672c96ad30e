package oci_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/loadtest"
)

// status answers with a status, and a Retry-After if after is not "".
func status(code int, after string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":"you sent %s"}]}`, r.Header.Get("Authorization"))
	}
}

// answer answers with headers and a body.
func answer(body string, headers ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		if r.Method != http.MethodHead {
			io.WriteString(w, body)
		}
	}
}

// instead makes a handler answer where a path has a part.
func instead(part string, handler func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, part) {
			return false
		}
		handler(w, r)
		return true
	}
}

// trickle sends a byte now and then until nobody reads.
func trickle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
	w.Header().Set("Content-Length", "100000")
	for r.Context().Err() == nil {
		io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		time.Sleep(5 * time.Millisecond)
	}
}

// cutOff sends less than it promises.
func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
	w.Header().Set("Content-Length", "100000")
	io.WriteString(w, "{")
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// typed checks that an error is one that a program can tell from others.
func typed(t *testing.T, err error) {
	t.Helper()
	var answered *install.RegistryError
	var changed *install.ChecksumError
	var gone *find.VersionError
	var unknown *find.NotFoundError
	assert.True(t, errors.As(err, &answered) || errors.As(err, &changed) || errors.As(err, &gone) || errors.As(err, &unknown), "%T: %v", err, err)
}

// TestAnswers: whatever a registry answers instead of a manifest or a blob is an error that says
// what to do, and nothing is installed.
func TestAnswers(t *testing.T) {
	t.Parallel()
	config := quick()
	config.Retries, config.MaxBytes = 1, 1<<20
	s := serve(t, httptest.NewServer)
	name := s.host() + "/team/rules:v1.0.0"
	script := loadtest.Layer{MediaType: "text/plain", Title: "tax.star", Data: []byte(strings.Repeat("x = 1\n", 1000))}
	digestOfScript := string(digest.FromBytes(script.Data))
	loadtest.PushLayers(t, oci.New(config), name, script)
	manifest := ocispec.MediaTypeImageManifest
	for what, test := range map[string]struct {
		part    string
		handler func(http.ResponseWriter, *http.Request)
		want    []string
		slow    bool
	}{
		"401":          {"/manifests/", status(401, ""), []string{"team/rules:v1.0.0: forbidden (401 Unauthorized)", "docker login " + s.host()}, false},
		"403":          {"/manifests/", status(403, ""), []string{"forbidden (403 Forbidden)", "docker login"}, false},
		"404":          {"/manifests/", status(404, ""), []string{"it has no team/rules:v1.0.0", "oras repo tags"}, false},
		"429":          {"/manifests/", status(429, "9999"), []string{"429 Too Many Requests (tried 2 times)", "too many requests; wait"}, false},
		"500":          {"/manifests/", status(500, ""), []string{"500 Internal Server Error (tried 2 times)", "try again"}, false},
		"teapot":       {"/manifests/", status(418, ""), []string{"418 I'm a teapot\n"}, false},
		"HTML":         {"/manifests/", answer("<html>log in</html>", "Content-Type", "text/html; charset=utf-8"), []string{"it is an HTML page", "log-in page may be in the way"}, false},
		"no type":      {"/manifests/", answer("{}", "Content-Type", ""), []string{"invalid response"}, false},
		"huge":         {"/manifests/", answer("", "Content-Type", manifest, "Content-Length", "1073741824"), []string{"it is larger than 1MiB"}, false},
		"endless":      {"/manifests/", answer(strings.Repeat("x", 3<<20), "Content-Type", manifest), []string{"unknown response Content-Length"}, false},
		"trickle":      {"/manifests/", trickle, []string{"the answer stalled (tried 2 times)"}, true},
		"cut off":      {"/manifests/", cutOff, []string{"the answer was cut off (tried 2 times)"}, false},
		"lying digest": {"/manifests/", answer("{}", "Content-Type", manifest, "Docker-Content-Digest", digestOfScript), []string{"checksum mismatch for " + name, "the registry: " + digestOfScript}, false},
		"no digest":    {"/manifests/", answer("{}", "Content-Type", manifest, "Docker-Content-Digest", "sha256:../../x"), []string{"invalid"}, false},
		"not JSON":     {"/manifests/", answer("{", "Content-Type", manifest), []string{"its manifest cannot be read", "ask its author"}, false},
		"blob 401":     {"/blobs/", status(401, ""), []string{"@" + digestOfScript + ": forbidden (401"}, false},
		"blob 404":     {"/blobs/", status(404, ""), []string{"(any more)", "load upgrade"}, false},
		"blob 429":     {"/blobs/", status(429, "0"), []string{"429 Too Many Requests (tried 2 times)"}, false},
		"blob 500":     {"/blobs/", status(502, ""), []string{"502 Bad Gateway (tried 2 times)"}, false},
		"blob HTML":    {"/blobs/", answer("<html>", "Content-Type", "text/html"), []string{"HTML page"}, false},
		"another blob": {"/blobs/", answer(strings.Repeat("y = 1\n", 1000)), []string{"checksum mismatch", "what lies between, changed it"}, false},
		"longer blob":  {"/blobs/", answer(strings.Repeat("x = 1\n", 1001), "Content-Length", "6006"), []string{"contradicts itself: ", "mismatch Content-Length"}, false},
		"shorter blob": {"/blobs/", answer("x = 1\n"), []string{"mismatch Content-Length"}, false},
		"blob cut off": {"/blobs/", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "6000")
			panic(http.ErrAbortHandler)
		}, []string{"(tried 2 times)"}, false},
		"blob that stalls": {"/blobs/", func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() }, []string{"the answer stalled"}, true},
		"endless blob": {"/blobs/", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, []string{"more than the 6000 bytes that were promised"}, false},
		"blob of another digest": {"/blobs/", answer(strings.Repeat("x = 1\n", 1000), "Docker-Content-Digest", string(digest.FromString("x"))), []string{"contradicts itself"}, false},
	} {
		t.Run(what, func(t *testing.T) {
			s.From(instead(test.part, test.handler))
			session, config := &install.Session{Store: loadtest.OpenStore(t)}, config
			if test.slow {
				config.Stall = 100 * time.Millisecond
			}
			_, spec, err := bring(t, oci.New(config), session, "oci::"+name)
			typed(t, err)
			assert.Nil(t, spec)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), "you sent", "what the server says is not repeated")
			record, err := session.Store.SourceRecord("oci::" + name)
			require.NoError(t, err)
			assert.Nil(t, record)
		})
	}
}

// TestContent: what a manifest says is checked before anything is fetched for it, and what its
// layers hold by the gate.
func TestContent(t *testing.T) {
	t.Parallel()
	config := quick()
	config.MaxBytes = 1 << 20
	in := oci.New(config)
	s := serve(t, httptest.NewServer)
	tarGz := func(files ...string) []byte { return loadtest.Gzip(t, loadtest.Tar(t, files...)) }
	gzipped := func(files ...string) loadtest.Layer {
		return loadtest.Layer{MediaType: ocispec.MediaTypeImageLayerGzip, Data: tarGz(files...)}
	}
	for tag, test := range map[string]struct {
		layers []loadtest.Layer
		want   string
	}{
		"escape":     {[]loadtest.Layer{gzipped("../x.star", "")}, `its content is refused: "../x.star" leads out`},
		"absolute":   {[]loadtest.Layer{gzipped("/x.star", "")}, "absolute name"},
		"title":      {[]loadtest.Layer{{MediaType: ocispec.MediaTypeImageLayer, Title: "../../x.txt", Data: []byte("x")}}, "leads out"},
		"doubled":    {[]loadtest.Layer{gzipped("x.star", "a"), gzipped("x.star", "b")}, "x.star"},
		"case":       {[]loadtest.Layer{gzipped("x.star", "a"), gzipped("X.star", "b")}, "X.star"},
		"whiteout":   {[]loadtest.Layer{gzipped("x.star", "a"), gzipped(".wh.x.star", "")}, "deletes files of another layer"},
		"opaque":     {[]loadtest.Layer{gzipped("a/x.star", "a"), gzipped("a/.wh..wh..opq", "")}, "deletes files of another layer"},
		"cut":        {[]loadtest.Layer{{MediaType: ocispec.MediaTypeImageLayerGzip, Data: tarGz("x.star", strings.Repeat("x", 5000))[:40]}}, "is refused"},
		"trailing":   {[]loadtest.Layer{{MediaType: ocispec.MediaTypeImageLayerGzip, Data: loadtest.Gzip(t, append(loadtest.Tar(t, "x.star", ""), "more"...))}}, "behind the end"},
		"bomb":       {[]loadtest.Layer{gzipped("x.star", strings.Repeat("\n", 2<<20))}, "larger than"},
		"large":      {[]loadtest.Layer{{MediaType: "application/wasm", Data: make([]byte, 600<<10)}, {MediaType: "application/wasm", Title: "b.wasm", Data: append(make([]byte, 600<<10), 1)}}, "it is larger than 1MiB"},
		"type":       {[]loadtest.Layer{{MediaType: "application/vnd.example.model", Data: []byte("x")}}, `of the type "application/vnd.example.model", which is not read`},
		"config":     {[]loadtest.Layer{{MediaType: "application/vnd.oci.image.config.v1+json", Data: []byte("{}")}}, "which is not read"},
		"empty":      {nil, "it has no layers"},
		"blank":      {[]loadtest.Layer{{MediaType: "application/vnd.oci.empty.v1+json", Data: []byte("{}")}}, "it has no layers"},
		"foreign":    {[]loadtest.Layer{{MediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Data: tarGz("x.star", "")}}, "is to be fetched from elsewhere"},
		"restricted": {[]loadtest.Layer{{MediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Data: tarGz("x.star", "")}}, "is to be fetched from elsewhere"},
		"nothing":    {[]loadtest.Layer{gzipped("README.md", "")}, "holds no Go files, no init.star"},
	} {
		t.Run(tag, func(t *testing.T) {
			loadtest.PushLayers(t, in, s.host()+"/content:"+tag, test.layers...)
			_, spec, err := bring(t, in, new(install.Session), "oci::"+s.host()+"/content:"+tag)
			require.ErrorContains(t, err, test.want)
			typed(t, err)
			assert.Nil(t, spec)
		})
	}
}

// manifestOf is a manifest as JSON, after a change.
func manifestOf(change func(*ocispec.Manifest)) []byte {
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		Layers: []ocispec.Descriptor{{MediaType: "application/wasm", Digest: digest.FromString("x"), Size: 1}},
	}
	change(&m)
	data, _ := json.Marshal(m)
	return data
}

// TestManifests: manifests that are no module's.
func TestManifests(t *testing.T) {
	t.Parallel()
	s := serve(t, httptest.NewServer)
	index := func(mediaType string, manifests ...ocispec.Descriptor) []byte {
		data, _ := json.Marshal(ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: mediaType, Manifests: manifests})
		return data
	}
	other := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString("x"), Size: 1, Platform: &ocispec.Platform{OS: "plan9", Architecture: "mips"}}
	own, bundled, escaping, listed := other, other, other, other
	own.Platform = &ocispec.Platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}
	bundled.ArtifactType = "application/vnd.loadgo.bundle.v9"
	escaping.Platform, escaping.Digest = nil, "sha256:../../x"
	listed.Platform, listed.MediaType = nil, ocispec.MediaTypeImageIndex
	for what, test := range map[string]struct {
		mediaType string
		data      []byte
		want      string
	}{
		"urls":           {ocispec.MediaTypeImageManifest, manifestOf(func(m *ocispec.Manifest) { m.Layers[0].URLs = []string{"https://elsewhere.example/x"} }), "is to be fetched from elsewhere"},
		"sha512":         {ocispec.MediaTypeImageManifest, manifestOf(func(m *ocispec.Manifest) { m.Layers[0].Digest = digest.SHA512.FromString("x") }), "has no SHA-256 digest"},
		"escaping":       {ocispec.MediaTypeImageManifest, manifestOf(func(m *ocispec.Manifest) { m.Layers[0].Digest = "sha256:../x" }), "has no SHA-256 digest"},
		"negative":       {ocispec.MediaTypeImageManifest, manifestOf(func(m *ocispec.Manifest) { m.Layers[0].Size = -1 }), "has no SHA-256 digest and size"},
		"exabytes":       {ocispec.MediaTypeImageManifest, manifestOf(func(m *ocispec.Manifest) { m.Layers[0].Size = 1 << 62; m.Layers = append(m.Layers, m.Layers[0]) }), "larger than"},
		"many":           {ocispec.MediaTypeImageManifest, manifestOf(func(m *ocispec.Manifest) { m.Layers = make([]ocispec.Descriptor, 1001) }), "at most 1000 are read"},
		"bundle":         {ocispec.MediaTypeImageManifest, manifestOf(func(m *ocispec.Manifest) { m.ArtifactType = "application/vnd.loadgo.bundle.v1" }), "it is a bundle\n\tit is not loaded by this name: set LOAD_BUNDLE"},
		"another type":   {ocispec.MediaTypeImageManifest, manifestOf(func(m *ocispec.Manifest) { m.MediaType = "x" }), "cannot be read"},
		"schema 1":       {"application/vnd.docker.distribution.manifest.v1+json", []byte(`{"schemaVersion":1}`), "which is not read"},
		"array":          {ocispec.MediaTypeImageManifest, []byte(`[]`), "cannot be read"},
		"index":          {ocispec.MediaTypeImageIndex, index(ocispec.MediaTypeImageIndex, other), "it holds nothing for " + runtime.GOOS + "/" + runtime.GOARCH + ", only for plan9/mips"},
		"empty index":    {ocispec.MediaTypeImageIndex, index(ocispec.MediaTypeImageIndex), "it holds nothing for"},
		"index in index": {ocispec.MediaTypeImageIndex, index(ocispec.MediaTypeImageIndex, listed), "it holds nothing for"},
		"docker list":    {"application/vnd.docker.distribution.manifest.list.v2+json", index("application/vnd.docker.distribution.manifest.list.v2+json", other), "only for plan9/mips"},
		"missing":        {ocispec.MediaTypeImageIndex, index(ocispec.MediaTypeImageIndex, other, own), "(any more)"},
		"escaping index": {ocispec.MediaTypeImageIndex, index(ocispec.MediaTypeImageIndex, escaping), "without a SHA-256 digest"},
		"bundles":        {ocispec.MediaTypeImageIndex, index(ocispec.MediaTypeImageIndex, bundled), "it is a bundle"},
		"broken index":   {ocispec.MediaTypeImageIndex, []byte(`{"manifests":1}`), "index cannot be read"},
	} {
		t.Run(what, func(t *testing.T) {
			own := digest.FromBytes(test.data)
			s.From(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/manifests/v1") && !strings.HasSuffix(r.URL.Path, own.Encoded()) {
					return false
				}
				w.Header().Set("Content-Type", test.mediaType)
				w.Header().Set("Content-Length", fmt.Sprint(len(test.data)))
				w.Write(test.data)
				return true
			})
			_, spec, err := bring(t, oci.New(quick()), new(install.Session), "oci::"+s.host()+"/m:v1")
			require.ErrorContains(t, err, test.want)
			typed(t, err)
			assert.Nil(t, spec)
			assert.NotContains(t, s.asked(), "/blobs/")
		})
	}
}

// TestMovedTag: what a tag stood for is fetched by its digest, so that another content under that
// digest is an error, and so is one that is gone.
func TestMovedTag(t *testing.T) {
	t.Parallel()
	s := serve(t, httptest.NewServer)
	in := oci.New(quick())
	script := func(text string) loadtest.Layer {
		return loadtest.Layer{MediaType: "text/plain", Title: "x.star", Data: []byte(text)}
	}
	first := loadtest.PushLayers(t, in, s.host()+"/r:v1", script("x = 1\n"))
	release, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "oci::"+s.host()+"/r:v1"))
	require.NoError(t, err)
	require.Equal(t, first, release.Version)
	second := loadtest.PushLayers(t, in, s.host()+"/r:v1", script("x = 2\n"))
	s.From(func(w http.ResponseWriter, r *http.Request) bool { // what stands behind the tag is given for the digest
		if strings.HasSuffix(r.URL.Path, first) {
			r.URL.Path = strings.Replace(r.URL.Path, first, second, 1)
		}
		return false
	})
	_, err = in.Install(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, release)
	require.ErrorContains(t, err, "contradicts itself")
	s.From(instead(first, status(404, "")))
	_, err = in.Install(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, release)
	var gone *find.VersionError
	require.ErrorAs(t, err, &gone)
	require.ErrorContains(t, err, "load upgrade")

	// A lock file's sum holds as well.
	s.From(nil)
	release.Sum, release.BuildList = "h1:"+strings.Repeat("A", 43)+"=", []find.ModuleVersion{{Path: release.Module}}
	_, err = in.Install(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, release)
	require.ErrorContains(t, err, "the lock file: h1:AAA")
}

// TestResumed: a transfer that breaks off goes on where it was, and an event tells of it.
func TestResumed(t *testing.T) {
	t.Parallel()
	s := serve(t, httptest.NewServer)
	data := strings.Repeat("0123456789abcdef", 4096)
	layer := loadtest.Layer{MediaType: "application/wasm", Data: []byte("\x00asm" + data)}
	at := s.host() + "/r:v1.0.0"
	loadtest.PushLayers(t, oci.New(quick()), at, layer)
	broken := 0
	var ranges []string
	s.From(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		ranges = append(ranges, r.Header.Get("Range"))
		w.Header().Set("Accept-Ranges", "bytes")
		if broken++; broken > 1 {
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(layer.Data)))
			return true
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(layer.Data)))
		w.Write(layer.Data[:40000])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	var told []string
	session := &install.Session{Store: loadtest.OpenStore(t), Events: func(e event.Event) {
		if e, ok := e.(event.Retrying); ok {
			told = append(told, e.URL+": "+e.Err.Error())
		}
	}}
	_, spec, err := bring(t, oci.New(quick()), session, "oci::"+at)
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(spec.Source.Dir, spec.Source.File))
	require.NoError(t, err)
	assert.Equal(t, layer.Data, got)
	assert.Equal(t, []string{s.host() + "/r: the answer was cut off"}, told)
	require.Len(t, ranges, 3, "the second answer is asked for again from where the first ended")
	assert.Regexp(t, `^bytes=[1-9]\d*-65539$`, ranges[2])
}
