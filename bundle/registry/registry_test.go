package registry_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/bundle/registry"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/internal/asked"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// server is a registry of this process.
type server struct{ *asked.Server }

func serve(t testing.TB) *server {
	t.Helper()
	return &server{asked.Start(t, httptest.NewServer, ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))}
}

// asked counts the requests of a method whose path has a part.
func (s *server) asked(method, part string) (n int) {
	for _, r := range s.Requests() {
		if strings.HasPrefix(r, method) && strings.Contains(r, part) {
			n++
		}
	}
	return n
}

func (s *server) at(path string) string { return registry.Scheme + s.Listener.Addr().String() + path }

func quick() registry.Config {
	return registry.Config{OCI: oci.Config{DockerConfig: "off", RetryDelay: time.Millisecond, Retries: 1}}
}

// relative finds directories below root.
type relative struct{ root string }

func (r relative) Find(ctx context.Context, name find.Name) (*find.Spec, error) {
	name.Target = filepath.Join(r.root, name.Target)
	return dir.Current(nil).Find(ctx, name)
}

func scripts() []engine.Engine { return []engine.Engine{starlark.New(starlark.Config{})} }

// made is a bundle of two scripts.
func made(t *testing.T) []byte {
	t.Helper()
	root := t.TempDir()
	s, err := store.Open(loadtest.TempDir(t))
	require.NoError(t, err)
	l, err := load.New(load.Config{Path: find.Path{relative{root}}, Store: s, Engines: scripts()})
	require.NoError(t, err)
	defer l.Close(t.Context())
	var prepared []*load.Prepared
	for name, text := range map[string]string{"rules": "def double(x):\n    return 2 * x\n", "tax": "rate = 19\n"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(root, name, "init.star"), []byte(text), 0o600))
		p, err := l.Prepare(t.Context(), "./"+name)
		require.NoError(t, err)
		prepared = append(prepared, p)
	}
	var b bytes.Buffer
	require.NoError(t, bundle.Write(&b, []byte("the lock"), prepared...))
	return b.Bytes()
}

// pushed pushes a bundle to a place, and returns its bytes and what became of it.
func pushed(t *testing.T, to string) ([]byte, *registry.Copied) {
	t.Helper()
	data := made(t)
	f, err := bundle.FileOf(data)
	require.NoError(t, err)
	copied, err := registry.Push(t.Context(), f, to, quick())
	require.NoError(t, err)
	return data, copied
}

func double(t *testing.T, b load.Bundle) {
	t.Helper()
	l, err := load.New(load.Config{Bundles: []load.Bundle{b}, Engines: scripts()})
	require.NoError(t, err)
	m, err := l.Load(t.Context(), "./rules")
	require.NoError(t, err)
	results, err := m.Call(t.Context(), "double", 21)
	require.NoError(t, err)
	assert.EqualValues(t, 42, results[0])
	require.NoError(t, l.Close(context.Background()))
}

// TestRoundTrip: a bundle comes back from a registry, and from a copy in another, as it was sent;
// what is there is not sent again, and a host fetches what it uses.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s, other := serve(t), serve(t)
	data, copied := pushed(t, s.at("/team/modules:v1"))
	assert.Equal(t, copied.Parts, copied.Sent)
	s.From(nil)
	f, err := bundle.FileOf(data)
	require.NoError(t, err)
	again, err := registry.Push(t.Context(), f, s.at("/team/modules:v2"), quick())
	require.NoError(t, err)
	assert.Equal(t, copied.Digest, again.Digest)
	assert.Equal(t, 1, again.Sent, "a manifest is sent each time")
	assert.Zero(t, s.asked("POST", "/uploads/"))

	var steps []registry.Step
	config := quick()
	config.Progress = func(step registry.Step) { steps = append(steps, step) }
	_, err = registry.Copy(t.Context(), s.at("/team/modules:v1"), other.at("/mirror/modules:v1"), config)
	require.NoError(t, err)
	require.Len(t, steps, copied.Parts)
	assert.Equal(t, copied.Parts, steps[len(steps)-1].Done)

	dir := t.TempDir()
	for i, from := range []string{s.at("/team/modules:v1"), other.at("/mirror/modules:v1"), other.at("/mirror/modules@" + copied.Digest)} {
		file := filepath.Join(dir, fmt.Sprint(i)+".tar")
		_, err := registry.Copy(t.Context(), from, file, quick())
		require.NoError(t, err)
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got), from)
		assert.NoDirExists(t, file+".part")
	}
	_, err = registry.Copy(t.Context(), filepath.Join(dir, "0.tar"), filepath.Join(dir, "copy.tar"), quick())
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(dir, "copy.tar"))
	require.NoError(t, err)
	assert.Equal(t, data, got)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 4, "nothing else is left")

	s.From(nil)
	b, err := registry.Open(t.Context(), s.at("/team/modules:v1"), quick())
	require.NoError(t, err)
	assert.Equal(t, "the lock", string(b.Lock()))
	assert.Equal(t, 2, s.asked("GET", "/manifests/"), "the index, and the manifest of this system")
	assert.Equal(t, 2, s.asked("GET", "/blobs/"), "the lock file and the table, and no file of a module")
	double(t, b)
	assert.Equal(t, 3, s.asked("GET", "/blobs/"), "the file of one module")
}

// TestStored: a machine fetches a part once, however many hosts start on it, and a start where
// nothing changed asks for the index alone; what was changed in the store is fetched anew.
func TestStored(t *testing.T) {
	t.Parallel()
	s := serve(t)
	pushed(t, s.at("/team/modules:v1"))
	s.From(nil)
	st, err := store.Open(loadtest.TempDir(t))
	require.NoError(t, err)
	config := quick()
	config.Store = st
	open := func() {
		b, err := registry.Open(t.Context(), s.at("/team/modules:v1"), config)
		if assert.NoError(t, err) {
			double(t, b)
		}
	}
	var hosts sync.WaitGroup
	for range 8 {
		hosts.Go(open)
	}
	hosts.Wait()
	assert.Equal(t, 8+1, s.asked("GET", "/manifests/"), "each asks what the tag stands for")
	assert.Equal(t, 3, s.asked("GET", "/blobs/"))
	s.From(nil)
	open()
	assert.Equal(t, 1, s.asked("", ""))

	parts, err := filepath.Glob(filepath.Join(st.Dir(), "obj", "*", "files", "part"))
	require.NoError(t, err)
	require.Len(t, parts, 4)
	for _, part := range parts {
		require.NoError(t, os.Chmod(part, 0o600))
		data, err := os.ReadFile(part)
		require.NoError(t, err)
		data[0] ^= 1
		require.NoError(t, os.WriteFile(part, data, 0o600))
	}
	s.From(nil)
	open()
	assert.Equal(t, 5, s.asked("GET", ""))
}

// TestRegistries: a bundle comes back from other registries, whose addresses LOAD_REGISTRIES lists,
// as it was sent, also where a part is asked for from the middle on.
func TestRegistries(t *testing.T) {
	t.Parallel()
	data := made(t)
	f, err := bundle.FileOf(data)
	require.NoError(t, err)
	config := registry.Config{Events: func(e event.Event) { t.Log(e) }}
	for _, address := range append(strings.Fields(os.Getenv("LOAD_REGISTRIES")), serve(t).Listener.Addr().String()) {
		for _, at := range []string{"/load-test/modules:v1", "/load-test/modules:v1", "/load-test/other/modules:v1"} {
			_, err := registry.Push(t.Context(), f, registry.Scheme+address+at, config)
			require.NoError(t, err, at)
		}
		file := filepath.Join(t.TempDir(), "modules.tar")
		last := f.Blobs()[len(f.Blobs())-1]
		require.NoError(t, os.Mkdir(file+".part", 0o700))
		whole, err := f.Reader(last)
		require.NoError(t, err)
		start, err := io.ReadAll(io.LimitReader(whole, last.Size/2))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(file+".part", strings.TrimPrefix(last.Digest, "sha256:")), start, 0o600))
		_, err = registry.Copy(t.Context(), registry.Scheme+address+"/load-test/modules:v1", file, config)
		require.NoError(t, err)
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got), address)
		b, err := registry.Open(t.Context(), address+"/load-test/modules:v1", config)
		require.NoError(t, err)
		double(t, b)
	}
}

// TestLostIndex: tools that copy the image of one system push its manifest alone.
func TestLostIndex(t *testing.T) {
	t.Parallel()
	s := serve(t)
	data, _ := pushed(t, s.at("/team/modules:v1"))
	f, err := bundle.FileOf(data)
	require.NoError(t, err)
	manifest := f.Manifests()[0].Digest
	b, err := registry.Open(t.Context(), s.at("/team/modules@"+manifest), quick())
	require.NoError(t, err)
	double(t, b)
	file := filepath.Join(t.TempDir(), "modules.tar")
	_, err = registry.Copy(t.Context(), s.at("/team/modules@"+manifest), file, quick())
	require.NoError(t, err)
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, got))
}

// TestBroken: a pull that breaks off leaves no file, and the next fetches what is missing; parts
// that are not what they should be are fetched anew.
func TestBroken(t *testing.T) {
	t.Parallel()
	s := serve(t)
	data, copied := pushed(t, s.at("/team/modules:v1"))
	f, err := bundle.FileOf(data)
	require.NoError(t, err)
	blobs := f.Blobs()
	last, first := blobs[len(blobs)-1], blobs[len(blobs)-2]
	file := filepath.Join(t.TempDir(), "modules.tar")
	s.From(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, last.Digest) {
			return false
		}
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	_, err = registry.Copy(t.Context(), s.at("/team/modules:v1"), file, quick())
	require.ErrorContains(t, err, "502 Bad Gateway (tried 2 times)")
	assert.NoFileExists(t, file)

	parts := file + ".part"
	f2, err := f.Reader(first)
	require.NoError(t, err)
	whole, err := io.ReadAll(f2)
	require.NoError(t, err)
	name := func(b bundle.Blob) string { return filepath.Join(parts, strings.TrimPrefix(b.Digest, "sha256:")) }
	require.NoError(t, os.WriteFile(name(first), whole, 0o600)) // whichever of the two came first
	require.NoError(t, os.WriteFile(name(last), []byte("another thing"), 0o600))
	s.From(nil)
	again, err := registry.Copy(t.Context(), s.at("/team/modules:v1"), file, quick())
	require.NoError(t, err)
	assert.Equal(t, copied.Parts-1, again.Sent, "one part was there")
	assert.NotZero(t, s.asked("GET", last.Digest))
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, got))
	assert.NoDirExists(t, parts)
}

// typed checks that an error is one that a program can tell from others.
func typed(t *testing.T, err error) {
	t.Helper()
	var format *bundle.FormatError
	var version *bundle.VersionError
	var answered *install.RegistryError
	var changed *install.ChecksumError
	var gone *find.VersionError
	var unknown *find.NotFoundError
	assert.True(t, errors.As(err, &format) || errors.As(err, &version) || errors.As(err, &answered) || errors.As(err, &changed) ||
		errors.As(err, &gone) || errors.As(err, &unknown), "%T: %v", err, err)
}

// TestBad: what a registry sends that is no bundle, or not all of one, is refused with the remedy,
// and no file appears.
func TestBad(t *testing.T) {
	t.Parallel()
	s := serve(t)
	data, copied := pushed(t, s.at("/team/modules:v1"))
	f, err := bundle.FileOf(data)
	require.NoError(t, err)
	blobs := f.Blobs()
	table, file := blobs[3], blobs[len(blobs)-1]
	loadtest.PushLayers(t, oci.New(quick().OCI), strings.TrimPrefix(s.at("/team/rules:v1"), registry.Scheme), loadtest.Layer{MediaType: "application/wasm", Data: []byte("x")})
	instead := func(part, body, mediaType string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, part) {
				return false
			}
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			io.WriteString(w, body)
			return true
		}
	}
	status := func(part string, code int) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, part) {
				w.WriteHeader(code)
				return true
			}
			return false
		}
	}
	const index = "application/vnd.oci.image.index.v1+json"
	for what, test := range map[string]struct {
		from   string
		before func(w http.ResponseWriter, r *http.Request) bool
		want   string
	}{
		"no bundle":      {"/team/rules:v1", nil, "it is not the manifest of a bundle"},
		"no tag":         {"/team/modules:v9", nil, "it has no team/modules:v9"},
		"no digest":      {"/team/modules@sha256:" + strings.Repeat("0", 64), nil, "(any more)"},
		"version":        {"/team/modules:v1", instead("/manifests/v1", strings.Replace(string(f.Index), "bundle.v2", "bundle.v9", 1), index), `of the format "application/vnd.loadgo.bundle.v9"`},
		"empty":          {"/team/modules:v1", instead("/manifests/v1", "{}", index), "it is not the index of a bundle"},
		"trailing":       {"/team/modules:v1", instead("/manifests/v1", string(f.Index)+"\n", index), "it is not the index of a bundle"},
		"changed index":  {"/team/modules@" + copied.Digest, instead("/manifests/", string(f.Index)+" ", index), "contradicts itself"},
		"changed table":  {"/team/modules:v1", instead(table.Digest, strings.Repeat("x", int(table.Size)), "application/octet-stream"), "checksum mismatch"},
		"shorter table":  {"/team/modules:v1", instead(table.Digest, "x", "application/octet-stream"), "mismatch Content-Length"},
		"changed module": {"/team/modules:v1", instead(file.Digest, strings.Repeat("x", int(file.Size)), "application/octet-stream"), "checksum mismatch"},
		"page":           {"/team/modules:v1", instead("/manifests/v1", "<html>log in</html>", "text/html"), "it is an HTML page, not a registry's answer"},
		"larger index":   {"/team/modules:v1", instead("/manifests/v1", strings.Repeat(" ", 64<<20), index), "it is larger than 4MiB"},
		"refused":        {"/team/modules:v1", status("/manifests/v1", http.StatusForbidden), "forbidden (403 Forbidden)"},
		"broken":         {"/team/modules:v1", status("/manifests/v1", http.StatusInternalServerError), "500 Internal Server Error (tried 2 times)"},
		"busy table":     {"/team/modules:v1", status(table.Digest, http.StatusTooManyRequests), "429 Too Many Requests (tried 2 times)"},
		"missing module": {"/team/modules:v1", func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, file.Digest) {
				w.WriteHeader(http.StatusNotFound)
				return true
			}
			return false
		}, "(any more)"},
	} {
		t.Run(what, func(t *testing.T) {
			s.From(test.before)
			to := filepath.Join(t.TempDir(), "modules.tar")
			_, err := registry.Copy(t.Context(), s.at(test.from), to, quick())
			require.ErrorContains(t, err, test.want)
			typed(t, err)
			assert.NoFileExists(t, to)
			b, err := registry.Open(t.Context(), s.at(test.from), quick())
			if !strings.Contains(what, "module") {
				require.ErrorContains(t, err, test.want)
				typed(t, err)
				return
			}
			require.NoError(t, err)
			l, err := load.New(load.Config{Bundles: []load.Bundle{b}, Engines: scripts()})
			require.NoError(t, err)
			_, err1 := l.Load(t.Context(), "./rules")
			_, err2 := l.Load(t.Context(), "./tax")
			require.Error(t, cmp.Or(err1, err2))
			assert.ErrorContains(t, cmp.Or(err1, err2), test.want)
			require.NoError(t, l.Close(context.Background()))
		})
	}
}

// TestRefused: what a policy denies is not asked, and nothing is offline; a damaged file is not
// sent, and a digest stands for one bundle.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	data, copied := pushed(t, s.at("/team/modules:v1"))
	s.From(nil)
	denied, offline := quick(), quick()
	denied.Policies = []*policy.Policy{{Deny: []string{"127.0.0.1/team"}}}
	offline.Offline = true
	for _, config := range []registry.Config{denied, offline} {
		_, err := registry.Open(t.Context(), s.at("/team/modules:v1"), config)
		require.Error(t, err)
		_, err = registry.Copy(t.Context(), s.at("/team/modules:v1"), filepath.Join(t.TempDir(), "x"), config)
		require.Error(t, err)
		var policy *install.PolicyError
		if !config.Offline {
			require.ErrorAs(t, err, &policy)
		} else {
			require.ErrorIs(t, err, install.ErrOffline)
		}
	}
	assert.Zero(t, s.asked("", ""))

	f, err := bundle.FileOf(data)
	require.NoError(t, err)
	_, err = registry.Push(t.Context(), f, s.at("/team/modules@"+copied.Digest), quick())
	require.NoError(t, err)
	_, err = registry.Push(t.Context(), f, s.at("/team/modules@sha256:"+strings.Repeat("0", 64)), quick())
	require.ErrorContains(t, err, "the bundle has the digest "+copied.Digest)

	bad := bytes.Clone(data)
	size := f.Blobs()[len(f.Blobs())-1].Size
	bad[len(bad)-1024-int(size+511)/512*512] ^= 1 // the first byte of the last part
	f, err = bundle.FileOf(bad)
	require.NoError(t, err)
	empty := serve(t) // this one shares blobs among its repositories
	_, err = registry.Push(t.Context(), f, empty.at("/team/modules:v1"), quick())
	require.ErrorContains(t, err, "its contents do not have that digest")
	assert.Zero(t, empty.asked("PUT", "/manifests/"))
}
