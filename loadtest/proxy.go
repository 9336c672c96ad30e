package loadtest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
)

// ProxyServer is a Go module proxy on 127.0.0.1 with a checksum database of its own. It is safe for
// concurrent use.
type ProxyServer struct {
	// URL is the GOPROXY value that leads to the server.
	URL string
	// SumDB is the GOSUMDB value of its checksum database, name and key; it is reached through the
	// proxy.
	SumDB string

	t       testing.TB
	sumDB   http.Handler
	name    string // of the checksum database
	mu      sync.Mutex
	files   map[string][]byte         // by URL path
	listed  map[string][]string       // module path → versions
	sums    map[module.Version]string // "/go.mod" versions for go.mod files
	records map[module.Version]string // what the checksum database says instead
	caches  []string                  // module caches that are served too
	faults  map[string]Fault          // by URL path, or its start before a "*"
	counts  map[string]int            // requests by URL path
}

// Proxy starts a module proxy that ends with the test. Each archive is a txtar text whose files are
// named as in a module zip:
//
//	-- example.com/a@v1.0.0/go.mod --
//	module example.com/a
//	-- example.com/a@v1.0.0/a.go --
//	package a
//
// A version without go.mod gets the one that real proxies make up. A file "PATH@REVISION.info" with
// JSON is the answer to a query for a branch or a commit.
func Proxy(t testing.TB, archives ...string) *ProxyServer {
	t.Helper()
	const name = "sums.test"
	signer, verifier, err := note.GenerateKey(nil, name)
	require.NoError(t, err)
	p := &ProxyServer{
		SumDB: verifier, t: t, name: name,
		files: make(map[string][]byte), listed: make(map[string][]string), sums: make(map[module.Version]string),
		records: make(map[module.Version]string), faults: make(map[string]Fault), counts: make(map[string]int),
	}
	p.sumDB = http.StripPrefix("/sumdb/"+name, sumdb.NewServer(sumdb.NewTestServer(signer, p.goSum)))
	for _, archive := range archives {
		p.Add(archive)
	}
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	p.URL = server.URL
	return p
}

// Env returns the environment by which the go command, and load, use the server and nothing else.
func (p *ProxyServer) Env() []string {
	return []string{"GOPROXY=" + p.URL, "GOSUMDB=" + p.SumDB, "GOPRIVATE=", "GONOPROXY=", "GONOSUMDB=", "GOFLAGS="}
}

// Add publishes the modules of a txtar archive.
func (p *ProxyServer) Add(archive string) {
	p.t.Helper()
	modules := make(map[module.Version]map[string][]byte)
	for _, f := range txtar.Parse([]byte(archive)).Files {
		path, rest, ok := strings.Cut(f.Name, "@")
		version, name, inZip := strings.Cut(rest, "/")
		switch {
		case !ok || !inZip && !strings.HasSuffix(rest, ".info"):
			p.t.Fatalf("%s: want PATH@VERSION/FILE or PATH@REVISION.info", f.Name)
		case !inZip:
			p.SetFile("/"+escapePath(p.t, path)+"/@v/"+rest, f.Data)
		default:
			m := module.Version{Path: path, Version: version}
			if modules[m] == nil {
				modules[m] = make(map[string][]byte)
			}
			modules[m][name] = f.Data
		}
	}
	for m, files := range modules {
		p.Publish(m.Path, m.Version, files)
	}
}

// Publish publishes one module version with the files of its zip.
func (p *ProxyServer) Publish(path, version string, files map[string][]byte) {
	p.t.Helper()
	if err := module.Check(path, version); err != nil {
		p.t.Fatal(err)
	}
	goMod, ok := files["go.mod"]
	if !ok {
		goMod = []byte("module " + path + "\n")
	}
	p.publish(path, version, goMod, p.zipOf(path, version, files))
}

func (p *ProxyServer) zipOf(path, version string, files map[string][]byte) []byte {
	p.t.Helper()
	var entries []ZipEntry
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, ZipEntry{path + "@" + version + "/" + name, files[name]})
	}
	return Zip(p.t, entries...)
}

// Replace makes the server answer with a zip of other files for a version that was published. The
// checksum database goes on to vouch for what was published.
func (p *ProxyServer) Replace(path, version string, files map[string][]byte) {
	p.t.Helper()
	v, err := module.EscapeVersion(version)
	if err != nil {
		p.t.Fatal(err)
	}
	p.SetFile("/"+escapePath(p.t, path)+"/@v/"+v+".zip", p.zipOf(path, version, files))
}

func (p *ProxyServer) publish(path, version string, goMod, zipped []byte) {
	p.t.Helper()
	base := "/" + escapePath(p.t, path) + "/@v/"
	v, err := module.EscapeVersion(version)
	if err != nil {
		p.t.Fatal(err)
	}
	info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)})
	if err != nil {
		p.t.Fatal(err)
	}
	m := module.Version{Path: path, Version: version}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files[base+v+".info"] = info
	p.files[base+v+".mod"] = goMod
	p.files[base+v+".zip"] = zipped
	p.sums[m] = zipSum(p.t, zipped)
	p.sums[module.Version{Path: path, Version: version + "/go.mod"}] = modSum(p.t, goMod)
	p.listed[path] = append(p.listed[path], version)
	semver.Sort(p.listed[path])
}

// AddModuleCache serves the modules of a module cache of the go command too, a GOMODCACHE
// directory.
func (p *ProxyServer) AddModuleCache(dir string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.caches = append(p.caches, filepath.Join(dir, "cache", "download"))
}

// SetFile makes the server answer a URL path with data, whatever it would answer otherwise. The
// checksum database goes on to vouch for what was published.
func (p *ProxyServer) SetFile(urlPath string, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files[urlPath] = data
}

// SetRecord makes the checksum database answer with a text of its own about a version, which has to
// be done before anybody asks. The right text has the lines "PATH VERSION h1:…" and "PATH
// VERSION/go.mod h1:…".
func (p *ProxyServer) SetRecord(path, version, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.records[module.Version{Path: path, Version: version}] = text
}

// Sum returns the "h1:" sum of a published zip.
func (p *ProxyServer) Sum(path, version string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sums[module.Version{Path: path, Version: version}]
}

// Count returns how many requests there were whose URL path contains the text.
func (p *ProxyServer) Count(text string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for path, count := range p.counts {
		if strings.Contains(path, text) {
			n += count
		}
	}
	return n
}

// ServeHTTP implements [http.Handler].
func (p *ProxyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.counts[r.URL.Path]++
	fault := p.fault(r.URL.Path)
	p.mu.Unlock()
	answer := http.HandlerFunc(p.answer)
	if fault != nil {
		fault(w, r, answer)
		return
	}
	answer(w, r)
}

func (p *ProxyServer) answer(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/sumdb/"+p.name+"/supported":
		return
	case strings.HasPrefix(path, "/sumdb/"+p.name+"/"):
		p.sumDB.ServeHTTP(w, r)
		return
	}
	data, ok := p.file(path)
	if !ok {
		http.Error(w, "not found: "+strings.TrimPrefix(path, "/"), http.StatusNotFound)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// file returns what is at a URL path: a file that was set, a list made of what was published, or a
// file of a module cache.
func (p *ProxyServer) file(path string) ([]byte, bool) {
	p.mu.Lock()
	data, ok := p.files[path]
	caches := p.caches
	p.mu.Unlock()
	if ok {
		return data, true
	}
	escaped, what, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/@")
	mod, err := module.UnescapePath(escaped)
	if err != nil {
		return nil, false
	}
	switch versions := p.versions(mod); {
	case what == "v/list" && versions != nil:
		versions = slices.DeleteFunc(versions, module.IsPseudoVersion)
		return []byte(strings.Join(append(versions, ""), "\n")), true
	case what == "latest" && versions != nil:
		v, _ := module.EscapeVersion(versions[len(versions)-1])
		return p.file("/" + escaped + "/@v/" + v + ".info")
	}
	for _, dir := range caches {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if data, err := os.ReadFile(name); err == nil {
			return data, true
		}
	}
	return nil, false
}

// versions lists what is there of a module, lowest first, or nil.
func (p *ProxyServer) versions(mod string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	versions := slices.Clone(p.listed[mod])
	escaped, err := module.EscapePath(mod)
	if err != nil {
		return nil
	}
	for _, dir := range p.caches {
		zips, _ := filepath.Glob(filepath.Join(dir, filepath.FromSlash(escaped), "@v", "*.zip"))
		for _, name := range zips {
			v, err := module.UnescapeVersion(strings.TrimSuffix(filepath.Base(name), ".zip"))
			if err == nil && module.Check(mod, v) == nil {
				versions = append(versions, v)
			}
		}
	}
	semver.Sort(versions)
	return slices.Compact(versions)
}
