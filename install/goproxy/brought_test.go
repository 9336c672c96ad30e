package goproxy_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// release is one that no machine has.
const release = "go1.26.90"

func toolchainVersion() string {
	return "v0.0.1-" + release + "." + runtime.GOOS + "-" + runtime.GOARCH
}

func publishToolchain(p *loadtest.ProxyServer) {
	p.Publish("golang.org/toolchain", toolchainVersion(), map[string][]byte{
		"VERSION":                  []byte(release + "\n"),
		"bin/go":                   []byte("#!/bin/sh\n"),
		"pkg/tool/any_one/compile": []byte("#!/bin/sh\n"),
		"src/_go.mod":              []byte("module std\n"),
		"src/cmd/_go.mod":          []byte("module cmd\n"),
		"src/os/os.go":             []byte("package os\n"),
	})
}

func toolchainSession(s *store.Store) *install.Session {
	return &install.Session{Store: s, Toolchain: release}
}

// TestToolchain: a release of Go is brought once, and is there for further installers without the
// registry.
func TestToolchain(t *testing.T) {
	t.Parallel()
	p, s := loadtest.Proxy(t), loadtest.OpenStore(t)
	publishToolchain(p)
	roots := make([]string, 4)
	var wg sync.WaitGroup
	for i := range roots {
		wg.Go(func() {
			var err error
			roots[i], err = goproxy.New(config(p)).Toolchain(t.Context(), toolchainSession(s), release)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	for _, root := range roots {
		require.Equal(t, roots[0], root)
	}
	assert.Equal(t, 1, p.Count(".zip"))
	for name, mode := range map[string]os.FileMode{
		"bin/go": 0o555, "pkg/tool/any_one/compile": 0o555, "src/go.mod": 0o444, "src/cmd/go.mod": 0o444, "src/os/os.go": 0o444,
	} {
		info, err := os.Stat(filepath.Join(roots[0], filepath.FromSlash(name)))
		if assert.NoError(t, err) && runtime.GOOS != "windows" {
			assert.Equal(t, mode, info.Mode(), name)
		}
	}
	offline := toolchainSession(s)
	offline.Offline = true
	_, err := goproxy.New(config(p)).Toolchain(t.Context(), offline, release)
	assert.NoError(t, err)
	report, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.Empty(t, report.Damaged)
	_, err = s.Collect(t.Context(), store.GC{Unused: 1})
	require.NoError(t, err)
	assert.DirExists(t, roots[0], "it is in use")
}

// TestToolchainDamaged: one that somebody changed in the store is brought again.
func TestToolchainDamaged(t *testing.T) {
	t.Parallel()
	p, s := loadtest.Proxy(t), loadtest.OpenStore(t)
	publishToolchain(p)
	root, err := goproxy.New(config(p)).Toolchain(t.Context(), toolchainSession(s), release)
	require.NoError(t, err)
	program := filepath.Join(root, "bin", "go")
	require.NoError(t, os.Chmod(program, 0o755))
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\nmalice\n"), 0o755))
	root, err = goproxy.New(config(p)).Toolchain(t.Context(), toolchainSession(s), release)
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(root, "bin", "go"))
	require.NoError(t, err)
	assert.Equal(t, "#!/bin/sh\n", string(data))
}

func TestToolchainRefused(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t)
	publishToolchain(p)
	p.Replace("golang.org/toolchain", toolchainVersion(), map[string][]byte{"VERSION": []byte(release + "\n"), "bin/go": []byte("malice")})
	of := "golang.org/toolchain@" + toolchainVersion() + ": "
	local := toolchainSession(loadtest.OpenStore(t))
	local.Toolchain, local.LocalToolchain = "", true
	offline := toolchainSession(loadtest.OpenStore(t))
	offline.Offline = true
	ended, end := context.WithCancel(t.Context())
	end()
	for _, tt := range []struct {
		what    string
		ctx     context.Context
		session *install.Session
		release string
		err     string
	}{
		{"another archive than the published one", t.Context(), toolchainSession(loadtest.OpenStore(t)), release, "checksum mismatch"},
		{"a release that there is not", t.Context(), toolchainSession(loadtest.OpenStore(t)), "go1.26.91", "404"},
		{"no release", t.Context(), toolchainSession(loadtest.OpenStore(t)), "go1.26.8/../..", "is no release of Go"},
		{"a session that keeps to what is here", t.Context(), local, release, "none is to be installed"},
		{"no network", t.Context(), offline, release, of + "it is not installed, and the network is not to be used"},
		{"no checksum database", t.Context(), toolchainSession(loadtest.OpenStore(t)), release, of + "GOSUMDB, GONOSUMDB, GOPRIVATE or a registry"},
		{"a caller that has gone", ended, toolchainSession(loadtest.OpenStore(t)), release, "context canceled"},
	} {
		c := config(p)
		if strings.HasPrefix(tt.what, "no checksum") {
			c.SumDB = "off"
		}
		root, err := goproxy.New(c).Toolchain(tt.ctx, tt.session, tt.release)
		assert.Empty(t, root, tt.what)
		assert.ErrorContains(t, err, tt.err, tt.what)
		for record := range tt.session.Store.SourceRecords() {
			assert.Fail(t, "it left a record", "%s: %+v", tt.what, record)
		}
	}
}

// TestYoungToolchain: a minimum age holds for a release of Go, too, also where the store has it
// already.
func TestYoungToolchain(t *testing.T) {
	t.Parallel()
	p, s := loadtest.Proxy(t), loadtest.OpenStore(t)
	publishToolchain(p)
	old := toolchainSession(s)
	old.Policies = []*policy.Policy{{MinAge: time.Hour}}
	young := toolchainSession(s)
	young.Policies = []*policy.Policy{{MinAge: 100 * 365 * 24 * time.Hour}}
	refused := func() {
		_, err := goproxy.New(config(p)).Toolchain(t.Context(), young, release)
		var denied *install.PolicyError
		require.ErrorAs(t, err, &denied)
		assert.ErrorContains(t, err, "golang.org/toolchain@"+toolchainVersion())
		assert.ErrorContains(t, err, "ago, less than 36500d")
	}
	refused()
	assert.Zero(t, p.Count(".zip"))
	_, err := goproxy.New(config(p)).Toolchain(t.Context(), old, release)
	require.NoError(t, err)
	refused()
	young.Policies[0].AgeExcept = []string{"golang.org/toolchain"}
	_, err = goproxy.New(config(p)).Toolchain(t.Context(), young, release)
	assert.NoError(t, err)
}
