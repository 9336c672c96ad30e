package oci_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
)

const (
	user     = "gopher"
	password = "hunter2"
)

// network leads hosts of any name to servers of this machine, by TLS that is not verified.
type network map[string]*httptest.Server

func (n network) client(t *testing.T) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	transport.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) {
		server := n[strings.TrimSuffix(strings.TrimSuffix(address, ":443"), ":80")]
		if server == nil {
			return nil, errors.New("no such host: " + address)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// heard are the Authorization headers, and forms with a password, that a server got, by host.
type heard struct {
	mu   sync.Mutex
	said map[string][]string
}

func (h *heard) hear(r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.said == nil {
		h.said = map[string][]string{}
	}
	if authorization := r.Header.Get("Authorization"); authorization != "" {
		h.said[r.Host] = append(h.said[r.Host], authorization)
	}
}

func (h *heard) at(host string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said[host]
}

// TestTokens: who the user is is told to the registry, and for a token to its own host and to the
// hosts that the configuration names; to nobody else, wherever the registry points. The hosts of
// registries that everybody knows are theirs alone.
func TestTokens(t *testing.T) {
	t.Parallel()
	var told heard
	realm := ""
	need := func(w http.ResponseWriter, r *http.Request) bool {
		told.hear(r)
		if strings.HasPrefix(r.URL.Path, "/token") {
			if who, secret, _ := r.BasicAuth(); who != user || secret != password {
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			fmt.Fprint(w, `{"token":"t0ken"}`)
			return true
		}
		if r.Header.Get("Authorization") == "Bearer t0ken" {
			return false
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="r",scope="repository:team/rules:pull"`, realm))
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	registry := serve(t, httptest.NewTLSServer)
	loadtest.PushLayers(t, oci.New(oci.Config{HTTPClient: network{"r.example.com": registry.Server.Server}.client(t), DockerConfig: "off"}), "r.example.com/team/rules:v1.0.0",
		loadtest.Layer{MediaType: "text/plain", Title: "x.star", Data: []byte("x = 1\n")})
	registry.From(need)
	hosts := network{}
	for _, host := range []string{
		"r.example.com", "r.example.com:8443", "auth.example.com", "example.com", "evil.com", "auth.r.example.com", "localhost", "127.0.0.1",
		"r.co.uk", "evil.co.uk", "mine.azurecr.io", "theirs.azurecr.io", "registry-1.docker.io", "auth.docker.io", "registry.gitlab.com", "gitlab.com",
	} {
		hosts[host] = registry.Server.Server
	}
	config := quick()
	config.HTTPClient = hosts.client(t)
	at := ""
	config.Credentials = func(_ context.Context, asked string) (string, string, error) {
		assert.Equal(t, at, asked)
		return user, password, nil
	}
	for _, test := range []struct {
		realm, tokenHosts, refused string
	}{
		{"https://r.example.com/token", "", ""},
		{"https://r.example.com:8443/token", "", ""},
		{"https://auth.example.com/token", "auth.example.com", ""},
		{"https://auth.example.com/token", "", "it wants the password sent to https://auth.example.com"},
		{"https://example.com/token", "", "it wants the password sent to https://example.com"},
		{"r.co.uk https://evil.co.uk/token", "", "it wants the password sent to https://evil.co.uk"},
		{"mine.azurecr.io https://theirs.azurecr.io/token", "", "it wants the password sent to https://theirs.azurecr.io"},
		{"docker.io https://auth.docker.io/token", "", ""},
		{"registry.gitlab.com https://gitlab.com/token", "", ""},
		{"registry.gitlab.com https://auth.docker.io/token", "", "it wants the password sent to https://auth.docker.io"},
		{"https://gitlab.com/token", "", "it wants the password sent to https://gitlab.com"},
		{"https://evil.com/token", "evil.com", ""},
		{"https://evil.com/token", "*.com", ""},
		{"https://evil.com/token", "", "it wants the password sent to https://evil.com\n\tif you trust that host with it, add the host to LOAD_TOKEN_HOSTS"},
		{"https://evil.com:8443/token", "other.com", "https://evil.com:8443"},
		{"https://auth.r.example.com/token", "", "it wants the password sent to"}, // a host below it may be anybody's
		{"http://r.example.com/token", "", "uses http but registry was contacted over https"},
		{"https://127.1/token", "", "it sends for a token to this machine"},
		{"https://ｅvil.com/token", "evil.com", "a host that can stand for another"},
		{"https://localhost/token", "", "blocked prefix"},
		{"https://127.0.0.1/token", "", "blocked prefix"},
		{"file:///etc/passwd", "", "unsupported scheme"},
	} {
		var other bool
		if at, realm, other = strings.Cut(test.realm, " "); !other {
			at, realm = "r.example.com", test.realm
		}
		told.said = nil
		config.TokenHosts = test.tokenHosts
		_, _, err := bring(t, oci.New(config), new(install.Session), "oci::"+at+"/team/rules:v1.0.0")
		if test.refused == "" {
			require.NoError(t, err, test.realm)
			continue
		}
		require.ErrorContains(t, err, test.refused, test.realm)
		assert.NotContains(t, err.Error(), password)
		for host := range hosts {
			assert.Empty(t, told.at(host), "%s: %s", test.realm, host)
		}
	}

	// A policy decides about where a token comes from, as about every address that others lead to.
	at, realm = "r.example.com", "https://r.example.com:8443/token"
	session := &install.Session{Policies: []*policy.Policy{{Deny: []string{"r.example.com:8443"}}}}
	_, _, err := bring(t, oci.New(config), session, "oci::r.example.com/team/rules:v1.0.0")
	var denied *install.PolicyError
	require.ErrorAs(t, err, &denied)
}

// TestRedirects: a blob may lie elsewhere, where the user is nobody; a redirect leads to no less
// safety, and not to where a policy forbids.
func TestRedirects(t *testing.T) {
	t.Parallel()
	var told heard
	script := []byte("x = 1\n")
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told.hear(r)
		switch r.URL.Path {
		case "/other":
			http.Redirect(w, r, "/blob", http.StatusTemporaryRedirect)
		case "/back":
			http.Redirect(w, r, "https://r.example.com/v2/back", http.StatusTemporaryRedirect)
		case "/signed":
			w.WriteHeader(http.StatusForbidden)
		case "/wants":
			w.Header().Set("WWW-Authenticate", `Basic realm="elsewhere"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Write(script)
		}
	}))
	t.Cleanup(elsewhere.Close)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(script) }))
	t.Cleanup(plain.Close)
	registry := serve(t, httptest.NewTLSServer)
	hosts := network{"r.example.com": registry.Server.Server, "blobs.example.com": elsewhere, "cdn.example.net": elsewhere, "below.r.example.com": elsewhere, "r.example.com:8443": elsewhere, "plain.example.net": plain, "localhost": elsewhere, "127.0.0.1": elsewhere}
	config := quick()
	config.HTTPClient = hosts.client(t)
	loadtest.PushLayers(t, oci.New(config), "r.example.com/team/rules:v1.0.0", loadtest.Layer{MediaType: "text/plain", Title: "x.star", Data: script})
	config.Credentials = func(context.Context, string) (string, string, error) { return user, password, nil }
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	for to, refused := range map[string]string{
		"https://blobs.example.com/blob":          "",
		"https://cdn.example.net/blob":            "",
		"https://cdn.example.net/denied":          "denied",
		"https://below.r.example.com/blob":        "",
		"https://r.example.com:8443/blob":         "",
		"https://below.r.example.com/other":       "",
		"https://blobs.example.com/back":          "401",
		"https://blobs.example.com/signed?sig=s3": "403",
		"https://cdn.example.net/wants?sig=s3":    "401",
		"http://plain.example.net/blob":           "redirect from https to http",
		"https://localhost/blob":                  "redirect to this machine",
		"https://127.0.0.1/blob":                  "redirect to this machine",
		"https://127.1/blob":                      "redirect to this machine",
		"file:///etc/passwd":                      "redirect from https to file",
		"https://none.example.net/blob?sig=s3":    "no such host",
	} {
		told.said = nil
		registry.From(func(w http.ResponseWriter, r *http.Request) bool {
			told.hear(r)
			switch {
			case r.Header.Get("Authorization") != basic:
				w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
				w.WriteHeader(http.StatusUnauthorized)
			case strings.Contains(r.URL.Path, "/blobs/"):
				http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			default:
				return false
			}
			return true
		})
		config := config
		config.Retries = -1
		session := &install.Session{Policies: []*policy.Policy{{Deny: []string{"cdn.example.net/denied"}}}}
		_, _, err := bring(t, oci.New(config), session, "oci::r.example.com/team/rules:v1.0.0")
		if refused == "" {
			require.NoError(t, err, to)
		} else {
			require.ErrorContains(t, err, refused, to)
			assert.NotContains(t, err.Error(), "s3", to)
			assert.NotContains(t, err.Error(), password, to)
		}
		assert.NotEmpty(t, told.at("r.example.com"), to)
		for _, host := range []string{"blobs.example.com", "cdn.example.net", "below.r.example.com", "r.example.com:8443"} {
			assert.Empty(t, told.at(host), to)
		}
	}
}

// TestTokenRedirected: a token of the docker configuration is sent to the registry's own host, and
// not on to where that redirects.
func TestTokenRedirected(t *testing.T) {
	t.Parallel()
	var bodies []string
	var mu sync.Mutex
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, string(body))
		fmt.Fprint(w, `{"access_token":"t0ken"}`)
	}))
	t.Cleanup(elsewhere.Close)
	registry := serve(t, httptest.NewTLSServer)
	registry.From(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/token") {
			http.Redirect(w, r, "https://evil.com/token", http.StatusTemporaryRedirect)
			return true
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://r.example.com/token",service="r"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	file := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"auths":{"r.example.com":{"identitytoken":"`+password+`"}}}`), 0o600))
	config := quick()
	config.HTTPClient = network{"r.example.com": registry.Server.Server, "evil.com": elsewhere}.client(t)
	config.DockerConfig, config.Retries = file, -1
	_, _, err := bring(t, oci.New(config), new(install.Session), "oci::r.example.com/team/rules:v1.0.0")
	require.ErrorContains(t, err, "refusing to resend a token request body to another origin")
	assert.NotContains(t, err.Error(), password)
	assert.Empty(t, bodies)
}

// TestDockerConfig: credentials come from the docker configuration and its helpers, and what these
// say is in no error.
func TestDockerConfig(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	bin := t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	s := serve(t, httptest.NewServer)
	loadtest.PushLayers(t, oci.New(quick()), s.host()+"/team/rules:v1.0.0", loadtest.Layer{MediaType: "text/plain", Title: "x.star", Data: []byte("x = 1\n")})
	s.From(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == basic {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":"not %s"}]}`, r.Header.Get("Authorization"))
		return true
	})
	for name, text := range map[string]string{
		"good":   fmt.Sprintf(`#!/bin/sh`+"\n"+`read -r server; [ "$server" = %s ] && echo '{"Username":"%s","Secret":"%s"}'`, s.host(), user, password),
		"secret": "#!/bin/sh\necho " + password + "; exit 1",
		"broken": "#!/bin/sh\necho '{\"Username\":" + password + "'",
		"empty":  "#!/bin/sh\necho 'credentials not found in native keychain'; exit 1",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, "docker-credential-"+name), []byte(text), 0o755))
	}
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	wrong := base64.StdEncoding.EncodeToString([]byte(user + ":secret-of-another"))
	for what, test := range map[string]struct{ config, refused string }{
		"auths":             {fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, s.host(), auth), ""},
		"helper":            {fmt.Sprintf(`{"credHelpers":{%q:"good"}}`, s.host()), ""},
		"store":             {`{"credsStore":"good"}`, ""},
		"wrong":             {fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, s.host(), wrong), "forbidden (401 Unauthorized)\n\tcheck the spelling of the name; log in with `docker login " + s.host()},
		"of another host":   {fmt.Sprintf(`{"auths":{"example.com":{"auth":%q}}}`, auth), "there are no credentials for it\n\tlog in with `docker login"},
		"none":              {`{}`, "there are no credentials for it"},
		"helper with none":  {`{"credsStore":"empty"}`, "there are no credentials for it"},
		"helper that fails": {`{"credsStore":"secret"}`, "gives no credentials for"},
		"helper that talks": {`{"credsStore":"broken"}`, "gives no credentials for"},
		"missing helper":    {`{"credsStore":"nowhere"}`, "gives no credentials for"},
		"broken auth":       {fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, s.host(), "***"+password), "gives no credentials for"},
		"broken file":       {`{"auths":{` + password, "the docker configuration cannot be read"},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("DOCKER_CONFIG", dir)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(test.config), 0o600))
			config := quick()
			config.DockerConfig = ""
			_, _, err := bring(t, oci.New(config), new(install.Session), "oci::"+s.host()+"/team/rules:v1.0.0")
			if test.refused == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.refused)
			for _, secret := range []string{password, auth, wrong, "secret-of-another"} {
				assert.NotContains(t, err.Error(), secret)
			}
		})
	}
}

// TestPlainHTTP: only registries of this machine and those that the configuration lists are asked
// over http, and the latter get no credentials.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"r.example.com", "192.0.2.1", "r.example.com:5000", "192.0.2.1:5000"} {
		var told heard
		s := serve(t, httptest.NewServer)
		config := quick()
		config.HTTPClient, config.Retries, config.Insecure = network{host: s.Server.Server}.client(t), -1, host+"/team"
		loadtest.PushLayers(t, oci.New(config), host+"/team/rules:v1.0.0", loadtest.Layer{MediaType: "text/plain", Title: "x.star", Data: []byte("x = 1\n")})
		_, _, err := bring(t, oci.New(config), new(install.Session), "oci::"+host+"/team/rules:v1.0.0")
		require.NoError(t, err, host)
		_, _, err = bring(t, oci.New(config), new(install.Session), "oci::"+host+"/other/rules:v1.0.0")
		require.ErrorContains(t, err, "server gave HTTP response to HTTPS client", host)

		s.From(func(w http.ResponseWriter, r *http.Request) bool {
			told.hear(r)
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		})
		config.Credentials = func(context.Context, string) (string, string, error) { return user, password, nil }
		_, _, err = bring(t, oci.New(config), new(install.Session), "oci::"+host+"/team/rules:v1.0.0")
		require.ErrorContains(t, err, "none are sent over plain http; use https", host)
		assert.Empty(t, told.at(host))
	}
}

// TestPolicies: rules are about the registry and the repository, in every spelling.
func TestPolicies(t *testing.T) {
	t.Parallel()
	s := serve(t, httptest.NewServer)
	_, port, _ := net.SplitHostPort(s.host())
	in := oci.New(quick())
	loadtest.PushLayers(t, in, s.host()+"/team/rules:v1.0.0", loadtest.Layer{MediaType: "text/plain", Title: "x.star", Data: []byte("x = 1\n")})
	for pattern, refused := range map[string]bool{
		s.host(): true, "127.0.0.1": true, s.host() + "/team": true, "oci::" + s.host() + "/team/rules": true, "127.0.0.1/team/r*": true,
		"example.com": false, s.host() + "/team/other": false, "127.0.0.1:1/team": false, "127.0.0.1/rules": false,
	} {
		rule := &policy.Policy{Deny: []string{pattern}}
		require.NoError(t, rule.Check())
		_, _, err := bring(t, in, &install.Session{Policies: []*policy.Policy{rule}}, "oci::"+s.host()+"/team/rules:v1.0.0")
		var denied *install.PolicyError
		assert.Equal(t, refused, errors.As(err, &denied), pattern)
		for _, spelling := range []string{"127.0.0.1", "127.1", "0x7f000001"} { // a loader asks for the name as it is written
			assert.Equal(t, refused, !rule.Name("oci::"+spelling+":"+port+"/team/rules:v2//dir").Allowed, "%s: %s", pattern, spelling)
		}
	}
	require.ErrorContains(t, (&policy.Policy{Deny: []string{"oci::example.com/team/rules:v1"}}).Check(), "it stands for every version")
	s.From(nil)
	session := &install.Session{Offline: true}
	_, _, err := bring(t, in, session, "oci::"+s.host()+"/team/rules:v1.0.0")
	require.ErrorIs(t, err, install.ErrOffline)
	assert.Empty(t, s.asked())
}

// TestNames: names that are refused before anything is asked.
func TestNames(t *testing.T) {
	t.Parallel()
	digest := strings.Repeat("a", 64)
	for name, want := range map[string]string{
		"oci::":                                                         "it names no repository",
		"oci::example.com":                                              "it names no repository",
		"oci::example.com/":                                             "it names no repository",
		"oci::team/rules":                                               "write docker.io/team/rules for that of Docker",
		"oci://example.com/team/rules":                                  "write oci::example.com/team/rules",
		"oci::registry-1.docker.io/team/rules":                          "write oci::docker.io/team/rules",
		"oci::example.com/Team/rules":                                   "small letters",
		"oci::example.com/team/../rules":                                "is no repository",
		"oci::example.com/team/rules:":                                  "is no tag",
		"oci::example.com/team/rules:-v1":                               "is no tag",
		"oci::example.com/team/rules:" + strings.Repeat("v", 129):       "is no tag",
		"oci::example.com/team/rules@sha256:abc":                        "64 hexadecimal digits",
		"oci::example.com/team/rules@sha512:" + digest + digest:         "64 hexadecimal digits",
		"oci::example.com/team/rules@sha256:" + strings.ToUpper(digest): "64 hexadecimal digits",
		"oci::example.com/team/rules@v1.0.0":                            "64 hexadecimal digits",
		"oci::example.com/team/rules:v 1":                               "",
		"oci::example.com/team/rules//../x":                             "no directory within it",
		"oci::example.com/team/rules//a//b":                             "no directory within it",
		"oci::example.com/team/rules//":                                 "no directory within it",
		"oci::gopher:hunter2@example.com/team/rules":                    "keep that in the docker configuration",
		"oci::exаmple.com/team/rules":                                   "letters outside of ASCII",
		"oci::example.com:port/team/rules":                              "is no registry",
		"oci::[::1/team/rules":                                          "several colons",
		"oci::example.com::x:5000/team/rules":                           "several colons",
		"oci::example.com?x=/team/rules":                                "is no registry",
		"oci::-example.com/team/rules:v1?x=y":                           "is no tag",
	} {
		parsed, err := find.ParseName(name)
		if err == nil {
			_, err = oci.New(quick()).Resolve(t.Context(), new(install.Session), parsed)
		}
		var bad *find.NameError
		require.ErrorAs(t, err, &bad, name)
		require.ErrorContains(t, err, want, name)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}
