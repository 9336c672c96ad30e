package webtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/loadgo/load/loadtest/testdata/web"
)

// echoes takes over the connection and sends back each line.
func echoes(w http.ResponseWriter, r *http.Request) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "cannot be upgraded", http.StatusNotImplemented)
		return
	}
	defer conn.Close()
	fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	_ = rw.Flush()
	for {
		line, err := rw.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = rw.WriteString(line)
		_ = rw.Flush()
	}
}

// upgraded upgrades a connection and returns what came back for a line that was sent early, with
// the request, or after the upgrade, and for one that was sent later.
func upgraded(t *testing.T, h http.Handler, early bool) string {
	server := serve(t, h)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	if early {
		fmt.Fprint(conn, "first\n")
	}
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	if response.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(response.Body)
		return response.Status + " " + string(body)
	}
	if !early {
		fmt.Fprint(conn, "first\n")
	}
	first, _ := in.ReadString('\n')
	fmt.Fprint(conn, "second\n")
	second, err := in.ReadString('\n')
	assert.NoError(t, err)
	return first + second
}

func (s suite) testMiddlewareUpgrades(t *testing.T) {
	create := gosuite.Bound[func(string, http.Handler) (http.Handler, error)](t, s.Testdata(t, "web", 0), "Hijacking")
	backend := serve(t, http.HandlerFunc(echoes))
	target, err := url.Parse(backend.URL)
	require.NoError(t, err)
	nexts := map[string]http.Handler{"handler": http.HandlerFunc(echoes), "proxy": httputil.NewSingleHostReverseProxy(target)}
	for _, kind := range []string{"none", "unwrap", "hides", "hijack", "counts", "itself"} {
		for name, next := range nexts {
			loaded, err := create(kind, next)
			require.NoError(t, err)
			early := name == "handler" // the proxy drops what was sent early
			want := upgraded(t, web.Hijacking(kind, next), early)
			if kind == "hides" && name == "proxy" { // the text names the writer's type
				want = strings.TrimSpace(want)
				assert.True(t, strings.HasPrefix(want, "502"), want)
				assert.True(t, strings.HasPrefix(upgraded(t, loaded, early), "502"))
				continue
			}
			assert.Equal(t, want, upgraded(t, loaded, early), "%s, %s", kind, name)
		}
	}
}

// testMiddlewareAbilities checks that next sees what the plugin's writer can do.
func (s suite) testMiddlewareAbilities(t *testing.T) {
	create := gosuite.Bound[makeProgram](t, s.Testdata(t, "web", 0), "Program")
	abilities := func(create makeProgram, kind string, outer func(http.ResponseWriter) http.ResponseWriter) (found string) {
		h, err := create(kind, false, []string{"x", "x", "x", "x"}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for {
				_, flusher := w.(http.Flusher)
				_, hijacker := w.(http.Hijacker)
				_, readerFrom := w.(io.ReaderFrom)
				_, pusher := w.(http.Pusher)
				_, stringWriter := w.(io.StringWriter)
				_, deadlines := w.(interface{ EnableFullDuplex() error })
				inner, unwraps := w.(interface{ Unwrap() http.ResponseWriter })
				found += fmt.Sprintln(flusher, hijacker, readerFrom, pusher, stringWriter, deadlines, unwraps)
				if !unwraps {
					return
				}
				w = inner.Unwrap()
			}
		}))
		require.NoError(t, err)
		exchange(t, request(t, "GET", serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(outer(w), r) })).URL, ""))
		return found
	}
	outers := map[string]func(http.ResponseWriter) http.ResponseWriter{
		"server": func(w http.ResponseWriter) http.ResponseWriter { return w },
		"plain":  func(w http.ResponseWriter) http.ResponseWriter { return struct{ http.ResponseWriter }{w} },
		"flusher": func(w http.ResponseWriter) http.ResponseWriter {
			return struct {
				http.ResponseWriter
				http.Flusher
			}{w, w.(http.Flusher)}
		},
		"recorder": func(http.ResponseWriter) http.ResponseWriter { return httptest.NewRecorder() },
	}
	for name, outer := range outers {
		for _, kind := range []string{"none", "plain", "flush", "unwrap", "strings", "readerfrom", "buffer"} {
			assert.Equal(t, abilities(natively, kind, outer), abilities(create, kind, outer), "%s, %s", kind, name)
		}
	}
}
