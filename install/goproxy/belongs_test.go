package goproxy_test

import (
	"path/filepath"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/installed"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStoreOfStrangers: what is in the store from elsewhere than its registry counts as absent,
// whether it is found or needed, and so does what is there from a registry that does not own it any
// more. A sum in the lock file outweighs that.
func TestStoreOfStrangers(t *testing.T) {
	t.Parallel()
	const name = "corp.example.com/team/auth"
	w := newWorld(t)
	in := goproxy.New(w.config)
	loader := func(lock string, owned bool) *load.Loader {
		config := load.Config{Store: w.store, Installers: []install.Installer{in}, Path: find.Path{installed.New(w.store, in.Target())}, LockFile: lock}
		config.Frozen = lock == w.lock
		config.Offline = config.Frozen
		if owned {
			config.Policies = w.policies
		}
		l, err := load.New(config)
		require.NoError(t, err)
		return l
	}
	lock := func(l *load.Loader, name string) *find.Spec {
		t.Helper()
		spec, err := l.Locks().Add(t.Context(), name)
		require.NoError(t, err)
		return spec
	}
	fresh := func() string { return filepath.Join(t.TempDir(), "load.lock") }
	strangers, own := w.public.Sum(name, "v1.2.0"), w.registry.Sum(name, "v1.2.0")
	version := func(spec *find.Spec) string {
		for _, m := range spec.BuildList {
			if m.Path == name {
				return m.Sum
			}
		}
		return ""
	}

	require.Equal(t, strangers, version(lock(loader(fresh(), false), name+"@v1.2.0")))
	got := version(lock(loader(fresh(), true), name+"@v1.2.0"))
	assert.Equal(t, own, got, "the stranger's module is used")
	requests := w.registry.Count("")
	reviewed := fresh()
	got = version(lock(loader(reviewed, true), name+"@v1.2.0"))
	assert.Equal(t, own, got)
	assert.Equal(t, requests, w.registry.Count(""))
	w.lock = reviewed // frozen, where nobody knows the registry
	got = version(lock(loader(reviewed, false), name+"@v1.2.0"))
	assert.Equal(t, own, got, "what is locked is not used")
	got = version(lock(loader(fresh(), false), name+"@v1.2.0"))
	assert.Equal(t, strangers, got, "the registry's module is used where it owns nothing")
	// As a part of another, too.
	got = version(lock(loader(fresh(), true), "example.com/user"))
	assert.Equal(t, own, got, "the stranger's module is a part of another")
	// A public module of a shorter path, installed before.
	require.Equal(t, "corp.example.com", lock(loader(fresh(), false), "corp.example.com/team/lost").Module)
	_, err := loader(fresh(), true).Locks().Add(t.Context(), "corp.example.com/team/lost")
	assert.Error(t, err)
}
