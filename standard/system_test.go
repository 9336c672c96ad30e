package standard_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find/installed"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
)

// published are the modules of the proxy that the tests start.
const published = `
-- example.com/hello@v1.0.0/go.mod --
module example.com/hello

go 1.24

require example.com/words v1.1.0
-- example.com/hello@v1.0.0/hello.go --
// Package hello greets.
package hello

import (
	"os"

	"example.com/words"
)

func Greet(name string) string { return words.Hello + ", " + name }

func Pid() int { return os.Getpid() }

func Exit() { os.Exit(3) }
-- example.com/hello@v1.1.0/go.mod --
module example.com/hello

go 1.24

require example.com/words v1.2.0
-- example.com/hello@v1.1.0/hello.go --
package hello

import (
	"os"

	"example.com/words"
)

func Greet(name string) string { return words.Hello + ", dear " + name }

func Pid() int { return os.Getpid() }

func Exit() { os.Exit(3) }
-- example.com/hello@v1.1.0/in/deep/deep.go --
package deep

func Greet(name string) string { return "from the deep, " + name }
-- example.com/hello/v2@v2.0.1/go.mod --
module example.com/hello/v2
-- example.com/hello/v2@v2.0.1/hello.go --
package hello

func Greet(name string) string { return "hello v2, " + name }
-- gopkg.in/hello.v3@v3.1.0/hello.go --
package hello

func Greet(name string) string { return "hello of gopkg.in, " + name }
-- example.com/broken@v1.0.0/broken.go --
package broken

import "os"
-- example.com/words@v1.1.0/go.mod --
module example.com/words
-- example.com/words@v1.1.0/words.go --
package words

const Hello = "hello"
-- example.com/words@v1.2.0/go.mod --
module example.com/words
-- example.com/words@v1.2.0/words.go --
package words

const Hello = "good day"
`

func kind(e load.Event) string { return reflect.TypeOf(e).Name() }

// system is a whole: a proxy, a store, and loaders made by standard.New.
type system struct {
	proxy *loadtest.ProxyServer
	store *store.Store
}

func newSystem(t testing.TB) *system {
	t.Helper()
	return &system{loadtest.Proxy(t, published), loadtest.OpenStore(t)}
}

// loader makes a loader that looks into the directory work, too.
func (s *system) loader(t testing.TB, work string) (*load.Loader, *loadtest.Events) {
	t.Helper()
	e := new(loadtest.Events)
	installer := goproxy.New(goproxy.Config{
		Proxy: s.proxy.URL, SumDB: s.proxy.SumDB, Private: "none", NoProxy: "none", NoSumDB: "none", ModCache: "off",
	})
	path := standard.Path(s.store, work)
	for i, finder := range path {
		if _, ok := finder.(*installed.Finder); ok {
			path[i] = installed.New(s.store, installer.Target()).Vouched(installer.Database)
		}
	}
	l, err := standard.New(load.Config{Store: s.store, Path: path, Installers: []install.Installer{installer}, Events: e.Sink})
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, l.Close(context.Background()))
	})
	return l, e
}

func greets(t *testing.T, l *load.Loader, name, want string) *load.Module {
	t.Helper()
	m, err := l.Load(t.Context(), name)
	require.NoError(t, err)
	greet, err := load.Func[func(string) (string, error)](m, "Greet")
	require.NoError(t, err)
	got, err := greet("you")
	assert.NoError(t, err, name)
	assert.Equal(t, want, got, name)
	return m
}

// check verifies everything in the store: each module against the sum that it was installed with,
// and each artifact against its manifest. It returns how many there are.
func check(t *testing.T, s *store.Store) (modules, artifacts int) {
	t.Helper()
	downloads := filepath.Join(s.ModDir(), "cache", "download")
	_ = filepath.WalkDir(s.ModDir(), func(path string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(s.ModDir(), path)
		if err != nil || !d.IsDir() {
			return nil
		}
		if path == downloads {
			return filepath.SkipDir
		}
		escapedPath, escapedVersion, ok := strings.Cut(filepath.ToSlash(rel), "@")
		if !ok {
			return nil
		}
		modPath, err1 := module.UnescapePath(escapedPath)
		version, err2 := module.UnescapeVersion(escapedVersion)
		if err1 != nil || err2 != nil {
			t.Errorf("%s is no module: %v, %v", rel, err1, err2)
			return filepath.SkipDir
		}
		got, err := dirhash.HashDir(path, modPath+"@"+version, dirhash.Hash1)
		want, err2 := os.ReadFile(filepath.Join(downloads, filepath.FromSlash(escapedPath), "@v", escapedVersion+".ziphash"))
		assert.NoErrorf(t, err, "%s has the sum %s", rel, got)
		assert.NoErrorf(t, err2, "%s has the sum %s", rel, got)
		assert.Equalf(t, strings.TrimSpace(string(want)), got, "%s has the sum %s", rel, got)
		modules++
		return filepath.SkipDir
	})
	keys, _ := os.ReadDir(filepath.Join(s.Dir(), "obj"))
	for _, key := range keys {
		a, err := s.Lookup(key.Name())
		if a == nil || err != nil {
			t.Errorf("artifact %s: %v", key.Name(), err)
			continue
		}
		for _, file := range a.Files() {
			f, err := a.Open(file.Name)
			if !assert.NoError(t, err) {
				continue
			}
			f.Close()
		}
		artifacts++
	}
	return modules, artifacts
}

// TestNames loads every kind of name by one loader.
func TestNames(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	work := t.TempDir()
	for name, text := range map[string]string{
		"loose/loose.go":     "package loose\n\nfunc Greet(name string) string { return \"loose, \" + name }\n",
		"mine/go.mod":        "module example.com/mine\n\ngo 1.24\n\nrequire (\n\texample.com/hello v1.0.0\n\texample.com/words v1.1.0\n\texample.com/local v0.0.0\n)\n\nreplace example.com/local => ./local\n",
		"mine/mine.go":       "package mine\n\nimport (\n\t\"example.com/hello\"\n\t\"example.com/local\"\n)\n\nfunc Greet(name string) string { return local.Wrap(hello.Greet(name)) }\n",
		"mine/local/go.mod":  "module example.com/local\n",
		"mine/local/file.go": "package local\n\nfunc Wrap(s string) string { return \"<\" + s + \">\" }\n",
	} {
		file := filepath.Join(work, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	l, _ := s.loader(t, work)
	for _, c := range []struct{ name, want, version string }{
		{"example.com/hello", "good day, dear you", "v1.1.0"},
		{"example.com/hello@v1.0.0", "hello, you", "v1.0.0"},
		{"example.com/hello@<v1.1.0", "hello, you", "v1.0.0"},
		{"example.com/hello/in/deep", "from the deep, you", "v1.1.0"},
		{"example.com/hello/v2", "hello v2, you", "v2.0.1"},
		{"gopkg.in/hello.v3", "hello of gopkg.in, you", "v3.1.0"},
		{"loose", "loose, you", ""},
		{filepath.Join(work, "mine"), "<hello, you>", ""},
	} {
		assert.Equal(t, c.version, greets(t, l, c.name, c.want).Version())
	}
	m, err := l.Load(t.Context(), "path/filepath")
	require.NoError(t, err)
	join, err := load.Func[func(...string) string](m, "Join")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join("a", "b"), join("a", "b"))
	// Names for one version share an instance; two versions are two.
	var names []string
	for m := range l.Modules() {
		names = append(names, filepath.Base(m.Name())+"@"+m.Version())
	}
	assert.Equal(t, 8, len(names))
	// What the two directories need is remembered as artifacts beside those of the modules.
	modules, artifacts := check(t, s.store)
	assert.Equalf(t, 6, modules, "the store has %d modules and %d artifacts, want 6 and 10", modules, artifacts)
	assert.Equalf(t, 8+2, artifacts, "the store has %d modules and %d artifacts, want 6 and 10", modules, artifacts)
}

// TestBrokenModule: the compiler's words do not show where the store is.
func TestBrokenModule(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	l, _ := s.loader(t, t.TempDir())
	_, err := l.Load(t.Context(), "example.com/broken")
	const want = "load example.com/broken: it does not compile\n\texample.com/broken@v1.0.0/broken.go:3:8: \"os\" imported and not used"
	assert.EqualErrorf(t, err, want, "%v", want)
}

// TestCrashedModule: the next load makes a fresh instance under the same name, from the same
// artifact.
func TestCrashedModule(t *testing.T) {
	t.Parallel()
	l, e := newSystem(t).loader(t, t.TempDir())
	old := greets(t, l, "example.com/hello", "good day, dear you")
	_, err := old.Call(t.Context(), "Exit")
	require.Errorf(t, err, "exit: %v", err)
	require.Truef(t, strings.HasSuffix(err.Error(), " crashed: exit status 3"), "exit: %v", err)
	fresh := greets(t, l, "example.com/hello", "good day, dear you")
	assert.NotSamef(t, old, fresh, "fresh: %v, %v after %v, compiled %d times", fresh != old, fresh, old, len(loadtest.EventsOf[event.Compiled](e)))
	assert.Equalf(t, old.Name(), fresh.Name(), "fresh: %v, %v after %v, compiled %d times", fresh != old, fresh, old, len(loadtest.EventsOf[event.Compiled](e)))
	assert.Equalf(t, 1, len(loadtest.EventsOf[event.Compiled](e)), "fresh: %v, %v after %v, compiled %d times", fresh != old, fresh, old, len(loadtest.EventsOf[event.Compiled](e)))
	_, err = old.Call(t.Context(), "Greet", "you")
	require.Errorf(t, err, "the old instance: %v", err)
	assert.Truef(t, strings.HasSuffix(err.Error(), " crashed: exit status 3"), "the old instance: %v", err)
}

// TestDamagedArtifact: whatever is wrong with an artifact, it is made again, once, and this is
// told.
func TestDamagedArtifact(t *testing.T) {
	t.Parallel()
	flip := func(data []byte) []byte { data[len(data)/2] ^= 0x10; return data }
	cases := map[string]struct {
		file   string // below obj/<key>
		change func([]byte) []byte
		reason string
	}{
		"program":            {"files/program", flip, "program: its contents are not what was stored"},
		"api":                {"files/api", flip, "api: its contents are not what was stored"},
		"truncated program":  {"files/program", func(b []byte) []byte { return b[:len(b)/2] }, "bytes instead of"},
		"truncated manifest": {"manifest", func(b []byte) []byte { return b[:len(b)/2] }, "the manifest"},
		"empty manifest":     {"manifest", func([]byte) []byte { return nil }, "the manifest is truncated"},
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSystem(t)
			l, _ := s.loader(t, t.TempDir())
			_, err := l.Install(t.Context(), "example.com/hello")
			require.NoError(t, err)
			files, _ := filepath.Glob(filepath.Join(s.store.Dir(), "obj", "*", filepath.FromSlash(c.file)))
			require.Len(t, files, 1)
			data, err := os.ReadFile(files[0])
			require.NoError(t, err)
			require.NoError(t, os.Chmod(files[0], 0o700))
			require.NoError(t, os.WriteFile(files[0], c.change(data), 0o700))
			l, e := s.loader(t, t.TempDir())
			greets(t, l, "example.com/hello", "good day, dear you")
			var reasons []string
			for _, evicted := range loadtest.EventsOf[event.Evicted](e) {
				reasons = append(reasons, evicted.Reason)
			}
			require.Lenf(t, reasons, 1, "evicted for %q, want %q; compiled %d times", reasons, c.reason, len(loadtest.EventsOf[event.Compiled](e)))
			assert.Containsf(t, reasons[0], c.reason, "evicted for %q, want %q; compiled %d times", reasons, c.reason, len(loadtest.EventsOf[event.Compiled](e)))
			assert.Equalf(t, 1, len(loadtest.EventsOf[event.Compiled](e)), "evicted for %q, want %q; compiled %d times", reasons, c.reason, len(loadtest.EventsOf[event.Compiled](e)))
			check(t, s.store)
		})
	}
}

// TestRequiredIsolation: where a loader demands isolation, what it starts reports all of it.
func TestRequiredIsolation(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	eng := goprocess.New(goprocess.Config{RequireIsolation: true})
	if level := eng.Isolation().Level; level != "full" {
		t.Skipf("the isolation here is %s", level)
	}
	l, err := standard.New(load.Config{Store: s.store, Engines: []engine.Engine{eng}})
	require.NoError(t, err)
	m, err := l.Load(t.Context(), "strings")
	require.NoError(t, err)
	assert.Equal(t, "full", m.Isolation().Level)
	assert.NoError(t, l.Close(context.Background()))
}
