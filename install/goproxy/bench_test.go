package goproxy_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/require"
)

// benchmarked are packages of modules that this module needs itself, so that the module cache of
// the machine that builds it has them: the largest that is there is taken.
var benchmarked = []string{"honnef.co/go/tools/staticcheck", "golang.org/x/tools/go/packages", "golang.org/x/mod/modfile"}

// realRelease finds a package that the machine's module cache holds with all that it imports, and a
// proxy that serves it.
func realRelease(b *testing.B) (*loadtest.ProxyServer, *install.Release) {
	b.Helper()
	tools, err := toolchain.Find()
	if err != nil {
		b.Skip(err)
	}
	p := loadtest.Proxy(b)
	p.AddModuleCache(tools.ModCache())
	in := goproxy.New(config(p))
	for _, name := range benchmarked {
		release, err := in.Resolve(b.Context(), new(install.Session), loadtest.Name(b, name))
		if err != nil {
			continue
		}
		if _, err := in.Install(b.Context(), &install.Session{Store: loadtest.OpenStore(b)}, release); err == nil {
			return p, release
		}
	}
	b.Skip("the module cache has none of the modules to measure with")
	return nil, nil
}

// manyModules serves a package that is built of 60 modules, three levels deep.
func manyModules(b *testing.B) (*loadtest.ProxyServer, *install.Release) {
	b.Helper()
	p := loadtest.Proxy(b)
	const leaves, middles = 48, 11
	text := bytes.Repeat([]byte("// A line of a comment, as there are many.\n"), 2000) // 90 kB
	module := func(name string, imports []string) {
		goMod, source := "module "+name+"\n\ngo 1.21\n", "package m\n"
		for _, i := range imports {
			goMod += "\nrequire " + i + " v1.0.0\n"
			source += "\nimport _ \"" + i + "\"\n"
		}
		p.Publish(name, "v1.0.0", map[string][]byte{"go.mod": []byte(goMod), "m.go": append([]byte(source), text...)})
	}
	var middle []string
	for i := range middles {
		var imports []string
		for j := i; j < leaves; j += middles {
			imports = append(imports, fmt.Sprintf("example.com/leaf%d", j))
		}
		middle = append(middle, fmt.Sprintf("example.com/middle%d", i))
		module(middle[i], imports)
	}
	for i := range leaves {
		module(fmt.Sprintf("example.com/leaf%d", i), nil)
	}
	module("example.com/root", middle)
	release, err := goproxy.New(config(p)).Resolve(b.Context(), new(install.Session), loadtest.Name(b, "example.com/root"))
	require.NoError(b, err)
	return p, release
}

// BenchmarkColdInstall installs a package from a proxy on this machine, which takes 20 ms for each
// answer or none, into an empty store. The yardstick is "go mod download" in a module that requires
// the same modules, from the same proxy into an empty cache.
func BenchmarkColdInstall(b *testing.B) {
	for _, set := range []struct {
		name  string
		serve func(*testing.B) (*loadtest.ProxyServer, *install.Release)
	}{{"real", realRelease}, {"60 modules", manyModules}} {
		b.Run(set.name, func(b *testing.B) {
			p, release := set.serve(b)
			b.Run("at once", func(b *testing.B) { coldInstall(b, p, release) })
			p.Fault("*", func(w http.ResponseWriter, r *http.Request, real http.Handler) {
				time.Sleep(20 * time.Millisecond)
				real.ServeHTTP(w, r)
			})
			b.Run("after 20 ms", func(b *testing.B) { coldInstall(b, p, release) })
		})
	}
}

func coldInstall(b *testing.B, p *loadtest.ProxyServer, release *install.Release) {
	var ours, theirs []time.Duration
	for b.Loop() {
		s, err := store.Open(loadtest.TempDir(b))
		require.NoError(b, err)
		in := goproxy.New(config(p))
		started := time.Now()
		spec, err := in.Install(b.Context(), &install.Session{Store: s}, release)
		require.NoError(b, err)
		ours = append(ours, time.Since(started))
		theirs = append(theirs, goModDownload(b, p, spec.BuildList))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ours).Seconds()*1e3, "ms/install")
	b.ReportMetric(median(theirs).Seconds()*1e3, "ms/go-mod-download")
	b.ReportMetric(median(ours).Seconds()/median(theirs).Seconds(), "ratio")
}

func goModDownload(b *testing.B, p *loadtest.ProxyServer, list []find.ModuleVersion) time.Duration {
	b.Helper()
	dir, cache := b.TempDir(), b.TempDir()
	goMod := "module yardstick\n\ngo 1.21\n"
	for _, m := range list {
		goMod += "\nrequire " + m.Path + " " + m.Version + "\n"
	}
	require.NoError(b, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(goMod), 0o644))
	cmd := exec.Command("go", "mod", "download", "-modcacherw")
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), p.Env()...), "GOMODCACHE="+cache, "GOPATH="+cache, "GOWORK=off")
	started := time.Now()
	_, err := cmd.CombinedOutput()
	require.NoError(b, err)
	return time.Since(started)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// BenchmarkWarmInstall asks for a release that is installed: at most 5 ms.
func BenchmarkWarmInstall(b *testing.B) {
	p, release := realRelease(b)
	in, s := goproxy.New(config(p)), loadtest.OpenStore(b)
	_, err := in.Install(b.Context(), &install.Session{Store: s}, release)
	require.NoError(b, err)
	for b.Loop() {
		_, err := in.Install(b.Context(), &install.Session{Store: s}, release)
		require.NoError(b, err)
	}
}
