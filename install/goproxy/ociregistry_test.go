package goproxy_test

import (
	"bytes"
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

	images "github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/internal/asked"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
)

// imageServer is an OCI registry of this process.
func imageServer(t *testing.T) *asked.Server {
	t.Helper()
	return asked.Start(t, httptest.NewServer, images.New(images.Logger(log.New(io.Discard, "", 0))))
}

func place(s *asked.Server) string { return "oci://" + s.Listener.Addr().String() + "/team/go" }

func (w *world) session(t *testing.T) *install.Session {
	t.Helper()
	registries, err := policy.NewRegistries(w.policies)
	require.NoError(t, err)
	return &install.Session{Store: w.store, Policies: w.policies, Registries: registries}
}

// ship puts the modules of the registry of a world into an OCI registry, and makes the rule of the
// policy name that, and mirrors.
func (w *world) ship(t *testing.T, s *asked.Server, mirrors ...string) {
	t.Helper()
	w.config.OCI.DockerConfig = "off"
	for path, version := range map[string]string{"corp.example.com/team/auth": "v1.2.0", "corp.example.com/team/base": "v1.0.0"} {
		p, err := goproxy.New(w.config).Publish(t.Context(), w.session(t), place(s), path, version)
		require.NoError(t, err)
		assert.True(t, p.Sent)
		assert.Equal(t, w.registry.Sum(path, version), p.Sum)
	}
	w.own(place(s), "corp.example.com/team")
	w.policies[0].Registries[0].Insecure, w.policies[0].Registries[0].Mirrors = false, mirrors
}

const built = "corp.example.com/team/auth@v1.2.0 corp.example.com/team/base@v1.0.0 example.com/words@v1.0.0"

// TestOCI: what a registry owns comes from its OCI repositories, with the sums that it has
// everywhere, into the lock file; nobody else hears of it.
func TestOCI(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), imageServer(t)
	w.ship(t, s)
	s.From(nil)
	for range 2 { // as the lock file has it the second time
		spec, err := w.lockName(t, "company:auth")
		require.NoError(t, err)
		assert.Equal(t, built, buildList(spec))
		w.store = loadtest.OpenStore(t)
	}
	assert.Zero(t, w.public.Count("corp.example.com"))
	for _, request := range s.Requests() {
		assert.Contains(t, request, "/team/go/corp.example.com/team")
	}

	// A tag that is moved to other contents is refused by the lock file.
	forged := loadtest.Proxy(t, strings.ReplaceAll(private, "package base", "package base // forged"))
	other := imageServer(t)
	from := w.policies
	w.own(forged.URL, "corp.example.com/team")
	_, err := goproxy.New(w.config).Publish(t.Context(), w.session(t), place(other), "corp.example.com/team/base", "v1.0.0")
	require.NoError(t, err)
	var exists *goproxy.ExistsError
	_, err = goproxy.New(w.config).Publish(t.Context(), w.session(t), place(s), "corp.example.com/team/base", "v1.0.0")
	require.ErrorAs(t, err, &exists)
	assert.EqualError(t, err, place(s)+"/corp.example.com/team/base:v1.0.0: the registry has this version already, with other contents\n"+
		"\tgive the new contents a new version: who used the old ones would refuse these")
	w.policies = from
	s.From(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/team/base/") {
			return false
		}
		other.Real.ServeHTTP(rw, r)
		return true
	})
	var sum *install.ChecksumError
	_, err = w.lockName(t, "company:auth")
	require.ErrorAs(t, err, &sum)
	assert.Contains(t, sum.Subject, "corp.example.com/team/base@v1.0.0")
}

// TestOCIAnswers: whatever the registry answers, the error says what it was and what to do, and
// nobody else is asked.
func TestOCIAnswers(t *testing.T) {
	t.Parallel()
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(code)
		}
	}
	const tag, layer = "/manifests/v1.2.0", "/blobs/"
	manifest := func(change func(*ocispec.Manifest)) func(*asked.Server) func(http.ResponseWriter, *http.Request) {
		return func(s *asked.Server) func(http.ResponseWriter, *http.Request) {
			return func(w http.ResponseWriter, r *http.Request) {
				real := httptest.NewRecorder()
				s.Real.ServeHTTP(real, r)
				var m ocispec.Manifest
				if json.Unmarshal(real.Body.Bytes(), &m) != nil || real.Code != http.StatusOK {
					w.WriteHeader(real.Code)
					return
				}
				change(&m)
				data, _ := json.Marshal(m)
				w.Header().Set("Content-Type", m.MediaType)
				w.Header().Set("Docker-Content-Digest", string(digest.FromBytes(data)))
				_, _ = w.Write(data)
			}
		}
	}
	always := func(h func(http.ResponseWriter, *http.Request)) func(*asked.Server) func(http.ResponseWriter, *http.Request) {
		return func(*asked.Server) func(http.ResponseWriter, *http.Request) { return h }
	}
	for name, c := range map[string]struct {
		part   string
		answer func(*asked.Server) func(http.ResponseWriter, *http.Request)
		want   string // AT stands for the module's repository
		down   bool
	}{
		"401": {tag, always(status(401)), "AT:v1.2.0: forbidden (401 Unauthorized)\n\tcheck the name's spelling and the credentials for HOST in LOAD_TOKEN_COMPANY (not set), or in the docker configuration, where `docker login HOST` writes them", false},
		"403": {tag, always(status(403)), "AT:v1.2.0: forbidden (403 Forbidden)\n\tcheck the name's spelling", false},
		"404": {tag, always(status(404)), "registry company: no such module: corp.example.com/team/auth, corp.example.com/team; nobody else was asked", false},
		"429": {tag, always(status(429)), "AT:v1.2.0: 429 Too Many Requests (tried 3 times)\n\tcheck the network and the URL of the registry (Config.Policies: registry company), and try again", true},
		"503": {tag, always(status(503)), "AT:v1.2.0: 503 Service Unavailable (tried 3 times)\n\tcheck the network and the URL of the registry", true},
		"HTML": {tag, always(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>log in")
		}), "it is an HTML page, not a registry's answer\n\tgive the address of the registry itself; a network's log-in page may be in the way", false},
		"an image":   {tag, manifest(func(m *ocispec.Manifest) { m.ArtifactType = "" }), "AT:v1.2.0: invalid answer: it is no manifest of a Go module (application/vnd.loadgo.module.v1)\n\treport it to the operator of the registry", false},
		"no such":    {tag, manifest(func(m *ocispec.Manifest) { m.Layers[0].Digest = digest.FromString("x") }), "AT:v1.2.0: invalid answer: the registry does not have its layer " + string(digest.FromString("x")), false},
		"other info": {tag, manifest(func(m *ocispec.Manifest) { m.Layers[0].Digest, m.Layers[0].Size = m.Layers[1].Digest, m.Layers[1].Size }), "invalid answer: it is not JSON", false},
		"changed": {layer, func(s *asked.Server) func(http.ResponseWriter, *http.Request) {
			return func(w http.ResponseWriter, r *http.Request) {
				real := httptest.NewRecorder()
				s.Real.ServeHTTP(real, r)
				_, _ = w.Write(bytes.Repeat([]byte("x"), real.Body.Len()))
			}
		}, "checksum mismatch for 127.0.0.1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newWorld(t), imageServer(t)
			w.ship(t, s)
			answer := c.answer(s)
			s.From(func(rw http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, c.part) {
					return false
				}
				answer(rw, r)
				return true
			})
			_, err := w.lockName(t, "company:auth@v1.2.0")
			require.Error(t, err)
			want := strings.ReplaceAll(strings.ReplaceAll(c.want, "AT", place(s)+"/corp.example.com/team/auth"), "HOST", s.Listener.Addr().String())
			assert.Contains(t, err.Error(), want)
			assert.Equal(t, c.down, isUnavailable(err))
			assert.Zero(t, w.public.Count("corp.example.com"))
		})
	}
}

func isUnavailable(err error) bool {
	var e *install.RegistryError
	return errors.As(err, &e) && e.Unavailable
}

// TestOCIMirror: a mirror is asked where the registry is down, or does not have something, and not
// where it refuses. No mirror gets the token of the registry.
func TestOCIMirror(t *testing.T) {
	t.Setenv("LOAD_TOKEN_COMPANY", "gopher:hunter2")
	w, s, mirror := newWorld(t), imageServer(t), imageServer(t)
	w.ship(t, mirror)
	w.own(place(s), "corp.example.com/team")
	w.policies[0].Registries[0].Mirrors = []string{"https://127.0.0.1:1/down", place(mirror)}

	var mu sync.Mutex
	told := map[string]int{}
	asks := func(name string, real http.Handler) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if user, password, ok := r.BasicAuth(); ok {
				assert.Equal(t, "gopher:hunter2", user+":"+password)
				told[name]++
				real.ServeHTTP(w, r)
				return true
			}
			if name == "mirror" { // which is public
				return false
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
	}
	s.From(asks("registry", s.Real))
	mirror.From(asks("mirror", mirror.Real))
	spec, err := w.lockName(t, "company:auth") // the registry has nothing
	require.NoError(t, err)
	assert.Equal(t, built, buildList(spec))
	assert.Positive(t, told["registry"])
	assert.Zero(t, told["mirror"])

	w.store = loadtest.OpenStore(t)
	mirror.From(asks("refusing", mirror.Real))
	_, err = w.lockName(t, "company:auth")
	require.ErrorContains(t, err, "it wants to know who asks, and there are no credentials for it")
	assert.Zero(t, told["refusing"])

	w.store = loadtest.OpenStore(t)
	mirror.From(nil)
	s.Close()
	_, err = w.lockName(t, "company:auth")
	require.NoError(t, err)

	// Where the registry refuses, that stands.
	t.Setenv("LOAD_TOKEN_COMPANY", "hunter2")
	refusing := imageServer(t)
	refusing.From(asks("registry", refusing.Real))
	w.own(place(refusing), "corp.example.com/team")
	w.policies[0].Registries[0].Mirrors = []string{place(mirror)}
	w.store = loadtest.OpenStore(t)
	mirror.From(nil)
	_, err = w.lockName(t, "company:auth@v1.2.0")
	require.ErrorContains(t, err, "LOAD_TOKEN_COMPANY does not hold USER:PASSWORD, which an OCI registry wants")
	assert.NotContains(t, err.Error(), "hunter2")
	assert.Empty(t, mirror.Requests())
}

// TestMirror: mirrors of a module proxy are asked alike.
func TestMirror(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.own("http://127.0.0.1:1", "corp.example.com/team")
	w.policies[0].Registries[0].Mirrors = []string{w.registry.URL}
	w.config.Retries, w.config.RetryDelay = 4, time.Hour // nobody waits for what has a mirror
	spec, err := w.lockName(t, "company:auth")
	require.NoError(t, err)
	assert.Equal(t, built, buildList(spec))
	w.quiet(t)
}

// TestPublishOwned: what the place owns comes from its repository, and no proxy and no checksum
// database hears of it.
func TestPublishOwned(t *testing.T) {
	h := host(t)
	lib := h.repo(t, "lib")
	lib.Write("go.mod", "module example.com/lib\n\ngo 1.20\n")
	lib.Write("lib.go", "package lib\n\nconst V = 1\n")
	lib.Commit("v1.0.0")
	w, s := newWorld(t), imageServer(t)
	w.config.OCI, w.config.DirectCache = oci.Config{DockerConfig: "off"}, loadtest.TempDir(t)
	w.own(place(s), "example.com/lib")
	in := goproxy.New(w.config)
	p, err := in.Publish(t.Context(), w.session(t), place(s), "example.com/lib", "v1.0.0")
	require.NoError(t, err)
	assert.True(t, p.Sent)
	spec, err := w.lockName(t, "example.com/lib")
	require.NoError(t, err)
	assert.Equal(t, p.Sum, spec.BuildList[0].Sum)
	_, err = in.Publish(t.Context(), w.session(t), place(s), "example.com/lib", "v1.1.0")
	require.Error(t, err)
	assert.Zero(t, w.public.Count(""))
}

// TestPublish: what is published comes from where it would be installed from, under the policies.
func TestPublish(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), imageServer(t)
	w.config.OCI = oci.Config{DockerConfig: "off"}
	p, err := goproxy.New(w.config).Publish(t.Context(), w.session(t), place(s), "example.com/words", "v1.0.0")
	require.NoError(t, err)
	assert.True(t, p.Sent)
	p, err = goproxy.New(w.config).Publish(t.Context(), w.session(t), place(s), "example.com/words", "v1.0.0")
	require.NoError(t, err)
	assert.False(t, p.Sent)

	forged := w.config // what the checksum database does not vouch for goes nowhere
	forged.Proxy = loadtest.Proxy(t, strings.ReplaceAll(public, "package words", "package words // forged")).URL
	s.From(nil)
	_, err = goproxy.New(forged).Publish(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, place(s)+"/forged", "example.com/words", "v1.0.0")
	require.ErrorContains(t, err, "example.com/words@v1.0.0: checksum database sums.test: ")
	assert.Empty(t, s.Requests())

	w.policies = []*policy.Policy{{Deny: []string{"example.com"}}}
	_, err = goproxy.New(w.config).Publish(t.Context(), w.session(t), place(s), "example.com/words", "v1.0.0")
	var denied *install.PolicyError
	require.ErrorAs(t, err, &denied)
	w.policies = nil
	offline := w.session(t)
	offline.Offline = true
	_, err = goproxy.New(w.config).Publish(t.Context(), offline, place(s), "example.com/words", "v1.0.0")
	require.ErrorIs(t, err, install.ErrOffline)
	for _, version := range []string{"", "v1", "main", "latest"} {
		var name *find.NameError
		_, err = goproxy.New(w.config).Publish(t.Context(), w.session(t), place(s), "example.com/words", version)
		require.ErrorAs(t, err, &name)
	}
	assert.Empty(t, s.Requests())
}

// TestRegistry ships modules through a registry of this process, and through those whose addresses
// LOAD_REGISTRIES lists, with the user's docker configuration.
func TestRegistry(t *testing.T) {
	t.Parallel()
	const odd = `
-- corp.example.com/Team_X/auth@v1.2.0/go.mod --
module corp.example.com/Team_X/auth

go 1.20
-- corp.example.com/Team_X/auth@v1.2.0/auth.go --
package auth
-- corp.example.com/Team_X/auth@v2.0.0+incompatible/auth.go --
package auth
`
	for _, address := range append(strings.Fields(os.Getenv("LOAD_REGISTRIES")), "") {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			w, where := newWorld(t), "oci://"+address+"/load-test/go"
			if address == "" {
				where = place(imageServer(t))
				w.config.OCI.DockerConfig = "off"
			}
			from := loadtest.Proxy(t, odd)
			w.own(from.URL, "corp.example.com/Team_X")
			in, session := goproxy.New(w.config), w.session(t)
			for _, version := range []string{"v1.2.0", "v2.0.0+incompatible"} {
				p, err := in.Publish(t.Context(), session, where, "corp.example.com/Team_X/auth", version)
				require.NoError(t, err)
				again, err := in.Publish(t.Context(), session, where, "corp.example.com/Team_X/auth", version)
				require.NoError(t, err)
				assert.False(t, again.Sent)
				assert.Equal(t, p.Digest, again.Digest)
			}
			w.own(where, "corp.example.com/Team_X")
			w.policies[0].Registries[0].Insecure = false
			for query, want := range map[string]string{"": "v1.2.0", "@v2.0.0+incompatible": "v2.0.0+incompatible", "@v1": "v1.2.0"} {
				w.lock, w.store = filepath.Join(t.TempDir(), "load.lock"), loadtest.OpenStore(t)
				spec, err := w.lockName(t, "company:auth"+query)
				require.NoError(t, err)
				assert.Equal(t, from.Sum("corp.example.com/Team_X/auth", want), spec.BuildList[0].Sum, query)
			}
			var missing *find.NotFoundError
			_, err := w.lockName(t, "company:none")
			require.ErrorAs(t, err, &missing)
		})
	}
}
