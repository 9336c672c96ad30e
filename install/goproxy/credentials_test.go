package goproxy_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const secret = "s3cr3t-t0ken"

// guard lets those pass who show what it wants, and records who came.
type guard struct {
	next http.Handler
	want string // Authorization

	mu   sync.Mutex
	seen []string // Authorization and every other header that may hold a secret
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.seen = append(g.seen, r.Header.Get("Authorization")+r.Header.Get("Private-Token"))
	g.mu.Unlock()
	if got := r.Header.Get("Authorization") + r.Header.Get("Private-Token"); got != g.want {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	g.next.ServeHTTP(w, r)
}

// told returns what came with the requests, without repetition.
func (g *guard) told() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(g.seen))), ", ")
}

func (g *guard) start(t *testing.T, secure bool) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(g)
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server
}

// events collects everything that a loader tells.
type events struct {
	mu   sync.Mutex
	text strings.Builder
}

func (e *events) add(ev event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	event.Print(&e.text)(ev)
}

func (w *world) lockTelling(t *testing.T, name string) (told string, err error) {
	t.Helper()
	var e events
	l, err := load.New(load.Config{
		Store: w.store, Installers: []install.Installer{goproxy.New(w.config)}, Policies: w.policies, LockFile: w.lock, Events: e.add,
	})
	require.NoError(t, err)
	_, err = l.Locks().Add(t.Context(), name)
	told = e.text.String()
	if err != nil {
		told += err.Error()
	}
	return told, err
}

// discreet checks that a secret is in no text, and in no file of the store, beside the lock file or
// elsewhere.
func (w *world) discreet(t *testing.T, text string) {
	t.Helper()
	assert.NotContains(t, text, secret)
	for _, dir := range []string{w.store.Dir(), filepath.Dir(w.lock)} {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(name)
			assert.NotContains(t, string(data), secret)
			assert.NotContains(t, name, secret)
			return err
		})
		assert.NoError(t, err)
	}
}

// TestToken: the token of a registry goes to it and to nobody else, and is in no text and file.
func TestToken(t *testing.T) {
	for value, want := range map[string]string{secret: "Bearer " + secret, "me:" + secret: "Basic bWU6czNjcjN0LXQwa2Vu"} {
		w := newWorld(t)
		registry, others := &guard{next: w.registry, want: want}, &guard{next: w.public}
		server := registry.start(t, false)
		w.own(server.URL, "corp.example.com/team")
		w.config.Proxy = others.start(t, false).URL
		t.Setenv("LOAD_TOKEN_COMPANY", value)
		told, err := w.lockTelling(t, "company:auth")
		assert.NoError(t, err)
		w.discreet(t, told)
		assert.Equalf(t, want, registry.told(), "the registry heard %q", registry.told())
		assert.Emptyf(t, others.told(), "the registry heard %q", registry.told())

		w.store, w.lock = loadtest.OpenStore(t), filepath.Join(t.TempDir(), "load.lock")
		registry.want = "another"
		told, err = w.lockTelling(t, "company:auth")
		wanted := "load company:auth: " + server.URL + "/corp.example.com/team/auth/@v/list: forbidden by the registry (401 Unauthorized)\n" +
			"\tcheck the name's spelling and the credentials for " + strings.TrimPrefix(server.URL, "http://") + " in LOAD_TOKEN_COMPANY (set)"
		assert.EqualError(t, err, wanted)
		w.discreet(t, told)
	}

	w := newWorld(t)
	t.Setenv("LOAD_TOKEN_COMPANY", "a\n"+secret)
	told, err := w.lockTelling(t, "company:auth")
	require.Errorf(t, err, "got %v", err)
	assert.Truef(t, strings.HasSuffix(err.Error(), "LOAD_TOKEN_COMPANY holds what no token can\n\tset it to a token, or to user:password"), "got %v", err)
	w.discreet(t, told)
}

// TestTokenRedirected: a redirect to another scheme, host or port does not carry the token,
// whatever its header is.
func TestTokenRedirected(t *testing.T) {
	w := newWorld(t)
	bucket := &guard{next: w.registry}
	elsewhere := bucket.start(t, false)
	within := false
	registry := &guard{want: "Bearer " + secret, next: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/moved")
		if within && !ok {
			http.Redirect(rw, r, "/moved"+path, http.StatusFound)
			return
		}
		http.Redirect(rw, r, elsewhere.URL+path, http.StatusFound)
	})}
	w.own(registry.start(t, false).URL, "corp.example.com/team")
	t.Setenv("LOAD_TOKEN_COMPANY", secret)
	for _, within = range []bool{false, true} {
		w.store = loadtest.OpenStore(t)
		told, err := w.lockTelling(t, "company:auth")
		assert.NoError(t, err)
		w.discreet(t, told)
	}
	assert.Emptyf(t, bucket.told(), "the registry heard %q", registry.told())
	assert.Equalf(t, "Bearer "+secret, registry.told(), "the registry heard %q", registry.told())

	w.store = loadtest.OpenStore(t)
	registry.want = secret
	w.config.Credentials = func(context.Context, *url.URL) (http.Header, error) {
		return http.Header{"Private-Token": {secret}}, nil
	}
	_, err := w.lockTelling(t, "company:auth")
	assert.NoError(t, err)
	assert.Empty(t, bucket.told(), "where the registry redirects to")
}

// TestCallback: it goes before every other way, and its error ends the load.
func TestCallback(t *testing.T) {
	t.Setenv("LOAD_TOKEN_COMPANY", "of the environment")
	w := newWorld(t)
	registry := &guard{next: w.registry, want: "Bearer " + secret}
	server := registry.start(t, true)
	w.config.HTTPClient = server.Client()
	w.own(server.URL+"/", "corp.example.com/team")
	var fault error
	var asked sync.Map
	w.config.Credentials = func(_ context.Context, u *url.URL) (http.Header, error) {
		asked.Store(u.Host, true)
		if "https://"+u.Host != server.URL {
			return nil, nil
		}
		return http.Header{"Authorization": {"Bearer " + secret}}, fault
	}
	told, err := w.lockTelling(t, "company:auth")
	assert.NoError(t, err)
	w.discreet(t, told)
	_, ok := asked.Load(strings.TrimPrefix(w.public.URL, "http://"))
	assert.False(t, ok, "it was asked for a server that is reached over http")
	fault = errors.New("the vault is closed")
	w.store = loadtest.OpenStore(t)
	w.lock = filepath.Join(t.TempDir(), "load.lock")
	_, err = w.lockTelling(t, "company:auth")
	want := "load company:auth: " + server.URL + "/corp.example.com/team/auth/@v/list: Config.Credentials: the vault is closed"
	assert.EqualError(t, err, want)
	assert.ErrorIs(t, err, fault)
}

// TestNetrcAndGoAuth: what the go command would send, an owner gets over https, and nobody over
// http.
func TestNetrcAndGoAuth(t *testing.T) {
	const want = "Basic bWU6czNjcjN0LXQwa2Vu"
	netrc := filepath.Join(t.TempDir(), "netrc")
	require.NoError(t, os.WriteFile(netrc, []byte("machine 127.0.0.1 login me password "+secret+"\n"), 0o600))
	home := t.TempDir()
	program, helper := filepath.Join(home, "program"), filepath.Join(home, "helper")
	t.Setenv("HOME", home)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("NETRC", netrc)
	settings := map[string]bool{"": true, "netrc": true, "off": false, "off; netrc": false}
	if runtime.GOOS != "windows" {
		settings[program], settings["git "+home] = true, true
	}
	for setting, ok := range settings {
		t.Setenv("GOAUTH", setting)
		w := newWorld(t)
		registry, others := &guard{next: w.registry, want: want}, &guard{next: w.public}
		server := registry.start(t, true)
		for file, text := range map[string]string{
			program:                           "#!/bin/sh\nprintf '" + server.URL + "\\n\\nAuthorization: " + want + "\\n\\n'\n",
			helper:                            "#!/bin/sh\n[ $1 = get ] && printf 'username=me\\npassword=" + secret + "\\n'\ntrue\n",
			filepath.Join(home, ".gitconfig"): "[credential]\n\thelper = " + helper + "\n",
		} {
			require.NoError(t, os.WriteFile(file, []byte(text), 0o700))
		}
		w.config.HTTPClient, w.config.Proxy = server.Client(), others.start(t, false).URL
		w.own(server.URL, "corp.example.com/team")
		told, err := w.lockTelling(t, "company:auth")
		w.discreet(t, told)
		assert.Equal(t, ok, err == nil, setting)
		assert.Falsef(t, ok && !strings.Contains(registry.told(), want), "GOAUTH=%s: the registry heard %q", setting, registry.told())
		assert.Emptyf(t, others.told(), "GOAUTH=%s: %q was sent over http", setting, others.told())
		var wanted string
		switch setting {
		case "off":
			wanted = "\tcheck the name's spelling and the credentials for " + strings.TrimPrefix(server.URL, "https://") + " in LOAD_TOKEN_COMPANY (not set) or GOAUTH (off)"
		case "off; netrc":
			wanted = ": GOAUTH: off cannot be combined with other commands\n\trun `go help goauth`, and set it with go env -w GOAUTH=…"
		}
		assert.Falsef(t, !ok && !strings.HasSuffix(err.Error(), wanted), "GOAUTH=%s:\ngot  %v\nwant %s", setting, err, wanted)
	}
}

// TestDirectWithoutToken: the go command that brings modules from their repositories gets no tokens
// of registries.
func TestDirectWithoutToken(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	root := t.TempDir()
	noted := filepath.Join(root, "noted")
	require.NoError(t, os.Mkdir(filepath.Join(root, "bin"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "bin", "go"), []byte("#!/bin/sh\nenv >>"+noted+"\nexit 1\n"), 0o755))
	require.NoError(t, errors.Join(os.Mkdir(filepath.Join(root, "src"), 0o755), os.WriteFile(filepath.Join(root, "VERSION"), []byte("go1.26.0\n"), 0o644)))
	t.Setenv("LOAD_TOKEN_COMPANY", secret)
	in := goproxy.New(goproxy.Config{
		Proxy: "direct", ModCache: "off", DirectCache: t.TempDir(), GOROOT: root,
	})
	_, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "example.com/a"))
	assert.Error(t, err, "a go command that fails is no error")
	data, err := os.ReadFile(noted)
	assert.NoError(t, err)
	assert.Contains(t, string(data), "GOPROXY=direct")
	assert.NotContains(t, string(data), secret)
}
