package goproxy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/registry/goproxy"
	"github.com/loadgo/load/store"
)

// benchmarked are packages of modules that this module needs itself, so that the module cache of the machine
// that builds it has them: the largest that is there is taken.
var benchmarked = []string{"honnef.co/go/tools/staticcheck", "golang.org/x/tools/go/packages", "golang.org/x/mod/modfile"}

// realRelease finds a package that the machine's module cache holds with all that it imports, and a proxy
// that serves it.
func realRelease(b *testing.B) (*loadtest.ProxyServer, *load.Release) {
	b.Helper()
	tools, err := toolchain.Find()
	if err != nil {
		b.Skip(err)
	}
	p := loadtest.Proxy(b)
	p.AddModuleCache(tools.ModCache())
	in := goproxy.New(config(p))
	for _, name := range benchmarked {
		release, err := in.Resolve(b.Context(), parse(b, name))
		if err != nil {
			continue
		}
		if _, err := in.Install(b.Context(), release, openStore(b)); err == nil {
			return p, release
		}
	}
	b.Skip("the module cache has none of the modules to measure with")
	return nil, nil
}

// BenchmarkColdInstall installs a real package from a proxy on this machine into an empty store. The yardstick
// is "go mod download" of the same modules from the same proxy into an empty cache.
func BenchmarkColdInstall(b *testing.B) {
	p, release := realRelease(b)
	var ours, theirs []time.Duration
	for b.Loop() {
		s, err := store.Open(loadtest.TempDir(b))
		if err != nil {
			b.Fatal(err)
		}
		in := goproxy.New(config(p))
		started := time.Now()
		spec, err := in.Install(b.Context(), release, s)
		if err != nil {
			b.Fatal(err)
		}
		ours = append(ours, time.Since(started))
		theirs = append(theirs, goModDownload(b, p, spec.BuildList))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ours).Seconds()*1e3, "ms/install")
	b.ReportMetric(median(theirs).Seconds()*1e3, "ms/go-mod-download")
	b.ReportMetric(median(ours).Seconds()/median(theirs).Seconds(), "ratio")
}

func goModDownload(b *testing.B, p *loadtest.ProxyServer, list []load.ModuleVersion) time.Duration {
	b.Helper()
	dir, cache := b.TempDir(), b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module yardstick\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	args := []string{"mod", "download", "-modcacherw"}
	for _, m := range list {
		args = append(args, m.Path+"@"+m.Version)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), p.Env()...), "GOMODCACHE="+cache, "GOPATH="+cache, "GOWORK=off")
	started := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go mod download: %v\n%s", err, out)
	}
	return time.Since(started)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// BenchmarkWarmInstall asks for a release that is installed: at most 5 ms.
func BenchmarkWarmInstall(b *testing.B) {
	p, release := realRelease(b)
	in, s := goproxy.New(config(p)), openStore(b)
	if _, err := in.Install(b.Context(), release, s); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := in.Install(b.Context(), release, s); err != nil {
			b.Fatal(err)
		}
	}
}
