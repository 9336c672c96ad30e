package loadtest

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/store"
)

// InstallerCases tell [TestInstaller] what an installer can bring.
type InstallerCases struct {
	Found    []string // names that it brings; at least one
	NotFound []string // names that it claims and that do not exist; at least one
	Foreign  []string // names that it does not claim
}

// TestInstaller tests that an installer keeps the contract of [install.Installer]: it resolves to
// exact
// versions, what it installs is complete and lies in the store, a second Install finds what the
// first one
// brought, many goroutines can use it (run it with -race), what does not exist is a
// [find.ErrNotFound] or a
// [*find.VersionError], and it respects its context. Make returns a fresh installer for each test.
func TestInstaller(t *testing.T, make func(t *testing.T) (install.Installer, InstallerCases)) {
	t.Run("claims", func(t *testing.T) {
		installer, cases := make(t)
		for _, s := range append(cases.Found, cases.NotFound...) {
			if !installer.Claims(parse(t, s)) {
				t.Errorf("%s: not claimed", s)
			}
		}
		for _, s := range cases.Foreign {
			if installer.Claims(parse(t, s)) {
				t.Errorf("%s: claimed", s)
			}
		}
	})
	t.Run("found", func(t *testing.T) {
		installer, cases := make(t)
		if len(cases.Found) == 0 {
			t.Fatal("no case for what the installer brings")
		}
		s := openStore(t)
		for _, name := range cases.Found {
			release := resolve(t, installer, name)
			first, err := installer.Install(t.Context(), &install.Session{Store: s}, release)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			checkInstalled(t, s, name, first)
			again, err := installer.Install(t.Context(), &install.Session{Store: s}, release)
			if err != nil || again.Source.Hash != first.Source.Hash || !reflect.DeepEqual(again.BuildList, first.BuildList) {
				t.Errorf("%s: the answer changes\n first %+v\n then  %+v, %v", name, first, again, err)
			}
		}
	})
	t.Run("not found", func(t *testing.T) {
		installer, cases := make(t)
		if len(cases.NotFound) == 0 {
			t.Fatal("no case for what does not exist")
		}
		for _, name := range cases.NotFound {
			release, err := installer.Resolve(t.Context(), new(install.Session), parse(t, name))
			var version *find.VersionError
			if release != nil || !errors.Is(err, find.ErrNotFound) && !errors.As(err, &version) {
				t.Errorf("%s: got %+v, %v, want a NotFoundError or a VersionError", name, release, err)
			}
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		installer, cases := make(t)
		release := resolve(t, installer, cases.Found[0])
		cause := errors.New("no longer wanted")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if _, err := installer.Resolve(ctx, new(install.Session), parse(t, cases.Found[0])); !errors.Is(err, cause) && !errors.Is(err, context.Canceled) {
			t.Errorf("Resolve: %v, want the context's error", err)
		}
		if _, err := installer.Install(ctx, &install.Session{Store: openStore(t)}, release); !errors.Is(err, cause) && !errors.Is(err, context.Canceled) {
			t.Errorf("Install: %v, want the context's error", err)
		}
	})
	t.Run("concurrent", func(t *testing.T) {
		installer, cases := make(t)
		s := openStore(t)
		specs := [8]*find.Spec{}
		var wg sync.WaitGroup
		for i := range specs {
			wg.Go(func() {
				release, err := installer.Resolve(t.Context(), new(install.Session), parse(t, cases.Found[0]))
				if err == nil {
					specs[i], err = installer.Install(t.Context(), &install.Session{Store: s}, release)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, spec := range specs {
			if spec != nil && specs[0] != nil && spec.Source.Hash != specs[0].Source.Hash {
				t.Errorf("two answers: %s and %s", spec.Source.Hash, specs[0].Source.Hash)
			}
		}
	})
}

func resolve(t *testing.T, installer install.Installer, name string) *install.Release {
	t.Helper()
	release, err := installer.Resolve(t.Context(), new(install.Session), parse(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if release.Version == "" || release.Module == "" || release.Why == "" || release.Origin == "" || release.Name.String() != name {
		t.Errorf("%s: incomplete release %+v", name, release)
	}
	return release
}

func checkInstalled(t *testing.T, s *store.Store, name string, spec *find.Spec) {
	t.Helper()
	if spec.Name == "" || spec.Version == "" || spec.Why == "" || spec.Origin == "" || spec.Source.Hash == "" || spec.Source.FS == nil {
		t.Errorf("%s: incomplete spec %+v", name, spec)
	}
	if !strings.HasPrefix(spec.Source.Dir, s.Dir()) {
		t.Errorf("%s: %s is not in the store", name, spec.Source.Dir)
	}
	if fi, err := os.Stat(spec.Source.Dir); err != nil || !fi.IsDir() {
		t.Errorf("%s: %s: %v", name, spec.Source.Dir, err)
	}
	if spec.Source.Kind == find.KindGo && (spec.Source.Go == nil || spec.Source.Go.ImportPath == "" || spec.Source.Go.ModCache == "") {
		t.Errorf("%s: incomplete Go source %+v", name, spec.Source.Go)
	}
	for _, m := range spec.BuildList {
		if m.Path == "" || m.Version == "" || m.Sum == "" {
			t.Errorf("%s: incomplete module %+v in the build list", name, m)
		}
	}
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(TempDir(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TempDir is [testing.T.TempDir] for a store: it can be removed although modules in it are
// read-only.
func TempDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { makeWritable(dir) })
	return dir
}
