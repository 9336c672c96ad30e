package goproxy

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/checksum"
	"github.com/loadgo/load/install/goproxy/internal/gomod"
	"github.com/loadgo/load/install/goproxy/internal/modzip"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func FuzzList(f *testing.F) {
	f.Add("v1.0.0\nv1.1.0-rc1\nv0.0.0-20240101000000-abcdefabcdef 2024-01-01T00:00:00Z\n")
	f.Add("v1\n../../etc\n<html>\nv9.9.9+incompatible\r\n")
	f.Fuzz(func(t *testing.T, data string) {
		versions, pseudo := origin.ParseList("example.com/a", data)
		for _, v := range slices.Concat(versions, pseudo) {
			assert.NoError(t, module.Check("example.com/a", v))
		}
		assert.Truef(t, slices.IsSortedFunc(versions, semver.Compare), "not sorted: %v", versions)
	})
}

// FuzzInfo covers the answers to .info and @latest.
func FuzzInfo(f *testing.F) {
	f.Add([]byte(`{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"Version":"../../etc/evil"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := origin.ParseInfo("example.com/a", data)
		assert.Falsef(t, err == nil && module.Check("example.com/a", i.Version) != nil, "%q is accepted", i.Version)
	})
}

func FuzzModFile(f *testing.F) {
	f.Add([]byte("module example.com/a\n\ngo 1.20\n\nrequire example.com/b v1.0.0\n"))
	f.Add([]byte("module example.com/a\nretract [v1.0.0, v1.1.0] // bad\nreplace x => ../..\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := gomod.Parse("example.com/a", data)
		if err != nil {
			return
		}
		m.Pruned()
		for _, r := range m.Require {
			assert.Equal(t, r.Version, module.CanonicalVersion(r.Version))
		}
	})
}

func FuzzProxies(f *testing.F) {
	f.Add("https://user:secret@example.com/path|file:///tmp,direct")
	f.Fuzz(func(t *testing.T, list string) {
		proxies, err := origin.ParseProxies(list)
		assert.False(t, err == nil && len(proxies) == 0, "an empty list is accepted")
		for _, p := range proxies {
			assert.Falsef(t, p.URL != nil && p.URL.User != nil, "the URL %s holds credentials", p)
		}
	})
}

// FuzzZip: whatever a zip holds, its files stay in their directory, and the sum is the go
// command's.
func FuzzZip(f *testing.F) {
	m := module.Version{Path: "example.com/v", Version: "v1.0.0"}
	for _, names := range [][]string{{"go.mod", "v.go", "sub/s.go"}, {"../x"}, {"a", "A"}, {"dir/", "dir/x"}, {"a", "a/b"}} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, name := range names {
			_, err := w.Create(m.String() + "/" + name)
			require.NoError(f, err)
		}
		require.NoError(f, w.Close())
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parent := t.TempDir()
		dir, name := filepath.Join(parent, "dir"), filepath.Join(t.TempDir(), "zip")
		require.NoError(t, os.Mkdir(dir, 0o755))
		require.NoError(t, os.WriteFile(name, data, 0o600))
		file, err := os.Open(name)
		require.NoError(t, err)
		defer file.Close()
		out, err := modzip.Extract(t.Context(), file, m, dir)
		entries, _ := os.ReadDir(parent)
		assert.Len(t, entries, 1)
		var refused *install.RegistryError
		assert.Falsef(t, err != nil && !errors.As(err, &refused), "%T: %v", err, err)
		want, err2 := dirhash.HashZip(name, dirhash.Hash1)
		assert.Falsef(t, err == nil && (err2 != nil || out.Sum != want), "the sum is %s, and the go command's %s, %v", out.Sum, want, err2)
	})
}

// FuzzSumDB covers what GOSUMDB says, and a database's answers.
func FuzzSumDB(f *testing.F) {
	f.Add("sums.example.com", "")
	f.Add("sums.example.com/mirror https://user:secret@example.com", "go.sum database tree\n1\n")
	f.Add("a/../b+00000000+AAAA", "— a b\n")
	f.Fuzz(func(t *testing.T, setting, answer string) {
		d := &checksum.Database{}
		if d.Configure(setting) != nil {
			return
		}
		require.NotEmptyf(t, d.Name, "the name %q is accepted", d.Name)
		require.Falsef(t, strings.HasPrefix(d.Name, "/"), "the name %q is accepted", d.Name)
		assert.NotContainsf(t, d.Name, "..", "the name %q is accepted", d.Name)
		verifier, err := note.NewVerifier(d.Key)
		require.NoError(t, err)
		_, err = note.Open([]byte(answer), note.VerifierList(verifier))
		assert.Error(t, err)
	})
}
