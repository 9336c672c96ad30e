package getter_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file is asked for again after faults that may pass, and each time an event tells so, without
// what the URL's parameters hold.
func TestRetries(t *testing.T) {
	t.Parallel()
	const body = "rate = 1\n"
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch requests.Add(1) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			fmt.Fprint(w, body[:3])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			fmt.Fprint(w, body)
		}
	}))
	t.Cleanup(server.Close)
	in := getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off", RetryDelay: time.Millisecond})
	var told []string
	session := &install.Session{Store: loadtest.OpenStore(t), Events: func(e event.Event) {
		if e, ok := e.(event.Retrying); ok {
			told = append(told, strings.TrimPrefix(e.URL, server.URL)+": "+e.Err.Error())
		}
	}}
	_, spec, err := bringIn(t.Context(), t, in, session, server.URL+"/tax.star?token=secret")
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(spec.Source.Dir, spec.Source.File))
	assert.NoError(t, err)
	assert.Equal(t, body, string(data))
	assert.Equal(t, "/tax.star: 503 Service Unavailable\n/tax.star: the answer was cut off", strings.Join(told, "\n"))
}

// What git downloads is bounded, also while it still works.
func TestRepositorySize(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	r, first, _ := rules(t, filepath.Join(root, "rules"))
	config := getter.Config{MaxRepository: 100_000}
	name := "git::file://" + r.Dir + "//tax?ref=" + first
	_, _, err := bring(t.Context(), t, getter.New(config), loadtest.OpenStore(t), name)
	require.NoError(t, err)
	noise := make([]byte, 300_000)
	_, err = rand.NewChaCha8([32]byte{}).Read(noise) // nothing that git could compress
	require.NoError(t, err)
	endless := filepath.Join(root, "git")
	git, err := exec.LookPath("git")
	require.NoError(t, err)
	script := `#!/bin/sh
case "$*" in
*" fetch "*) while :; do head -c 50000 /dev/zero >>"$GIT_DIR/tmp_pack"; done ;;
esac
exec ` + git + ` "$@"
`
	require.NoError(t, os.WriteFile(endless, []byte(script), 0o755))
	r.Write("noise", string(noise))
	large := "git::file://" + r.Dir + "?ref=" + r.Commit()
	for which, in := range map[string]*getter.Installer{
		"at once": getter.New(config),
		"endless": getter.New(getter.Config{MaxRepository: 1000_000, Git: endless}),
	} {
		s := loadtest.OpenStore(t)
		_, _, err := bring(t.Context(), t, in, s, large)
		var refused *install.RegistryError
		if !assert.ErrorAs(t, err, &refused, which) {
			continue
		}
		want := "file://" + r.Dir + ": its repository: it is larger than " + map[string]string{"at once": "100000", "endless": "1000000"}[which] + "B\n\tif you trust it, raise getter.Config.MaxRepository"
		assert.Equal(t, want, err.Error(), which)
		entries, _ := os.ReadDir(filepath.Join(s.Dir(), "tmp"))
		assert.Zero(t, len(entries), which)
	}
}
