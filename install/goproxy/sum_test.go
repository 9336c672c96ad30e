package goproxy_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSumWithoutLine: an answer of the database that has no line about the module is no proof
// (CVE-2026-42501).
func TestSumWithoutLine(t *testing.T) {
	t.Parallel()
	for what, record := range map[string]string{
		"no line":                   "\n",
		"a line of another":         "example.com/other v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"a line of another version": "example.com/v v1.0.1 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := loadtest.Proxy(t, victim)
			p.SetRecord("example.com/v", "v1.0.0", record)
			s := loadtest.OpenStore(t)
			_, err := bring(t, goproxy.New(config(p)), s, "example.com/v")
			require.Error(t, err)
			const want = "checksum mismatch for example.com/v@v1.0.0/go.mod\n\tdownloaded: h1:XsYDvfHV7MeN844WHS7Mbi3gqs01TPxjAf/fMzD9ov0=\n" +
				"\tchecksum database sums.test: no sum for it in the answer\n\tthe database's answer proves nothing; set GOSUMDB to a database that works"
			assert.Equalf(t, want, err.Error(), "%v", want)
			checkTyped(t, err)
			checkEmpty(t, s)
		})
	}
}

// TestSumIsFinal: a wrong sum is not helped by another proxy, even after "|".
func TestSumIsFinal(t *testing.T) {
	t.Parallel()
	p, evil := loadtest.Proxy(t, victim), loadtest.Proxy(t, strings.ReplaceAll(victim, "package v", "package evil"))
	c := config(p)
	c.Proxy = evil.URL + "|" + p.URL
	evil.Fault("/sumdb/*", loadtest.Status(404))
	_, err := bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v")
	var sum *install.ChecksumError
	require.ErrorAs(t, err, &sum)
	assert.Equal(t, sum.Want, p.Sum("example.com/v", "v1.0.0"))
	assert.Zero(t, p.Count(".zip"), "the next proxy was asked")
}

// TestRolledBack: a database whose tree head does not continue the one that the store knows is not
// believed.
func TestRolledBack(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules, victim)
	s := loadtest.OpenStore(t)
	_, err := bring(t, goproxy.New(config(p)), s, "example.com/a")
	require.NoError(t, err)
	heads, err := filepath.Glob(filepath.Join(s.Dir(), "sumdb", "sums.test", "latest"))
	require.NoError(t, err)
	require.Len(t, heads, 1)
	forged, err := os.ReadFile(heads[0])
	require.NoError(t, err)
	forged[len("go.sum database tree\n")]++ // another size: the signature breaks
	require.NoError(t, os.WriteFile(heads[0], forged, 0o644))
	_, err = bring(t, goproxy.New(config(p)), s, "example.com/v")
	assert.Error(t, err, "a forged tree head is accepted")
}

func TestNoSumDB(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	p.Fault("/sumdb/*", loadtest.Status(500))
	for what, set := range map[string]func(c *goproxy.Config){
		"off":       func(c *goproxy.Config) { c.SumDB = "off" },
		"GONOSUMDB": func(c *goproxy.Config) { c.NoSumDB = "example.com/*" },
		"GOPRIVATE": func(c *goproxy.Config) { c.Private, c.NoSumDB, c.NoProxy = "example.com", "", "none" },
	} {
		c := config(p)
		set(&c)
		_, err := bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v")
		assert.NoError(t, err, what)
	}
}

func TestProxyList(t *testing.T) {
	t.Parallel()
	p, empty, down := loadtest.Proxy(t, victim), loadtest.Proxy(t), loadtest.Proxy(t)
	down.Fault("/*", loadtest.Status(500))
	forbidden := loadtest.Proxy(t, victim)
	forbidden.Fault("/*", loadtest.Status(403))
	empty.Fault("/sumdb/*", loadtest.Status(404))
	dir := t.TempDir()
	for _, test := range []struct{ proxy, want string }{
		{empty.URL + "," + p.URL, ""},
		{down.URL + "|" + p.URL, ""},
		{p.URL + ",off", ""},
		{p.URL + ",direct", ""},
		{"file://" + dir + "," + p.URL, ""},
		{down.URL + "," + p.URL, down.URL + "/example.com/v/@v/list: 500 Internal Server Error (tried 3 times)\n\tcheck the network and GOPROXY, and try again"},
		{forbidden.URL + "," + p.URL, forbidden.URL + "/example.com/v/@v/list: forbidden by the registry (403 Forbidden)\n\tcheck the name's spelling and the credentials for " + strings.TrimPrefix(forbidden.URL, "http://") + " in the netrc file, or set GOPROXY to another registry"},
		{"http://127.0.0.1:1," + p.URL, "http://127.0.0.1:1/example.com/v/@v/list: dial tcp 127.0.0.1:1: connect: connection refused (tried 3 times)\n\tcheck the network and GOPROXY, and try again"},
		{"off", "module downloads are off (GOPROXY=off)\n\tset GOPROXY to a module proxy"},
		{" , ", "no module proxy is configured\n\tset GOPROXY: go env -w GOPROXY=URL"},
		{"ftp://example.com", "GOPROXY: \"ftp://example.com\" is not an https, http or file URL\n\tset GOPROXY to a list of module proxies: go env -w GOPROXY=URL"},
	} {
		c := config(p)
		c.Proxy = test.proxy
		if strings.Contains(test.proxy, "500") {
			c.SumDB = "off"
		}
		_, err := bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v")
		got := ""
		if err != nil {
			got = err.Error()
		}
		assert.Equal(t, test.want, got, test.proxy)
	}
}

// TestProxyTurns: who has a module that holds the package ends the search, whatever others further
// on in GOPROXY have or fail with; the go command does the same.
func TestProxyTurns(t *testing.T) {
	t.Parallel()
	const shorter = "-- example.com/v@v1.0.0/go.mod --\nmodule example.com/v\n-- example.com/v@v1.0.0/sub/pkg/x.go --\npackage pkg\n"
	p, empty := loadtest.Proxy(t, shorter), loadtest.Proxy(t)
	longer := loadtest.Proxy(t, "-- example.com/v/sub@v1.0.0/go.mod --\nmodule example.com/v/sub\n-- example.com/v/sub@v1.0.0/pkg/x.go --\npackage pkg\n")
	empty.Fault("/sumdb/*", loadtest.Status(404))
	for list, want := range map[string]string{
		p.URL + ",direct":                         "example.com/v",
		p.URL + "," + longer.URL:                  "example.com/v",
		p.URL + "|" + longer.URL:                  "example.com/v",
		empty.URL + "," + p.URL + ",direct":       "example.com/v",
		"http://127.0.0.1:1|" + p.URL + ",direct": "example.com/v",
	} {
		c := config(p)
		c.Proxy = list
		spec, err := bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v/sub/pkg")
		require.NoError(t, err, list)
		assert.Equal(t, want, spec.Module, list)
	}
	n := longer.Count("/example.com/")
	assert.Zerof(t, n, "a proxy that was not needed was asked %d times", n)
	c := config(longer)
	c.Proxy = longer.URL + "," + p.URL
	spec, err := bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v/sub/pkg")
	require.NoError(t, err)
	assert.Equal(t, "example.com/v/sub", spec.Module)
}

// TestCredentials: those in a proxy's URL are sent, and never shown.
func TestCredentials(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	c := config(p)
	server := httptest.NewTLSServer(p)
	t.Cleanup(server.Close)
	c.HTTPClient = server.Client()
	c.Proxy = strings.Replace(server.URL, "https://", "https://user:secret@", 1)
	sent := make(chan string, 100)
	p.Fault("/example.com/v/*", loadtest.Inspect(func(user, password string) { sent <- user + ":" + password }))
	_, err := bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v")
	require.NoError(t, err)
	got := <-sent
	assert.Equalf(t, "user:secret", got, "the credentials %q were sent", got)
	p.Fault("/*", loadtest.Status(403))
	_, err = bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret")
	c.Proxy = "http://user:secret@127.0.0.1:1"
	_, err = bring(t, goproxy.New(c), loadtest.OpenStore(t), "example.com/v")
	const want = "GOPROXY: credentials are not sent over http: http://user:xxxxx@127.0.0.1:1\n\tset GOPROXY to a list of module proxies: go env -w GOPROXY=URL"
	assert.EqualError(t, err, want)
}
