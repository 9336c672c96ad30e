package getter_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWebTricks: what go-getter would do for other callers, and what a server can say beside the
// file, leads nowhere.
func TestWebTricks(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	secret := filepath.Join(parent, "secret.star")
	require.NoError(t, os.WriteFile(secret, []byte("x = 'secret'"), 0o600))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Terraform-Get", "file://"+secret)
		w.Header().Set("Content-Disposition", `attachment; filename="../../evil.star"`)
		switch r.URL.Path {
		case "/ok.star":
			fmt.Fprint(w, "x = 'ok'")
		case "/empty.star":
		case "/part.star":
			w.Header().Set("Content-Range", "bytes 0-3/100")
			w.WriteHeader(http.StatusPartialContent)
			fmt.Fprint(w, "x = 1")
		case "/nothing.star":
			w.WriteHeader(http.StatusNoContent)
		case "/gzip.star":
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "x = 'not what it says'")
		case "/meta.star":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<html><head><meta name="terraform-get" content="file://%s"></head></html>`, secret)
		case "/loop.star":
			http.Redirect(w, r, "/loop.star", http.StatusFound)
		case "/nowhere.star":
			w.WriteHeader(http.StatusFound)
		case "/git.star":
			http.Redirect(w, r, "git::file://"+parent, http.StatusFound)
		case "/trickle.star":
			for r.Context().Err() == nil {
				fmt.Fprint(w, "#")
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(5 * time.Millisecond):
				}
			}
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	in := getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off", Stall: 200 * time.Millisecond, Retries: -1})
	for _, name := range []string{"/ok.star", "/ok.star?filename=../../../evil.star", "/ok.star?archive=star", "/ok.star?terraform-get=1"} {
		_, spec, err := bring(t.Context(), t, in, loadtest.OpenStore(t), server.URL+name)
		if err != nil || spec.Source.File != "ok.star" {
			t.Errorf("%s: %+v, %v", name, spec, err)
			continue
		}
		data, err := fs.ReadFile(spec.Source.FS, "ok.star")
		assert.Equal(t, "x = 'ok'", string(data), name)
		assert.NoError(t, err, name)
	}
	const retry = "\n\tcheck the name and the network, and try again"
	for name, want := range map[string]string{
		"/part.star":               "URL/part.star: 206 Partial Content" + retry,
		"/nothing.star":            "URL/nothing.star: 204 No Content" + retry,
		"/gzip.star":               "", // what arrives counts
		"/meta.star":               "URL/meta.star: it is an HTML page, not a file\n\tgive the URL of the file itself; a network's log-in page may be in the way",
		"/loop.star":               "URL/loop.star: too many redirects" + retry,
		"/nowhere.star":            "URL/nowhere.star: 302 Found" + retry,
		"/git.star":                "URL/git.star: redirect from http to git" + retry,
		"/trickle.star":            "URL/trickle.star: the answer stalled" + retry,
		"/empty.star":              "",
		"/ok.star?checksum=sha256": `invalid module name: its checksum "sha256" is neither sha256:HEX nor sha512:HEX`,
		"/ok.star?archive=../x":    `invalid module name: its archive format "../x" is none of zip, tar.gz and tar.zst`,
	} {
		s := loadtest.OpenStore(t)
		_, _, err := bring(t.Context(), t, in, s, server.URL+name)
		got := ""
		if err != nil {
			got = strings.ReplaceAll(err.Error(), server.URL, "URL")
			empty(t, s.Dir())
		}
		assert.Equal(t, want, got, name)
	}
	entries, _ := os.ReadDir(parent)
	assert.Len(t, entries, 1)
}
