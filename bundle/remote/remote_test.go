package remote_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
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
	"github.com/loadgo/load/bundle/remote"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/internal/asked"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// server is a registry of this process, which hears of all requests.
type server struct{ *asked.Server }

func serve(t testing.TB, options ...ggcr.Option) *server {
	t.Helper()
	return &server{asked.Start(t, httptest.NewServer, ggcr.New(append(options, ggcr.Logger(log.New(io.Discard, "", 0)))...))}
}

func (s *server) place() string { return "oci://" + s.Listener.Addr().String() + "/fleet" }

func newKey(t testing.TB, name string) (note.Signer, string) {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, name)
	require.NoError(t, err)
	signer, err := note.NewSigner(secret)
	require.NoError(t, err)
	return signer, public
}

// rules is a policy with lines.
func rules(t testing.TB, lines ...string) []*policy.Policy {
	t.Helper()
	p, err := policy.Parse("load.policy", []byte("load.policy 1\n"+strings.Join(lines, "\n")+"\n"))
	require.NoError(t, err)
	return []*policy.Policy{p}
}

var quick = oci.Config{DockerConfig: "off", RetryDelay: time.Millisecond}

// host is a machine of the fleet: a store of its own, and what it heard.
type host struct {
	*load.Loader
	remote *remote.Remote
	store  *store.Store
	mu     sync.Mutex
	heard  []load.Event
}

// join makes a host that trusts what policies say; dir holds the sources.
func join(t testing.TB, dirs string, policies []*policy.Policy, engines ...engine.Engine) *host {
	t.Helper()
	s, err := store.Open(loadtest.TempDir(t))
	require.NoError(t, err)
	return joinAt(t, s, dirs, policies, engines...)
}

func joinAt(t testing.TB, s *store.Store, dirs string, policies []*policy.Policy, engines ...engine.Engine) *host {
	t.Helper()
	h := &host{store: s}
	if len(engines) == 0 {
		engines = append(engines, starlark.New(starlark.Config{}))
	}
	config := load.Config{Path: find.Path{dir.New(dirs)}, Store: s, Engines: engines, Policies: policies, Events: h.hear}
	if remote.Named(policies) {
		var err error
		h.remote, err = remote.New(remote.Config{Policies: policies, OCI: quick, Wait: time.Minute})
		require.NoError(t, err)
		config.Remote = h.remote
	}
	var err error
	h.Loader, err = load.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, h.Close(context.Background())) })
	return h
}

func (h *host) hear(e load.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = append(h.heard, e)
}

// of returns what was heard of a kind.
func of[E load.Event](h *host) (found []E) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.heard {
		if e, ok := e.(E); ok {
			found = append(found, e)
		}
	}
	return found
}

// scripts is a directory with a script.
func scripts(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "rules"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(root, "rules", "init.star"), []byte("def double(x):\n    return 2 * x\n"), 0o600))
	return root
}

func double(t testing.TB, h *host) {
	t.Helper()
	m, err := h.Load(t.Context(), "rules")
	require.NoError(t, err)
	results, err := m.Call(t.Context(), "double", 21)
	require.NoError(t, err)
	assert.EqualValues(t, 42, results[0])
}

// push lets a builder push the script.
func push(t testing.TB, dirs string, policies []*policy.Policy, places []string, signer note.Signer) *remote.Pushed {
	t.Helper()
	return pushFrom(t, join(t, dirs, nil), policies, places, signer)
}

func pushFrom(t testing.TB, h *host, policies []*policy.Policy, places []string, signer note.Signer) *remote.Pushed {
	t.Helper()
	p, err := h.Prepare(t.Context(), "rules")
	require.NoError(t, err)
	b, err := remote.NewBuilder(remote.Config{Places: places, Policies: policies, OCI: quick}, signer)
	require.NoError(t, err)
	pushed, err := b.Push(t.Context(), p)
	require.NoError(t, err)
	return pushed
}

// TestFleet: what one host compiled and signed, others take, with three requests and one for each
// file; a start where it is in the store asks for nothing. Registries with and without an answer of
// their own to what refers to a manifest do.
func TestFleet(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]ggcr.Option{"referrers": {ggcr.WithReferrersSupport(true)}, "tags": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, dirs := serve(t, options...), scripts(t)
			signer, public := newKey(t, "builder")
			policies := rules(t, "artifacts "+s.place()+" signed-by "+public)
			first := push(t, dirs, policies, nil, signer)
			assert.False(t, first.There)
			assert.Positive(t, first.Bytes)

			s.From(nil)
			again := push(t, dirs, policies, nil, signer)
			assert.True(t, again.There)
			assert.Equal(t, first.Digest, again.Digest)
			for _, r := range s.Requests() {
				assert.True(t, strings.HasPrefix(r, "GET "), r)
			}

			s.From(nil)
			h := join(t, dirs, policies)
			double(t, h)
			assert.Empty(t, of[event.Compiled](h))
			require.Len(t, of[event.Fetched](h), 1)
			assert.Equal(t, s.place(), of[event.Fetched](h)[0].From)
			assert.Empty(t, of[event.PassedOver](h))
			assert.LessOrEqual(t, len(s.Requests()), 6, "%q", s.Requests())

			s.From(nil)
			double(t, joinAt(t, h.store, dirs, policies))
			assert.Empty(t, s.Requests(), "the store has it")
		})
	}
}

// TestRegistries: what was pushed to other registries, whose addresses LOAD_REGISTRIES lists, is
// trusted there, too.
func TestRegistries(t *testing.T) {
	t.Parallel()
	dirs := scripts(t)
	signer, public := newKey(t, "builder")
	for _, address := range append(strings.Fields(os.Getenv("LOAD_REGISTRIES")), serve(t).Listener.Addr().String()) {
		place := "oci://" + address + "/load-test/fleet"
		h := join(t, dirs, nil)
		p, err := h.Prepare(t.Context(), "rules")
		require.NoError(t, err)
		config := remote.Config{Policies: rules(t, "artifacts "+place+" signed-by "+public), Wait: time.Minute}
		b, err := remote.NewBuilder(config, signer)
		require.NoError(t, err)
		_, err = b.Push(t.Context(), p)
		require.NoError(t, err, address)
		again, err := b.Push(t.Context(), p)
		require.NoError(t, err, address)
		assert.True(t, again.There)
		r, err := remote.New(config)
		require.NoError(t, err)
		require.NoError(t, r.Fetch(t.Context(), p.Sought, t.TempDir()), address)
	}
}

// TestNotTrusted: what no key of the policy signed, or what is not what was signed, is passed over
// and compiled here.
func TestNotTrusted(t *testing.T) {
	t.Parallel()
	other, _ := newKey(t, "stranger")
	for name, test := range map[string]struct {
		lines  string // further words of the rule
		attack func(t *testing.T, s *server, dirs string, signer note.Signer)
		want   string
	}{
		"unsigned": {"", func(t *testing.T, s *server, dirs string, signer note.Signer) {
			s.From(func(w http.ResponseWriter, r *http.Request) bool { // the signature is taken away
				if strings.Contains(r.URL.Path, "/referrers/") || strings.Contains(r.URL.Path, "/manifests/sha256-") {
					http.NotFound(w, r)
					return true
				}
				return false
			})
		}, "nobody signed it"},
		"stranger": {"", func(t *testing.T, s *server, dirs string, signer note.Signer) {
			fresh := serve(t)
			push(t, dirs, nil, []string{fresh.place()}, other)
			s.From(func(w http.ResponseWriter, r *http.Request) bool { fresh.Config.Handler.ServeHTTP(w, r); return true })
		}, "none of the keys signed it"},
		"expired": {" until 2026-01-01", nil, "the key of builder has expired"},
		"older":   {" since 2999-01-01", nil, "older signatures than of 2999-01-01 do not count"},
		"swapped": {"", func(t *testing.T, s *server, dirs string, signer note.Signer) {
			// Another module of the builder's, well signed, lies under the tag of this one.
			elsewhere := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(elsewhere, "rules"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(elsewhere, "rules", "init.star"), []byte("def double(x):\n    return 666\n"), 0o600))
			bad := push(t, elsewhere, nil, []string{s.place()}, signer)
			s.From(func(w http.ResponseWriter, r *http.Request) bool {
				if tag := filepath.Base(r.URL.Path); strings.Contains(r.URL.Path, "/manifests/") && len(tag) == 64 {
					r.URL.Path = "/v2/fleet/manifests/" + bad.Digest
				}
				return false
			})
		}, "with another key"},
		"changed": {"", func(t *testing.T, s *server, dirs string, signer note.Signer) {
			s.From(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
					return false
				}
				rec := httptest.NewRecorder()
				s.Real.ServeHTTP(rec, r)
				data := rec.Body.Bytes()
				data[len(data)/2] ^= 1
				for name, values := range rec.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(rec.Code)
				_, _ = w.Write(data)
				return true
			})
		}, "nothing of it was used"},
		"another-format": {"", func(t *testing.T, s *server, dirs string, signer note.Signer) {
			s.From(func(w http.ResponseWriter, r *http.Request) bool {
				if tag := filepath.Base(r.URL.Path); !strings.Contains(r.URL.Path, "/manifests/") || len(tag) != 64 {
					return false
				}
				data := []byte(`{"schemaVersion":2,"mediaType":"` + ocispec.MediaTypeImageManifest + `","artifactType":"application/vnd.loadgo.artifact.v9"}`)
				answer(w, data)
				return true
			})
		}, `it is of the type "application/vnd.loadgo.artifact.v9"`},
		"escaping": {"", func(t *testing.T, s *server, dirs string, signer note.Signer) {
			s.From(func(w http.ResponseWriter, r *http.Request) bool {
				if tag := filepath.Base(r.URL.Path); !strings.Contains(r.URL.Path, "/manifests/") || len(tag) != 64 {
					return false
				}
				rec := httptest.NewRecorder()
				s.Real.ServeHTTP(rec, r)
				var m ocispec.Manifest
				assert.NoError(t, json.Unmarshal(rec.Body.Bytes(), &m))
				m.Layers[0].Annotations[ocispec.AnnotationTitle] = "../../evil"
				data, err := json.Marshal(m)
				assert.NoError(t, err)
				answer(w, data)
				return true
			})
		}, `its file "../../evil" escapes from its folder`},
		"html": {"", func(t *testing.T, s *server, dirs string, signer note.Signer) {
			s.From(func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, "<html>log in")
				return true
			})
		}, "it is an HTML page"},
		"forbidden": {"", status(http.StatusForbidden), "forbidden (403 Forbidden)"},
		"failing":   {"", status(http.StatusInternalServerError), "500"},
		"busy":      {"", status(http.StatusTooManyRequests), "429"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, dirs := serve(t), scripts(t)
			signer, public := newKey(t, "builder")
			push(t, dirs, nil, []string{s.place()}, signer)
			if test.attack != nil {
				test.attack(t, s, dirs, signer)
			}
			h := join(t, dirs, rules(t, "artifacts "+s.place()+" signed-by "+public+test.lines))
			double(t, h)
			require.Len(t, of[event.PassedOver](h), 1)
			assert.Contains(t, of[event.PassedOver](h)[0].String(), test.want)
			assert.Empty(t, of[event.Fetched](h))
			assert.Len(t, of[event.Compiled](h), 1)
		})
	}
}

func status(code int) func(*testing.T, *server, string, note.Signer) {
	return func(_ *testing.T, s *server, _ string, _ note.Signer) {
		s.From(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(code); return true })
	}
}

func answer(w http.ResponseWriter, manifest []byte) {
	w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
	w.Header().Set("Docker-Content-Digest", string(digest.FromBytes(manifest)))
	_, _ = w.Write(manifest)
}

// TestDown: a registry that does not answer costs one bounded wait, however many modules are loaded.
func TestDown(t *testing.T) {
	t.Parallel()
	s := serve(t)
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	s.From(func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-r.Context().Done():
		case <-done:
		}
		return true
	})
	_, public := newKey(t, "builder")
	policies := rules(t, "artifacts "+s.place()+" signed-by "+public)
	r, err := remote.New(remote.Config{Policies: policies, OCI: quick, Wait: 50 * time.Millisecond, Pause: time.Hour})
	require.NoError(t, err)
	sought := engine.Sought{Module: "rules", Engine: "starlark", Key: strings.Repeat("a", 64)}
	err = r.Fetch(t.Context(), sought, t.TempDir())
	require.ErrorIs(t, err, load.ErrUnavailable)
	for range 10 {
		var down *remote.DownError
		require.ErrorAs(t, r.Fetch(t.Context(), sought, t.TempDir()), &down)
	}
	assert.LessOrEqual(t, len(s.Requests()), 1)
}

// TestKilled: a registry that goes away in the middle of a file leaves nothing behind.
func TestKilled(t *testing.T) {
	t.Parallel()
	s, dirs := serve(t), scripts(t)
	signer, public := newKey(t, "builder")
	push(t, dirs, nil, []string{s.place()}, signer)
	s.From(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("the beginning"))
		panic(http.ErrAbortHandler)
	})
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	h := join(t, dirs, rules(t, "artifacts "+s.place()+" signed-by "+public))
	double(t, h)
	assert.Len(t, of[event.PassedOver](h), 1)
	assert.Len(t, of[event.Compiled](h), 1)
}

// TestRevoked: what was fetched runs as long as the policy has the key: when that expires it stays,
// when it is taken out it goes.
func TestRevoked(t *testing.T) {
	t.Parallel()
	s, dirs := serve(t), scripts(t)
	signer, public := newKey(t, "builder")
	_, next := newKey(t, "next")
	rule := "artifacts " + s.place() + " signed-by "
	push(t, dirs, nil, []string{s.place()}, signer)
	h := join(t, dirs, rules(t, rule+public))
	double(t, h)
	require.Len(t, of[event.Fetched](h), 1)

	expired := joinAt(t, h.store, dirs, rules(t, rule+public+" until 2026-01-01", rule+next))
	double(t, expired)
	assert.Empty(t, of[event.Evicted](expired))
	assert.Empty(t, of[event.Compiled](expired))

	revoked := joinAt(t, h.store, dirs, rules(t, rule+next))
	double(t, revoked)
	require.Len(t, of[event.Evicted](revoked), 1)
	assert.Contains(t, of[event.Evicted](revoked)[0].Reason, "none of the keys signed it")
	assert.Len(t, of[event.Compiled](revoked), 1)
}

// TestBothSign: each policy that says who signs has to be content.
func TestBothSign(t *testing.T) {
	t.Parallel()
	s, dirs := serve(t), scripts(t)
	signer, public := newKey(t, "builder")
	_, auditor := newKey(t, "auditor")
	rule := "artifacts " + s.place() + " signed-by "
	push(t, dirs, nil, []string{s.place()}, signer)
	h := join(t, dirs, append(rules(t, rule+public), rules(t, rule+auditor)...))
	double(t, h)
	assert.Len(t, of[event.PassedOver](h), 1)
	assert.Len(t, of[event.Compiled](h), 1)
	quiet := join(t, dirs, append(rules(t, rule+public), rules(t, "max-modules 9")...))
	double(t, quiet)
	assert.Len(t, of[event.Fetched](quiet), 1)
}

// TestSettings: what makes no sense is refused when the remote is made.
func TestSettings(t *testing.T) {
	t.Parallel()
	signer, public := newKey(t, "builder")
	stranger, _ := newKey(t, "stranger")
	rule := "artifacts oci://127.0.0.1:1/fleet signed-by " + public
	var config *load.ConfigError
	_, err := remote.New(remote.Config{Places: []string{"oci://127.0.0.1:1/fleet"}})
	require.ErrorAs(t, err, &config)
	assert.Contains(t, err.Error(), "no policy says whose signature is trusted")
	for _, place := range []string{"127.0.0.1:1/fleet", "oci://127.0.0.1:1/fleet:v1", "oci://127.0.0.1:1", "https://example.com/a"} {
		_, err = remote.New(remote.Config{Places: []string{place}, Policies: rules(t, rule)})
		assert.ErrorAs(t, err, &config, place)
	}
	_, err = remote.New(remote.Config{Policies: rules(t, rule, "deny 127.0.0.1:1/fleet")})
	assert.ErrorAs(t, err, &config)
	_, err = remote.NewBuilder(remote.Config{}, signer)
	assert.ErrorAs(t, err, &config)

	s := serve(t)
	h := join(t, scripts(t), nil)
	p, err := h.Prepare(t.Context(), "rules")
	require.NoError(t, err)
	b, err := remote.NewBuilder(remote.Config{Policies: rules(t, "artifacts "+s.place()+" signed-by "+public), OCI: quick}, stranger)
	require.NoError(t, err)
	_, err = b.Push(t.Context(), p)
	var denied *load.PolicyError
	require.ErrorAs(t, err, &denied)
	assert.Contains(t, err.Error(), "no host would take what stranger signs")
	for _, r := range s.Requests() {
		assert.True(t, strings.HasPrefix(r, "GET "), r)
	}
}

var errNone = errors.New("there is no toolchain")

// released is the engine for scripts, with a toolchain that has releases.
type released struct {
	engine.Engine
	engine.Compiler
	release string
	missing bool
}

func (r released) Release() (string, error) {
	if r.missing {
		return r.release, &load.ToolchainError{Reason: errNone.Error(), Absent: true}
	}
	return r.release, nil
}
func (r released) FingerprintOf(release string) string { return "of " + release }
func (r released) Fingerprint() string                 { return r.FingerprintOf(r.release) }

// TestWithoutToolchain: a host without a toolchain takes what any release compiled, and refuses if
// there is nothing that it trusts.
func TestWithoutToolchain(t *testing.T) {
	t.Parallel()
	s, dirs := serve(t), scripts(t)
	signer, public := newKey(t, "builder")
	policies := rules(t, "artifacts "+s.place()+" signed-by "+public)
	script := starlark.New(starlark.Config{})
	with := func(release string, missing bool) engine.Engine { return released{script, script, release, missing} }
	b := join(t, dirs, nil, with("go1.30.0", false))
	p, err := b.Prepare(t.Context(), "rules")
	require.NoError(t, err)

	_, err = join(t, dirs, policies, with("go1.26.8", true)).Load(t.Context(), "rules")
	var missing *load.ToolchainError
	require.ErrorAs(t, err, &missing)
	assert.Contains(t, err.Error(), "the fleet has no artifact for this host: ")
	var unprepared *load.NotPreparedError
	require.ErrorAs(t, err, &unprepared)
	assert.Contains(t, err.Error(), "it is not prepared for wasm: there is no toolchain")
	assert.Contains(t, err.Error(), "run `load get -target wasm ")

	builder, err := remote.NewBuilder(remote.Config{Policies: policies, OCI: quick}, signer)
	require.NoError(t, err)
	_, err = builder.Push(t.Context(), p)
	require.NoError(t, err)
	h := join(t, dirs, policies, with("go1.26.8", true))
	double(t, h)
	assert.Len(t, of[event.Fetched](h), 1)
	s.From(nil)
	double(t, joinAt(t, h.store, dirs, policies, with("go1.26.8", true)))
	assert.Empty(t, s.Requests())
	double(t, joinAt(t, h.store, dirs, nil, with("go1.26.8", true)))
}
