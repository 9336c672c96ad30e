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
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDamagedTree: a module in the store that is not as its sum says is fetched again.
func TestDamagedTree(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	s := loadtest.OpenStore(t)
	_, err := bring(t, goproxy.New(config(p)), s, "example.com/b@v1.1.0")
	require.NoError(t, err)
	file := filepath.Join(s.ModDir(), "example.com", "b@v1.1.0", "b.go")
	require.NoError(t, os.Chmod(file, 0o644))
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err = bring(t, goproxy.New(config(p)), s, "example.com/a")
	require.NoError(t, err)
	data, err := os.ReadFile(file)
	assert.NoError(t, err)
	assert.Equal(t, "package b\n", string(data))
}

// TestReadOnly: what is installed is protected from edits, down to the directories.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	spec, err := bring(t, goproxy.New(config(p)), loadtest.OpenStore(t), "example.com/a/sub/deep")
	require.NoError(t, err)
	for name, want := range map[string]os.FileMode{".": 0o555, "..": 0o555, "../..": 0o555, "deep.go": 0o444} {
		fi, err := os.Stat(filepath.Join(spec.Source.Dir, name))
		require.NoError(t, err)
		got := fi.Mode().Perm() &^ 0o222
		assert.Equal(t, fi.Mode().Perm(), got, name)
		assert.Equal(t, got&want, got, name)
	}
}

// TestEvents: an install tells what it did.
func TestEvents(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, queried)
	events := make(chan event.Event, 100)
	session := &install.Session{Store: loadtest.OpenStore(t), Events: func(e event.Event) { events <- e }}
	in := goproxy.New(config(p))
	release, err := in.Resolve(t.Context(), session, loadtest.Name(t, "example.com/q@v1.2.0"))
	require.NoError(t, err)
	_, err = in.Install(t.Context(), session, release)
	require.NoError(t, err)
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
	require.Len(t, got, len(want))
	for i := range want {
		assert.Equal(t, want[i], got[i])
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
			s := loadtest.OpenStore(t)
			_, err := bring(t, goproxy.New(config(p)), s, "example.com/b@v1.1.0")
			require.NoError(t, err)
			path := filepath.Join(s.ModDir(), filepath.FromSlash(name))
			require.NoError(t, errors.Join(os.Chmod(filepath.Dir(path), 0o755), os.Remove(path), damage(path)))
			_, err = bring(t, goproxy.New(config(p)), s, "example.com/a")
			assert.NoErrorf(t, err, "%v %v", how, name)
			report, err := s.Verify(t.Context())
			require.NoErrorf(t, err, "%v %v", how, name)
			assert.Zerof(t, len(report.Damaged), "%v %v", how, name)
			assert.NoError(t, s.RemoveRecord("linux_amd64", "example.com/a", "v1.0.0"))
		}
	}
}

// TestLinkedTree: a link in the place of a module's directory is replaced, and what it leads to
// stays as it is.
func TestLinkedTree(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	s := loadtest.OpenStore(t)
	_, err := bring(t, goproxy.New(config(p)), s, "example.com/b@v1.1.0")
	require.NoError(t, err)
	tree := filepath.Join(s.ModDir(), "example.com", "b@v1.1.0")
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, errors.Join(os.Chmod(tree, 0o755), os.Rename(tree, other), os.Symlink(other, tree), os.Chmod(other, 0o500)))
	_, err = bring(t, goproxy.New(config(p)), s, "example.com/a")
	require.NoError(t, err)
	info, err := os.Lstat(tree)
	require.NoError(t, err)
	assert.Truef(t, info.IsDir(), "the module is %v, %v", info.Mode(), err)
	info, err = os.Stat(other)
	require.NoError(t, err, "what the link led to")
	assert.EqualValues(t, 0o500, info.Mode().Perm(), "what the link led to")
	_ = os.Chmod(other, 0o700) // for its removal
}
