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
)

func FuzzList(f *testing.F) {
	f.Add("v1.0.0\nv1.1.0-rc1\nv0.0.0-20240101000000-abcdefabcdef 2024-01-01T00:00:00Z\n")
	f.Add("v1\n../../etc\n<html>\nv9.9.9+incompatible\r\n")
	f.Fuzz(func(t *testing.T, data string) {
		versions, pseudo := origin.ParseList("example.com/a", data)
		for _, v := range slices.Concat(versions, pseudo) {
			if err := module.Check("example.com/a", v); err != nil {
				t.Errorf("%q: %v", v, err)
			}
		}
		if !slices.IsSortedFunc(versions, semver.Compare) {
			t.Errorf("not sorted: %v", versions)
		}
	})
}

// FuzzInfo covers the answers to .info and @latest.
func FuzzInfo(f *testing.F) {
	f.Add([]byte(`{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"Version":"../../etc/evil"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := origin.ParseInfo("example.com/a", data)
		if err == nil && module.Check("example.com/a", i.Version) != nil {
			t.Errorf("%q is accepted", i.Version)
		}
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
			if module.CanonicalVersion(r.Version) != r.Version {
				t.Errorf("the version %q is accepted", r.Version)
			}
		}
	})
}

func FuzzProxies(f *testing.F) {
	f.Add("https://user:secret@example.com/path|file:///tmp,direct")
	f.Fuzz(func(t *testing.T, list string) {
		proxies, err := origin.ParseProxies(list)
		if err == nil && len(proxies) == 0 {
			t.Error("an empty list is accepted")
		}
		for _, p := range proxies {
			if p.URL != nil && p.URL.User != nil {
				t.Errorf("the URL %s holds credentials", p)
			}
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
			if _, err := w.Create(m.String() + "/" + name); err != nil {
				f.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parent := t.TempDir()
		dir, name := filepath.Join(parent, "dir"), filepath.Join(t.TempDir(), "zip")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		out, err := modzip.Extract(file, m, dir)
		if entries, _ := os.ReadDir(parent); len(entries) != 1 {
			t.Errorf("%v is beside the directory", entries)
		}
		var refused *install.RegistryError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%T: %v", err, err)
		}
		if want, err2 := dirhash.HashZip(name, dirhash.Hash1); err == nil && (err2 != nil || out.Sum != want) {
			t.Errorf("the sum is %s, and the go command's %s, %v", out.Sum, want, err2)
		}
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
		if d.Name == "" || strings.HasPrefix(d.Name, "/") || strings.Contains(d.Name, "..") {
			t.Errorf("the name %q is accepted", d.Name)
		}
		verifier, err := note.NewVerifier(d.Key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := note.Open([]byte(answer), note.VerifierList(verifier)); err == nil {
			t.Errorf("nobody signed %q", answer)
		}
	})
}
