package goproxy_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
)

// TestDamagedTree: a module in the store that is not as its sum says is fetched again.
func TestDamagedTree(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	s := openStore(t)
	if _, err := bring(t, goproxy.New(config(p)), s, "example.com/b@v1.1.0"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.ModDir(), "example.com", "b@v1.1.0", "b.go")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := bring(t, goproxy.New(config(p)), s, "example.com/a"); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "package b\n" {
		t.Errorf("b.go holds %q, %v", data, err)
	}
}

// TestReadOnly: what is installed is protected from edits, down to the directories.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	spec, err := bring(t, goproxy.New(config(p)), openStore(t), "example.com/a/sub/deep")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{".": 0o555, "..": 0o555, "../..": 0o555, "deep.go": 0o444} {
		fi, err := os.Stat(filepath.Join(spec.Source.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fi.Mode().Perm() &^ 0o222; got != fi.Mode().Perm() || got&want != got {
			t.Errorf("%s has the mode %v, want %v", name, fi.Mode(), want)
		}
	}
}

// TestEvents: an install tells what it did.
func TestEvents(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, queried)
	events := make(chan event.Event, 100)
	session := &install.Session{Store: openStore(t), Events: func(e event.Event) { events <- e }}
	in := goproxy.New(config(p))
	release, err := in.Resolve(t.Context(), session, parse(t, "example.com/q@v1.2.0"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Install(t.Context(), session, release); err != nil {
		t.Fatal(err)
	}
	close(events)
	var got []string
	for e := range events {
		switch e := e.(type) {
		case event.Deprecated:
			got = append(got, e.String())
		case event.Resolved:
			got = append(got, "resolved "+e.Module+" "+e.Version+": "+e.Why)
		case event.Downloaded:
			got = append(got, "downloaded "+e.Module+" "+e.Version+" "+e.File)
		case event.Installed:
			got = append(got, "installed "+e.Name+" "+e.Version)
		}
	}
	want := []string{
		"deprecated: example.com/q@v1.2.0: retracted by the module's author: it deletes everything",
		"resolved example.com/q v1.2.0: asked for",
		"downloaded example.com/q v1.2.0 zip",
		"installed example.com/q v1.2.0",
	}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d is %q, want %q", i, got[i], want[i])
		}
	}
}

// TestPoisonedModule damages each file of an installed module in every way; it is fetched again.
func TestPoisonedModule(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	for how, damage := range map[string]func(path string) error{
		"emptied":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"changed":   func(path string) error { return os.WriteFile(path, []byte("package other\n"), 0o600) },
		"missing":   func(string) error { return nil },
		"directory": func(path string) error { return os.MkdirAll(filepath.Join(path, "sub"), 0o700) },
		"link":      func(path string) error { return os.Symlink(os.DevNull, path) },
	} {
		for _, name := range []string{"example.com/b@v1.1.0/b.go", "cache/download/example.com/b/@v/v1.1.0.ziphash", "cache/download/example.com/b/@v/v1.1.0.mod"} {
			s := openStore(t)
			if _, err := bring(t, goproxy.New(config(p)), s, "example.com/b@v1.1.0"); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(s.ModDir(), filepath.FromSlash(name))
			if err := errors.Join(os.Chmod(filepath.Dir(path), 0o755), os.Remove(path), damage(path)); err != nil {
				t.Fatal(err)
			}
			if _, err := bring(t, goproxy.New(config(p)), s, "example.com/a"); err != nil {
				t.Errorf("%s %s: %v", how, name, err)
			}
			if report, err := s.Verify(t.Context()); err != nil || len(report.Damaged) > 0 {
				t.Errorf("%s %s: %+v, %v", how, name, report.Damaged, err)
			}
			if err := s.RemoveRecord("linux_amd64", "example.com/a", "v1.0.0"); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestLinkedTree: a link in the place of a module's directory is replaced, and what it leads to
// stays as it is.
func TestLinkedTree(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	s := openStore(t)
	if _, err := bring(t, goproxy.New(config(p)), s, "example.com/b@v1.1.0"); err != nil {
		t.Fatal(err)
	}
	tree := filepath.Join(s.ModDir(), "example.com", "b@v1.1.0")
	other := filepath.Join(t.TempDir(), "other")
	if err := errors.Join(os.Chmod(tree, 0o755), os.Rename(tree, other), os.Symlink(other, tree), os.Chmod(other, 0o500)); err != nil {
		t.Fatal(err)
	}
	if _, err := bring(t, goproxy.New(config(p)), s, "example.com/a"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(tree); err != nil || !info.IsDir() {
		t.Errorf("the module is %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(other); err != nil || info.Mode().Perm() != 0o500 {
		t.Errorf("what the link led to is %v, %v", info.Mode(), err)
	}
	_ = os.Chmod(other, 0o700) // for its removal
}
