package loadtest

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// InstallerCases tell [TestInstaller] what an installer can bring.
type InstallerCases struct {
	Found    []string // names that it brings; at least one
	NotFound []string // names that it claims and that do not exist; at least one
	Foreign  []string // names that it does not claim
}

// TestInstaller tests that an installer keeps the contract of [install.Installer]: it resolves to
// exact versions, what it installs is complete and lies in the store, a second Install finds what
// the first one brought, many goroutines can use it (run it with -race), what does not exist is a
// [find.ErrNotFound] or a [*find.VersionError], and it respects its context. Make returns a fresh
// installer for each test.
func TestInstaller(t *testing.T, make func(t *testing.T) (install.Installer, InstallerCases)) {
	t.Run("claims", func(t *testing.T) {
		installer, cases := make(t)
		for _, s := range append(cases.Found, cases.NotFound...) {
			assert.Truef(t, installer.Claims(Name(t, s)), "%s: not claimed", s)
		}
		for _, s := range cases.Foreign {
			assert.Falsef(t, installer.Claims(Name(t, s)), "%s: claimed", s)
		}
	})
	t.Run("found", func(t *testing.T) {
		installer, cases := make(t)
		require.NotEmpty(t, cases.Found, "no case for what the installer brings")
		s := OpenStore(t)
		for _, name := range cases.Found {
			release := resolve(t, installer, name)
			first, err := installer.Install(t.Context(), &install.Session{Store: s}, release)
			if !assert.NoError(t, err, name) {
				continue
			}
			checkInstalled(t, s, name, first)
			again, err := installer.Install(t.Context(), &install.Session{Store: s}, release)
			require.NoErrorf(t, err, "%s: the answer changes\n first %+v\n then", name, first)
			assert.Equalf(t, first.Source.Hash, again.Source.Hash, "%s: the answer changes\n first %+v\n then", name, first)
			assert.Equalf(t, first.BuildList, again.BuildList, "%s: the answer changes\n first %+v\n then", name, first)
		}
	})
	t.Run("not found", func(t *testing.T) {
		installer, cases := make(t)
		require.NotEmpty(t, cases.NotFound, "no case for what does not exist")
		for _, name := range cases.NotFound {
			release, err := installer.Resolve(t.Context(), new(install.Session), Name(t, name))
			var version *find.VersionError
			assert.Nilf(t, release, "%s: got %+v, %v, want a NotFoundError or a VersionError", name, release, err)
			assert.Falsef(t, !errors.Is(err, find.ErrNotFound) && !errors.As(err, &version), "%s: got %+v, %v, want a NotFoundError or a VersionError", name, release, err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		installer, cases := make(t)
		release := resolve(t, installer, cases.Found[0])
		cause := errors.New("no longer wanted")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		_, err := installer.Resolve(ctx, new(install.Session), Name(t, cases.Found[0]))
		assert.Falsef(t, !errors.Is(err, cause) && !errors.Is(err, context.Canceled), "Resolve: %v, want the context's error", err)
		_, err = installer.Install(ctx, &install.Session{Store: OpenStore(t)}, release)
		assert.Falsef(t, !errors.Is(err, cause) && !errors.Is(err, context.Canceled), "Install: %v, want the context's error", err)
	})
	t.Run("concurrent", func(t *testing.T) {
		installer, cases := make(t)
		s := OpenStore(t)
		specs := [8]*find.Spec{}
		var wg sync.WaitGroup
		for i := range specs {
			wg.Go(func() {
				release, err := installer.Resolve(t.Context(), new(install.Session), Name(t, cases.Found[0]))
				if err == nil {
					specs[i], err = installer.Install(t.Context(), &install.Session{Store: s}, release)
				}
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		for _, spec := range specs {
			assert.Falsef(t, spec != nil && specs[0] != nil && spec.Source.Hash != specs[0].Source.Hash, "two answers: %+v and %+v", spec, specs[0])
		}
	})
}

func resolve(t *testing.T, installer install.Installer, name string) *install.Release {
	t.Helper()
	release, err := installer.Resolve(t.Context(), new(install.Session), Name(t, name))
	require.NoError(t, err, name)
	require.NotEmpty(t, release.Version)
	require.NotEmpty(t, release.Module)
	require.NotEmpty(t, release.Why)
	require.NotEmpty(t, release.Origin)
	assert.Equal(t, name, release.Name.String())
	return release
}

func checkInstalled(t *testing.T, s *store.Store, name string, spec *find.Spec) {
	t.Helper()
	require.NotEmpty(t, spec.Name, name)
	require.NotEmpty(t, spec.Version, name)
	require.NotEmpty(t, spec.Why, name)
	require.NotEmpty(t, spec.Origin, name)
	require.NotEmpty(t, spec.Source.Hash, name)
	assert.NotNil(t, spec.Source.FS, name)
	assert.Truef(t, strings.HasPrefix(spec.Source.Dir, s.Dir()), "%s: %s is not in the store", name, spec.Source.Dir)
	fi, err := os.Stat(spec.Source.Dir)
	require.NoErrorf(t, err, "%s: %s: %v", name, spec.Source.Dir, err)
	assert.Truef(t, fi.IsDir(), "%s: %s: %v", name, spec.Source.Dir, err)
	assert.Falsef(t, spec.Source.Kind == find.KindGo && (spec.Source.Go == nil || spec.Source.Go.ImportPath == "" || spec.Source.Go.ModCache == ""), "%s: incomplete Go source %+v", name, spec.Source.Go)
	for _, m := range spec.BuildList {
		assert.NotEmptyf(t, m.Path, "%s: incomplete module %+v in the build list", name, m)
		assert.NotEmptyf(t, m.Version, "%s: incomplete module %+v in the build list", name, m)
		assert.NotEmptyf(t, m.Sum, "%s: incomplete module %+v in the build list", name, m)
	}
}

// OpenStore opens an empty store, which goes when the test ends.
func OpenStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(TempDir(t))
	require.NoError(t, err)
	return s
}

// Name parses a name that must be well formed.
func Name(t testing.TB, text string) find.Name {
	t.Helper()
	name, err := find.ParseName(text)
	require.NoError(t, err)
	return name
}

// TempDir is [testing.T.TempDir] for a store: it can be removed although modules in it are
// read-only.
func TempDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { makeWritable(dir) })
	return dir
}
