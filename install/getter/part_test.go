package getter_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/policy"
)

// TestOpen: what something names as a part of it is fetched where the policies let it, and not from
// this machine, where it does not lead either.
func TestOpen(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a.wasm":
			_, _ = io.WriteString(w, "module")
		case "/away":
			http.Redirect(w, r, "/denied/a.wasm", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	open := func(insecure string, session *install.Session, where string) (string, error) {
		body, err := getter.New(getter.Config{Insecure: insecure, Netrc: "off", GoAuth: "off"}).Open(t.Context(), session, where)
		if err != nil {
			return "", err
		}
		defer body.Close()
		text, err := io.ReadAll(body)
		return string(text), err
	}
	rules := func(text string) *install.Session {
		p, err := policy.Parse("load.policy", []byte("load.policy 1\n"+text+"\n"))
		require.NoError(t, err)
		return &install.Session{Policies: []*policy.Policy{p}}
	}
	free := &install.Session{}
	text, err := open(at.Host, free, server.URL+"/a.wasm")
	require.NoError(t, err)
	assert.Equal(t, "module", text)
	for want, test := range map[string]struct {
		insecure string
		session  *install.Session
		url      string
	}{
		"is not the https URL of a host elsewhere":                 {"", free, server.URL + "/a.wasm"},
		"https://localhost/a.wasm is not the https URL":            {"", free, "https://localhost/a.wasm"},
		"file:///etc/passwd is not the https URL":                  {"*", free, "file:///etc/passwd"},
		"https://me:xxxxx@example.com/a.wasm is not the https URL": {"", free, "https://me:secret@example.com/a.wasm"},
		"404":                                {at.Host, free, server.URL + "/gone"},
		install.ErrOffline.Error():           {at.Host, &install.Session{Offline: true}, server.URL + "/a.wasm"},
		"nothing may be installed":           {at.Host, rules("install off"), server.URL + "/a.wasm"},
		"/a.wasm is denied":                  {at.Host, rules("deny " + server.URL + "/a.wasm"), server.URL + "/a.wasm"},
		"/a.wasm is not among what is allow": {at.Host, rules("allow example.com/other"), server.URL + "/a.wasm"},
		"denied/a.wasm is denied":            {at.Host, rules("deny " + server.URL + "/denied"), server.URL + "/away"},
	} {
		_, err := open(test.insecure, test.session, test.url)
		assert.ErrorContains(t, err, want)
	}
}
