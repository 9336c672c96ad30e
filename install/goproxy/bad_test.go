package goproxy_test

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const victim = `
-- example.com/v@v1.0.0/go.mod --
module example.com/v

go 1.20
-- example.com/v@v1.0.0/v.go --
package v
`

const (
	listPath = "/example.com/v/@v/list"
	infoPath = "/example.com/v/@v/v1.0.0.info"
	modPath  = "/example.com/v/@v/v1.0.0.mod"
	zipPath  = "/example.com/v/@v/v1.0.0.zip"
)

// TestBadInput makes one thing bad, shows the exact error, checks that no module got into the
// store, repairs it and checks that the same store and installer then work.
func TestBadInput(t *testing.T) {
	t.Parallel()
	entry := func(name, data string) loadtest.ZipEntry { return loadtest.ZipEntry{Name: name, Data: []byte(data)} }
	const prefix = "example.com/v@v1.0.0/"
	goMod := entry(prefix+"go.mod", "module example.com/v\n\ngo 1.20\n")
	zipOf := func(entries ...loadtest.ZipEntry) func(p *loadtest.ProxyServer) {
		return func(p *loadtest.ProxyServer) { p.SetFile(zipPath, loadtest.Zip(t, append(entries, goMod)...)) }
	}
	fault := func(path string, f loadtest.Fault) func(p *loadtest.ProxyServer) {
		return func(p *loadtest.ProxyServer) { p.Fault(path, f) }
	}
	file := func(path, data string) func(p *loadtest.ProxyServer) {
		return func(p *loadtest.ProxyServer) { p.SetFile(path, []byte(data)) }
	}
	const broken = "\n\tthe registry or the module's author made a broken zip; try another version, or another registry in GOPROXY"
	const invalid = "\n\treport it to the operator of the registry, or set GOPROXY to another"
	const network = "\n\tcheck the network and GOPROXY, and try again"
	for _, test := range []struct {
		what string
		name string
		bad  func(p *loadtest.ProxyServer)
		want string
	}{
		{what: "unknown name", name: "example.com/unknown", want: "not found\n\tPROXY: no such module: example.com/unknown, example.com\n\tcheck the spelling: a wrong import path is never corrected by itself"},
		{what: "unknown package", name: "example.com/v/sub", want: "not found\n\tgoproxy: module example.com/v@v1.0.0 is there, but does not contain the package"},
		{what: "unknown version", name: "example.com/v@v9.9.9", want: "no version v9.9.9\n\tknown versions: v1.0.0"},
		{what: "unknown range", name: "example.com/v@>v2.0.0", want: "no version matches >v2.0.0\n\tknown versions: v1.0.0"},
		{what: "unknown branch", name: "example.com/v@nobranch", want: "no version, branch or commit nobranch\n\tknown versions: v1.0.0"},
		{what: "patch of nothing", name: "example.com/v@patch", want: "no version is there that @patch could start from\n\task for @latest or for a version like @v1.2"},
		{what: "gone", bad: fault("/*", loadtest.Status(410)), want: "not found\n\tPROXY: no such module: example.com/v, example.com\n\tcheck the spelling: a wrong import path is never corrected by itself"},
		{what: "forbidden", bad: fault("/*", loadtest.Status(403)), want: "PROXY/example.com/v/@v/list: forbidden by the registry (403 Forbidden)\n\tcheck the name's spelling and the credentials for HOST in the netrc file, or set GOPROXY to another registry"},
		{what: "server error", bad: fault(listPath, loadtest.Status(500)), want: "PROXY/example.com/v/@v/list: 500 Internal Server Error (tried 3 times)" + network},
		{what: "too many requests", bad: fault(listPath, loadtest.Status(429)), want: "PROXY/example.com/v/@v/list: 429 Too Many Requests (tried 3 times)" + network},
		{what: "HTML", bad: fault("/*", loadtest.HTML()), want: "PROXY/example.com/v/@v/list: not a module proxy's answer: it is an HTML page\n\tset GOPROXY to a module proxy; a network's log-in page may be in the way"},
		{what: "truncated list", bad: fault(listPath, loadtest.Truncated(true)), want: "PROXY/example.com/v/@v/list: the answer was cut off (tried 3 times)" + network},
		{what: "truncated zip without length", bad: fault(zipPath, loadtest.Truncated(false)), want: "PROXY/example.com/v/@v/v1.0.0.zip: the answer was cut off (tried 3 times)" + network},
		{what: "endless info", bad: fault(infoPath, loadtest.Endless()), want: "PROXY/example.com/v/@v/v1.0.0.info: the answer is larger than 1MiB" + network},
		{what: "endless go.mod", bad: fault(modPath, loadtest.Endless()), want: "PROXY/example.com/v/@v/v1.0.0.mod: the answer is larger than 16MiB" + network},
		{what: "trickle", bad: fault(listPath, loadtest.Trickle()), want: "PROXY/example.com/v/@v/list: the answer stalled (tried 3 times)" + network},
		{what: "silence", bad: fault(zipPath, loadtest.Silent()), want: "PROXY/example.com/v/@v/v1.0.0.zip: the answer stalled (tried 3 times)" + network},
		{what: "redirect elsewhere", bad: fault(listPath, loadtest.Redirect("file:///etc/passwd")), want: "PROXY/example.com/v/@v/list: redirect from http to file" + network},
		{what: "info is not JSON", bad: file(infoPath, "nonsense"), want: "PROXY/example.com/v/@v/v1.0.0.info: invalid answer: it is not JSON" + invalid},
		{what: "info of another version", bad: file(infoPath, `{"Version":"v1.0.1"}`), want: "PROXY/example.com/v/@v/v1.0.0.info: invalid answer: it is about version v1.0.1" + invalid},
		{what: "info with a path as version", bad: file(infoPath, `{"Version":"../../etc/evil"}`), want: `PROXY/example.com/v/@v/v1.0.0.info: invalid answer: "../../etc/evil" is not a version` + invalid},
		{what: "go.mod of another module", bad: file(modPath, "module example.com/other\n"), want: "v1.0.0: its go.mod declares its path as example.com/other\n\task for example.com/other instead"},
		{what: "go.mod that is none", bad: file(modPath, "gibberish here\n"), want: "v1.0.0: its go.mod is refused: it has no module line\n\ttry another version"},
		{what: "a newer go", bad: file(modPath, "module example.com/v\n\ngo 9.99\n"), want: "v1.0.0 requires go >= 9.99 (running go VERSION)\n\tinstall a newer Go from https://go.dev/dl"},
		{what: "go.mod that changed", bad: file(modPath, "module example.com/v\n\ngo 1.21\n"), want: "checksum mismatch for example.com/v@v1.0.0/go.mod\n\tdownloaded: h1:HZZgU56oylOERIM2UAQmiuaHn661Fda6hCGy9ILn2AE=\n\tchecksum database sums.test: h1:XsYDvfHV7MeN844WHS7Mbi3gqs01TPxjAf/fMzD9ov0=\n\tthe registry sent something else than everybody else got; do not use it: set GOPROXY to another registry"},
		{what: "zip that changed", bad: zipOf(entry(prefix+"v.go", "package evil\n")), want: "checksum mismatch for example.com/v@v1.0.0\n\tdownloaded: h1:X\n\tchecksum database sums.test: h1:Y\n\tthe registry sent something else than everybody else got; do not use it: set GOPROXY to another registry"},
		{what: "no zip", bad: file(zipPath, "PK\x03\x04 it only looks like one"), want: "v1.0.0: its zip is refused: zip: not a valid zip file" + broken},
		{what: "zip of another module", bad: zipOf(entry("example.com/w@v1.0.0/v.go", "package v\n")), want: `v1.0.0: its zip is refused: example.com/w@v1.0.0/v.go: path does not have prefix "example.com/v@v1.0.0/"` + broken},
		{what: "traversal", bad: zipOf(entry(prefix+"../../x.go", "package v\n")), want: "v1.0.0: its zip is refused: example.com/v@v1.0.0/../../x.go: malformed file path \"../../x.go\": invalid path element \"..\"" + broken},
		{what: "single segment traversal", bad: zipOf(entry("../x.go", "package v\n")), want: `v1.0.0: its zip is refused: ../x.go: path does not have prefix "example.com/v@v1.0.0/"` + broken},
		{what: "absolute", bad: zipOf(entry("/etc/evil.go", "package v\n")), want: `v1.0.0: its zip is refused: /etc/evil.go: path does not have prefix "example.com/v@v1.0.0/"` + broken},
		{what: "backslash", bad: zipOf(entry(prefix+`a\b.go`, "package v\n")), want: `v1.0.0: its zip is refused: example.com/v@v1.0.0/a\b.go: malformed file path "a\\b.go": invalid char '\\'` + broken},
		{what: "Windows name", bad: zipOf(entry(prefix+"con.go", "package v\n")), want: `v1.0.0: its zip is refused: example.com/v@v1.0.0/con.go: malformed file path "con.go": "con" disallowed as path element component on Windows` + broken},
		{what: "NUL", bad: zipOf(entry(prefix+"a\x00.go", "package v\n")), want: "v1.0.0: its zip is refused: example.com/v@v1.0.0/a\x00.go: malformed file path \"a\\x00.go\": invalid char '\\x00'" + broken},
		{what: "case collision", bad: zipOf(entry(prefix+"a.go", "package v\n"), entry(prefix+"A.go", "package v\n")), want: `v1.0.0: its zip is refused: example.com/v@v1.0.0/A.go: case-insensitive file name collision: "a.go" and "A.go"` + broken},
		{what: "duplicate", bad: zipOf(entry(prefix+"a.go", "package v\n"), entry(prefix+"a.go", "package w\n")), want: "v1.0.0: its zip is refused: example.com/v@v1.0.0/a.go: multiple entries for file \"a.go\"" + broken},
		{what: "database down", bad: fault("/sumdb/*", loadtest.Status(500)), want: "PROXY/sumdb/sums.test/supported: checksum database sums.test: 500 Internal Server Error (tried 3 times)\n\tcheck the network and try again; for modules that the database cannot know, set GOPRIVATE or GONOSUMDB"},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			p := loadtest.Proxy(t, victim, strings.ReplaceAll(victim, "example.com/v", "example.com/good"))
			c := config(p)
			if test.what == "trickle" || test.what == "silence" {
				c.Stall = 100 * time.Millisecond
			} else {
				c.Stall = time.Minute // a busy machine is not what is tested
			}
			in, s := goproxy.New(c), loadtest.OpenStore(t)
			name := test.name
			if name == "" {
				name = "example.com/v"
			}
			if test.bad != nil {
				test.bad(p)
			}
			_, err := bring(t, in, s, name)
			require.Error(t, err)
			checkTyped(t, err)
			got := strings.ReplaceAll(err.Error(), p.URL, "PROXY")
			got = strings.ReplaceAll(got, strings.TrimPrefix(p.URL, "http://"), "HOST")
			got = strings.ReplaceAll(got, goRelease(t), "VERSION")
			if test.what == "zip that changed" {
				got = withoutSums(got)
			}
			assert.Equal(t, test.want, got)
			if test.what != "unknown package" { // its module is good and may stay
				checkEmpty(t, s)
			}

			p.Repair()
			_, err = bring(t, goproxy.New(config(p)), s, "example.com/good")
			assert.NoError(t, err)
		})
	}
}

func withoutSums(s string) string {
	lines := strings.Split(s, "\n")
	lines[1], _, _ = strings.Cut(lines[1], "h1:")
	lines[2], _, _ = strings.Cut(lines[2], "h1:")
	lines[1] += "h1:X"
	lines[2] += "h1:Y"
	return strings.Join(lines, "\n")
}

// checkTyped checks that an error is one that a program can tell apart.
func checkTyped(t *testing.T, err error) {
	t.Helper()
	var (
		notFound *find.NotFoundError
		version  *find.VersionError
		registry *install.RegistryError
		sum      *install.ChecksumError
	)
	assert.Falsef(t, !errors.As(err, &notFound) && !errors.As(err, &version) && !errors.As(err, &registry) && !errors.As(err, &sum), "untyped error %T: %v", err, err)
}

// checkEmpty checks that no source got into the store and that nothing was left on its way.
func checkEmpty(t *testing.T, s *store.Store) {
	t.Helper()
	err := filepath.WalkDir(s.Dir(), func(name string, d fs.DirEntry, err error) error {
		assert.Falsef(t, err == nil && !d.IsDir() && (strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".zip") || strings.Contains(name, "partial")), "%s was left behind", name)
		return err
	})
	require.NoError(t, err)
}

func TestRetry(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	p.Fault(listPath, loadtest.Times(1, loadtest.Status(503)))
	p.Fault(infoPath, loadtest.Times(1, loadtest.Truncated(true)))
	p.Fault(modPath, loadtest.Times(2, loadtest.Truncated(false)))
	p.Fault(zipPath, loadtest.Times(2, loadtest.Truncated(true)))
	events := make(chan event.Event, 100)
	session := &install.Session{Store: loadtest.OpenStore(t), Events: func(e event.Event) { events <- e }}
	in := goproxy.New(config(p))
	release, err := in.Resolve(t.Context(), session, loadtest.Name(t, "example.com/v"))
	require.NoError(t, err)
	_, err = in.Install(t.Context(), session, release)
	require.NoError(t, err)
	close(events)
	retries := 0
	for e := range events {
		if _, ok := e.(event.Retrying); ok {
			retries++
		}
	}
	assert.Equalf(t, 6, retries, "%d retries were reported, want 6", retries)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	asked := make(chan struct{})
	p.Fault(zipPath, loadtest.Once(func() { close(asked) }, loadtest.Silent()))
	in, s := goproxy.New(config(p)), loadtest.OpenStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	release, err := in.Resolve(ctx, new(install.Session), loadtest.Name(t, "example.com/v"))
	require.NoError(t, err)
	go func() {
		<-asked
		cancel()
	}()
	_, err = in.Install(ctx, &install.Session{Store: s}, release)
	assert.ErrorIs(t, err, context.Canceled)
	checkEmpty(t, s)
	p.Fault(zipPath, nil)
	_, err = in.Install(t.Context(), &install.Session{Store: s}, release)
	assert.NoError(t, err)
}
