package load_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
)

const (
	sumA = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	sumB = "h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
)

// depot is an installer whose registry can change.
type depot struct {
	mu      sync.Mutex
	version string
	sum     string
	extra   []find.ModuleVersion
	down    error
	asked   int
	last    *install.Release
}

func (d *depot) String() string { return "depot" }

func (d *depot) Claims(name find.Name) bool { return strings.HasPrefix(name.Target, "depot.com/") }

func (d *depot) Resolve(_ context.Context, _ *install.Session, name find.Name) (*install.Release, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.down != nil {
		return nil, d.down
	}
	return &install.Release{Name: name, Package: name.Target, Module: name.Target, Version: d.version, Origin: "depot"}, nil
}

func (d *depot) Install(_ context.Context, _ *install.Session, r *install.Release) (*load.Spec, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = r
	return &load.Spec{
		Name: r.Package, Module: r.Module, Version: r.Version, Origin: "depot", Source: find.Source{Kind: "fake", Hash: "fake:x"},
		BuildList: append([]find.ModuleVersion{{Path: r.Module, Version: r.Version, Sum: d.sum}}, d.extra...),
	}, nil
}

func lockLoader(t *testing.T, d *depot, path string, change ...func(*load.Config)) *load.Loader {
	t.Helper()
	config := load.Config{Installers: []install.Installer{d}, Store: openStore(t), LockFile: path}
	for _, f := range change {
		f(&config)
	}
	l, err := load.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func frozen(c *load.Config) { c.Frozen = true }

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	d := &depot{version: "v1.0.0", sum: sumA}
	l := lockLoader(t, d, path)
	if _, err := l.Locks().Add(t.Context(), "depot.com/a"); err != nil {
		t.Fatal(err)
	}
	// The registry moves on; what is locked does not, and the installer is told the sums.
	d.version = "v1.1.0"
	spec, err := l.Locks().Add(t.Context(), "depot.com/a")
	if err != nil || spec.Version != "v1.0.0" || d.asked != 1 {
		t.Fatalf("got %+v, %v after %d questions", spec, err, d.asked)
	}
	if want := []find.ModuleVersion{{Path: "depot.com/a", Version: "v1.0.0", Sum: sumA}}; !slices.Equal(d.last.BuildList, want) || d.last.Sum != sumA {
		t.Errorf("promised %+v", d.last)
	}
	outdated, err := l.Locks().Outdated(t.Context())
	if err != nil || len(outdated) != 1 || outdated[0].Locked != "v1.0.0" || outdated[0].Latest != "v1.1.0" {
		t.Errorf("got %+v, %v", outdated, err)
	}
	// A source that changed under its version is refused with both sums.
	d.sum = sumB
	_, err = l.Locks().Add(t.Context(), "depot.com/a")
	wantError(t, err, "load depot.com/a: checksum mismatch for depot.com/a@v1.0.0\n\tdownloaded: "+sumB+"\n\tload.lock: "+sumA+
		"\n\tsomebody changed a published version, or load.lock is wrong; find out which before you remove the line")
	d.sum = sumA
	// A further module is one of another system, unless the file is frozen.
	d.extra = []find.ModuleVersion{{Path: "depot.com/b", Version: "v0.1.0", Sum: sumB}}
	_, err = lockLoader(t, d, path, frozen).Locks().Add(t.Context(), "depot.com/a")
	wantError(t, err, "load depot.com/a: the module depot.com/b@v0.1.0, which it needs on this system, is not in load.lock (Config.Frozen)\n"+
		"\trun `load lock depot.com/a` without it, and review the change")
	if _, err := l.Locks().Add(t.Context(), "depot.com/a"); err != nil {
		t.Fatal(err)
	}
	d.extra[0].Version = "v0.2.0"
	_, err = l.Locks().Add(t.Context(), "depot.com/a")
	wantError(t, err, "load depot.com/a: load.lock has depot.com/b@v0.1.0, and the build needs v0.2.0\n"+
		"\trun `load upgrade depot.com/a` to lock what is needed now")
	spec, from, err := l.Locks().Upgrade(t.Context(), "depot.com/a")
	if err != nil || from != "v1.0.0" || spec.Version != "v1.1.0" {
		t.Fatalf("got %+v from %s, %v", spec, from, err)
	}
	data, err := os.ReadFile(path)
	if want := "load.lock 1\ndepot.com/a at v1.1.0 depot depot.com/a -\ndepot.com/a needs depot.com/a v1.1.0 " + sumA +
		"\ndepot.com/a needs depot.com/b v0.2.0 " + sumB + "\n"; err != nil || string(data) != want {
		t.Errorf("got\n%s%v\nwant\n%s", data, err, want)
	}
	// Its form is checked each time it changes on disk.
	if err := os.WriteFile(path, append(data, "<<<<<<< HEAD\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = l.Locks().Add(t.Context(), "depot.com/a")
	var syntax *lockfile.SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 5 {
		t.Errorf("got %v", err)
	}
}

// A lock file made by another installer's module does not lead to this one's of the same name.
func TestLockOrigin(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	if err := os.WriteFile(path, []byte("load.lock 1\ndepot.com/a at v1.0.0 company depot.com/a -\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := lockLoader(t, &depot{version: "v1.0.0", sum: sumA}, path).Locks().Add(t.Context(), "depot.com/a")
	wantError(t, err, "load depot.com/a: it is locked as a module of company, and would be installed by depot (load.lock)\n"+
		"\tset up company in Config.Installers, or run `load upgrade depot.com/a`")
}

// Processes that lock at a time lose nothing of each other, and agree about a name.
func TestLockTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	s := openStore(t)
	var wg sync.WaitGroup
	specs := make([]*load.Spec, 8)
	for i := range specs {
		wg.Go(func() {
			d := &depot{version: fmt.Sprintf("v1.%d.0", i), sum: sumA}
			l, err := load.New(load.Config{Installers: []install.Installer{d}, Store: s, LockFile: path})
			if err == nil {
				_, err = l.Locks().Add(context.Background(), fmt.Sprintf("depot.com/m%d", i))
			}
			if err == nil {
				specs[i], err = l.Locks().Add(context.Background(), "depot.com/shared")
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	file, err := lockfile.Read(path)
	if err != nil || file.Len() != 9 {
		t.Fatalf("%d entries, %v", file.Len(), err)
	}
	shared, _ := file.Entry("depot.com/shared")
	for _, spec := range specs {
		if spec != nil && spec.Version != shared.Version {
			t.Errorf("one has %s, and the lock file %s", spec.Version, shared.Version)
		}
	}
}

func TestLockSettings(t *testing.T) {
	t.Parallel()
	d := &depot{version: "v1.0.0", sum: sumA}
	_, err := load.New(load.Config{Frozen: true})
	wantError(t, err, "Config.Frozen: there is no Config.LockFile")
	_, err = load.New(load.Config{Policies: []*policy.Policy{nil}})
	wantError(t, err, "Config.Policies: it holds a nil policy")
	_, err = lockLoader(t, d, "").Locks().Add(t.Context(), "depot.com/a")
	wantError(t, err, "load depot.com/a: Config.LockFile: there is no lock file")
	path := filepath.Join(t.TempDir(), "load.lock")
	_, _, err = lockLoader(t, d, path, frozen).Locks().Upgrade(t.Context(), "depot.com/a")
	wantError(t, err, "load depot.com/a: load.lock is not to be changed (Config.Frozen)\n\tset Config.Frozen to false")
	_, err = lockLoader(t, d, path, func(c *load.Config) { c.Offline = true }).Locks().Add(t.Context(), "depot.com/a")
	if !errors.Is(err, load.ErrOffline) || !errors.Is(err, load.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	d.down = &load.RegistryError{Reason: "403 Forbidden"}
	if _, err := lockLoader(t, d, path).Locks().Add(t.Context(), "depot.com/a"); errors.Is(err, load.ErrUnavailable) {
		t.Errorf("a refusal counts as unavailable: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a lock file was made: %v", err)
	}
	_, err = lockLoader(t, d, filepath.Join(t.TempDir(), "none", "load.lock")).Locks().Add(t.Context(), "depot.com/a")
	if err == nil {
		t.Error("no error")
	}
}

// A policy and an engine that cannot enforce it do not go together.
func TestGrantsNeedAnEngine(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"a": {}, "b": {}}}
	l := newLoader(t, w, func(c *load.Config) {
		c.Policies = []*policy.Policy{{
			Deny:      []string{"b"},
			Grants:    []policy.Grant{{Pattern: "a", Grants: policy.Grants{Network: true}}},
			Isolation: []string{"a"},
		}}
	})
	_, err := l.Load(t.Context(), "a")
	wantError(t, err, "load a: the engine fake cannot enforce it (Config.Policies: grant a network; Config.Policies: isolation a)\n\trun the module in another engine")
	_, err = l.Load(t.Context(), "b")
	wantError(t, err, "load b: b is denied (Config.Policies: deny b)")
}
