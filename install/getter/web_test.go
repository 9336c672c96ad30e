package getter_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func zipOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		require.NoError(t, err)
		_, err = f.Write([]byte(files[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func tarOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1]))}))
		_, err := w.Write([]byte(files[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func gz(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func zst(t *testing.T, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll(data, nil)
}

// files serves files by their path, and counts the requests.
type files struct {
	mu     sync.Mutex
	data   map[string][]byte
	counts map[string]int
}

func serve(t *testing.T, data map[string][]byte) (string, *files) {
	t.Helper()
	f := &files{data: data, counts: make(map[string]int)}
	server := httptest.NewServer(f)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL, f
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.counts[r.URL.Path]++
	data, ok := f.data[r.URL.Path]
	f.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(data)
}

func insecure() *getter.Installer {
	return getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off"})
}

func TestWeb(t *testing.T) {
	t.Parallel()
	contents := []string{"rules-1.2/tax/init.star", "rate = 1\n", "rules-1.2/README", "text"}
	zipped := zipOf(t, contents...)
	url, f := serve(t, map[string][]byte{
		"/rules.zip": zipped, "/rules.tar.gz": gz(t, tarOf(t, contents...)), "/rules.tgz": gz(t, tarOf(t, contents...)),
		"/rules.tar.zst": zst(t, tarOf(t, contents...)), "/download": zipped, "/tax.star": []byte("rate = 1\n"), "/tax.wasm": []byte("\x00asm"),
	})
	sum := sha256.Sum256(zipped)
	sum512 := sha512.Sum512(zipped)
	in := insecure()
	for _, test := range []struct {
		name string
		kind find.Kind
		file string
	}{
		{"/rules.zip//tax", find.KindStarlark, "init.star"},
		{"/rules.zip//rules-1.2/tax", find.KindStarlark, "init.star"},
		{"/rules.tar.gz//tax", find.KindStarlark, "init.star"},
		{"/rules.tgz//tax", find.KindStarlark, "init.star"},
		{"/rules.tar.zst//tax", find.KindStarlark, "init.star"},
		{"/download//tax?archive=zip", find.KindStarlark, "init.star"},
		{"/rules.zip//tax?checksum=sha256:" + hex.EncodeToString(sum[:]), find.KindStarlark, "init.star"},
		{"/rules.zip//tax?checksum=sha512:" + hex.EncodeToString(sum512[:]), find.KindStarlark, "init.star"},
		{"/tax.star", find.KindStarlark, "tax.star"},
		{"/tax.star?token=x", find.KindStarlark, "tax.star"},
		{"/tax.wasm", find.KindWasm, "tax.wasm"},
	} {
		release, spec, err := bring(t.Context(), t, in, loadtest.OpenStore(t), url+test.name)
		if !assert.NoError(t, err, test.name) {
			continue
		}
		assert.Equalf(t, test.kind, spec.Source.Kind, "%s: %+v", test.name, spec)
		assert.Equalf(t, test.file, spec.Source.File, "%s: %+v", test.name, spec)
		require.Truef(t, strings.HasPrefix(release.Version, "sha256:"), "%s: %+v", test.name, spec)
		assert.NotContainsf(t, spec.Name, "?", "%s: %+v", test.name, spec)
		data, err := fs.ReadFile(spec.Source.FS, spec.Source.File)
		require.NoError(t, err, test.name)
		assert.Equal(t, find.HashFile(filepath.Join(spec.Source.Dir, spec.Source.File), data), spec.Source.Hash, test.name)
	}
	got := f.counts["/tax.wasm"]
	assert.Equalf(t, 1, got, "%d requests for one small file", got)
}

// TestWebBad: answers that are not the file, with what the user reads; nothing of them is in the
// store.
func TestWebBad(t *testing.T) {
	t.Parallel()
	url, f := serve(t, map[string][]byte{
		"/evil.zip": zipOf(t, "../x", "x"), "/evil.tar.gz": gz(t, tarOf(t, "/etc/x", "x")), "/empty.zip": zipOf(t, "dir/", ""),
		"/ok.star": []byte("x = 1"), "/text.zip": []byte("text"), "/big.star": bytes.Repeat([]byte("x"), 2000),
	})
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/html.star":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<html>log in</html>")
		case "/forbidden.star":
			w.WriteHeader(http.StatusForbidden)
		case "/down.star":
			w.WriteHeader(http.StatusBadGateway)
		case "/cut.star":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "x = 1")
		case "/file.star":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/chunk.star":
			fmt.Fprint(w, "x = 1")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/endless.star":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		case "/silent.star":
			<-r.Context().Done()
		case "/half.star":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "x")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}))
	other.Config.ErrorLog = nil
	t.Cleanup(func() {
		other.CloseClientConnections()
		other.Close()
	})
	_ = f
	zeros := strings.Repeat("0", 64)
	sum := sha256.Sum256([]byte("x = 1"))
	in := getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off", MaxBytes: 1000, Stall: 200 * time.Millisecond, Retries: 1, RetryDelay: time.Millisecond})
	refused := "\n\tnothing of it was installed; ask its author for one that holds plain files only"
	retry := "\n\tcheck the name and the network, and try again"
	for _, test := range []struct{ name, want string }{
		{"URL/none.star", "not found\n\tHOST: 404 Not Found\n\tcheck the spelling of the URL"},
		{"URL/evil.zip", `URL/evil.zip: its archive is refused: "../x" leads out of its directory by ".."` + refused},
		{"URL/evil.tar.gz", `URL/evil.tar.gz: its archive is refused: "/etc/x" has an absolute name` + refused},
		{"URL/empty.zip", "URL/empty.zip: its archive is refused: it holds no files" + refused},
		{"URL/text.zip", "URL/text.zip: its archive is refused: it is not a zip archive: zip: not a valid zip file" + refused},
		{"URL/evil.zip?archive=tar.gz", "URL/evil.zip: its archive is refused: it is not compressed with gzip: gzip: invalid header" + refused},
		{"URL/big.star", "URL/big.star: it is larger than 1000B" + retry},
		{"URL/ok.star?checksum=sha256:" + zeros, "checksum mismatch for URL/ok.star\n\tdownloaded: sha256:" + hex.EncodeToString(sum[:]) + "\n\tthe name: sha256:" + zeros + "\n\tsomebody changed the file, or the name is wrong; find out which before you use it"},
		{"OTHER/html.star", "OTHER/html.star: it is an HTML page, not a file\n\tgive the URL of the file itself; a network's log-in page may be in the way"},
		{"OTHER/forbidden.star?token=secret", "OTHER/forbidden.star: forbidden (403 Forbidden)\n\tcheck the spelling of the URL and the credentials for 127.0.0.1 in the netrc file"},
		{"OTHER/down.star", "OTHER/down.star: 502 Bad Gateway (tried 2 times)" + retry},
		{"OTHER/cut.star", "OTHER/cut.star: the answer was cut off (tried 2 times)" + retry},
		{"OTHER/chunk.star", "OTHER/chunk.star: the answer was cut off (tried 2 times)" + retry},
		{"OTHER/endless.star", "OTHER/endless.star: it is larger than 1000B" + retry},
		{"OTHER/silent.star", "OTHER/silent.star: the answer stalled (tried 2 times)" + retry},
		{"OTHER/half.star", "OTHER/half.star: the answer stalled (tried 2 times)" + retry},
		{"OTHER/file.star", "OTHER/file.star: redirect from http to file" + retry},
		{"URL/rules", "invalid module name: it does not end in .zip, .tar.gz, .tgz, .tar.zst, .tzst, .star, .go, .wasm, .json, .toml, and has no parameter archive that says what it is"},
		{"URL/rules.zip?archive=rar", `invalid module name: its archive format "rar" is none of zip, tar.gz and tar.zst`},
		{"URL/rules.git", "invalid module name: it is a file's URL: a repository is written git::URL/rules.git"},
		{"URL/ok.star?checksum=md5:d41d8cd98f00b204e9800998ecf8427e", `invalid module name: its checksum "md5:d41d8cd98f00b204e9800998ecf8427e" is neither sha256:HEX nor sha512:HEX`},
		{"URL/ok.star?checksum=file:URL/sums", `invalid module name: its checksum "file:URL/sums" is neither sha256:HEX nor sha512:HEX`},
		{"URL/ok.star//x", "invalid module name: a single file has no directory //x"},
	} {
		s := loadtest.OpenStore(t)
		expand := strings.NewReplacer("URL", url, "OTHER", other.URL)
		_, _, err := bring(t.Context(), t, in, s, expand.Replace(test.name))
		if !assert.Error(t, err, test.name) {
			continue
		}
		host := strings.TrimPrefix(url, "http://")
		got := strings.NewReplacer(url, "URL", other.URL, "OTHER", host, "HOST").Replace(err.Error())
		assert.Equal(t, test.want, got, test.name)
		entries, _ := os.ReadDir(filepath.Join(s.Dir(), "src"))
		assert.Zero(t, len(entries), test.name)
	}
}

// TestChanged: what changed between the choice of the version and the install is not installed.
func TestChanged(t *testing.T) {
	t.Parallel()
	url, f := serve(t, map[string][]byte{"/x.star": []byte("x = 1")})
	name := loadtest.Name(t, url+"/x.star")
	release, err := insecure().Resolve(t.Context(), new(install.Session), name)
	require.NoError(t, err)
	f.data["/x.star"] = []byte("x = 2")
	_, err = insecure().Install(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, release) // another one: nothing is kept
	var sum *install.ChecksumError
	require.ErrorAs(t, err, &sum)
	assert.Equal(t, "its first reading", sum.By)
	assert.Equal(t, sum.Want, release.Version)
}

// TestDamagedSource: a tree that somebody changed in the store is fetched again.
func TestDamagedSource(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, map[string][]byte{"/x.star": []byte("x = 1")})
	in, s := insecure(), loadtest.OpenStore(t)
	release, spec, err := bring(t.Context(), t, in, s, url+"/x.star")
	require.NoError(t, err)
	file := filepath.Join(spec.Source.Dir, spec.Source.File)
	require.NoError(t, os.Chmod(file, 0o600))
	require.NoError(t, os.WriteFile(file, []byte("x = 3"), 0o600))
	again, err := in.Install(t.Context(), &install.Session{Store: s}, release)
	require.NoError(t, err)
	assert.Equal(t, spec.Source.Hash, again.Source.Hash)
}

func TestLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules")
	require.NoError(t, os.Mkdir(rules, 0o755))
	for name, data := range map[string][]byte{"rules/init.star": []byte("x = 1"), "rules.zip": zipOf(t, "tax/init.star", "x = 1", "y", "")} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	in := insecure()
	for name, file := range map[string]string{
		"file://" + rules: "init.star", "file::" + rules: "init.star", "file://" + dir + "//rules": "init.star",
		"file://" + dir + "/rules.zip//tax": "init.star", dir + "/rules.zip": "",
	} {
		s := loadtest.OpenStore(t)
		_, spec, err := bring(t.Context(), t, in, s, name)
		if file == "" {
			require.Errorf(t, err, "%s: %v", name, err)
			assert.Truef(t, strings.HasPrefix(err.Error(), "not found\n\tgetter: it holds no Go files"), "%s: %v", name, err)
			continue
		}
		require.NoErrorf(t, err, "%s: %+v, %v", name, spec, err)
		assert.Equalf(t, file, spec.Source.File, "%s: %+v, %v", name, spec, err)
		assert.Truef(t, strings.HasPrefix(spec.Source.Dir, s.Dir()), "%s: %+v, %v", name, spec, err)
	}
	// A copy follows its directory, and a linked directory is that directory.
	s := loadtest.OpenStore(t)
	first, spec, err := bring(t.Context(), t, in, s, "file://"+rules)
	require.NoErrorf(t, err, "%+v, %v", first, err)
	require.Truef(t, first.Changing, "%+v, %v", first, err)
	linked, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "file://"+rules+"?link=true"))
	require.NoError(t, err)
	place, err := in.Install(t.Context(), &install.Session{Store: s}, linked)
	require.NoError(t, err)
	assert.Equal(t, rules, place.Source.Dir)
	require.NoError(t, os.WriteFile(filepath.Join(rules, "init.star"), []byte("x = 2"), 0o600))
	_, changed, err := bring(t.Context(), t, in, s, "file://"+rules)
	require.NoError(t, err)
	assert.NotEqual(t, spec.Version, changed.Version)
	if err := os.Symlink("/etc/passwd", filepath.Join(rules, "link")); err != nil {
		if runtime.GOOS == "windows" {
			t.Skip("links need a privilege here: ", err)
		}
		t.Fatal(err)
	}
	_, _, err = bring(t.Context(), t, in, s, "file://"+rules)
	want := "file://" + rules + `: its directory is refused: "link" is a symbolic link` + "\n\tnothing of it was installed; ask its author for one that holds plain files only"
	assert.EqualError(t, err, want)
}

// TestCredentials: they reach the host they are for, over https, and nobody else; nothing that is
// printed has them.
func TestCredentials(t *testing.T) {
	root := t.TempDir()
	rules(t, filepath.Join(root, "rules.git"))
	var leaked []string
	reached := make(map[string]int)
	var mu sync.Mutex
	spy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		reached[strings.Split(r.URL.Path, "/")[1]]++
		if auth := r.Header.Get("Authorization"); auth != "" {
			leaked = append(leaked, auth)
		}
		fmt.Fprint(w, "x = 1")
	})
	elsewhere, elsewherePlain := httptest.NewTLSServer(spy), httptest.NewServer(spy)
	defer elsewhere.Close()
	defer elsewherePlain.Close()
	git := &loadtest.GitServer{User: "me", Password: "hunter2"}
	repositories := git.Handler(t, root)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case strings.HasPrefix(r.URL.Path, "/away"):
			http.Redirect(w, r, elsewhere.URL+strings.TrimPrefix(r.URL.Path, "/away"), http.StatusFound)
		case strings.HasSuffix(r.URL.Path, ".star") && (user != "me" || password != "hunter2"):
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, ".star"):
			fmt.Fprint(w, "x = 1")
		default:
			repositories.ServeHTTP(w, r)
		}
	}))
	defer server.Close()
	home := t.TempDir()
	netrc, ca := filepath.Join(home, ".netrc"), filepath.Join(home, "ca.pem")
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for file, data := range map[string][]byte{netrc: []byte("machine 127.0.0.1 login me password hunter2\n"), ca: certificate} {
		require.NoError(t, os.WriteFile(file, data, 0o600))
	}
	t.Setenv("HOME", home)
	t.Setenv("NETRC", "")
	t.Setenv("GIT_SSL_CAINFO", ca)
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(home, "none"))

	// For git another port is the same host, and the certificate of the test is for 127.0.0.1
	// alone.
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "hunter2" {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		to := strings.Replace(elsewherePlain.URL, "127.0.0.1", "localhost", 1)
		http.Redirect(w, r, to+r.URL.RequestURI(), http.StatusFound)
	}))
	defer away.Close()

	client := server.Client()
	var printed strings.Builder
	in := getter.New(getter.Config{HTTPClient: client, Insecure: "127.0.0.1*"})
	session := func() *install.Session {
		return &install.Session{Store: loadtest.OpenStore(t), Events: func(e event.Event) { mu.Lock(); fmt.Fprintln(&printed, e); mu.Unlock() }}
	}
	for _, name := range []string{server.URL + "/x.star", "git::" + server.URL + "/rules.git//tax"} {
		_, _, err := bringIn(t.Context(), t, in, session(), name)
		assert.NoError(t, err)
	}
	// Redirected to another host, both go there without them, or not at all.
	_, _, err := bringIn(t.Context(), t, in, session(), server.URL+"/away/x.star")
	fmt.Fprintln(&printed, err)
	_, _, err = bringIn(t.Context(), t, in, session(), "git::"+away.URL+"/rules.git//tax")
	fmt.Fprintln(&printed, err)
	none := getter.New(getter.Config{HTTPClient: client, Netrc: "off"})
	_, _, err = bringIn(t.Context(), t, none, session(), server.URL+"/x.star")
	fmt.Fprintln(&printed, err)
	var forbidden *install.RegistryError
	assert.ErrorAs(t, err, &forbidden)
	// Those in a name are refused, and not repeated.
	l, err := load.New(load.Config{Installers: []install.Installer{in}, Store: loadtest.OpenStore(t)})
	require.NoError(t, err)
	for _, name := range []string{"https://me:hunter2@h/x.star", "https://hunter2@h/x.star", "git::https://me:hunter2@h/r.git", "git::ssh://git:hunter2@h/r.git"} {
		_, err := l.Load(context.Background(), name)
		var bad *find.NameError
		assert.ErrorAs(t, err, &bad)
		fmt.Fprintln(&printed, err)
	}
	mu.Lock()
	defer mu.Unlock()
	assert.NotZerof(t, reached["x.star"], "the other host was not reached: %v\n%s", reached, printed.String())
	assert.NotZerof(t, reached["rules.git"], "the other host was not reached: %v\n%s", reached, printed.String())
	assert.Zero(t, len(leaked))
	assert.NotContains(t, printed.String(), "hunter2")
}
