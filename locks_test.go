package load_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	config := load.Config{Installers: []install.Installer{d}, Store: loadtest.OpenStore(t), LockFile: path}
	for _, f := range change {
		f(&config)
	}
	l, err := load.New(config)
	require.NoError(t, err)
	return l
}

func frozen(c *load.Config) { c.Frozen = true }

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	d := &depot{version: "v1.0.0", sum: sumA}
	l := lockLoader(t, d, path)
	_, err := l.Locks().Add(t.Context(), "depot.com/a")
	require.NoError(t, err)
	// The registry moves on; what is locked does not, and the installer is told the sums.
	d.version = "v1.1.0"
	spec, err := l.Locks().Add(t.Context(), "depot.com/a")
	require.NoError(t, err)
	require.Equal(t, "v1.0.0", spec.Version)
	require.Equal(t, 1, d.asked)
	want := []find.ModuleVersion{{Path: "depot.com/a", Version: "v1.0.0", Sum: sumA}}
	assert.Equal(t, want, d.last.BuildList)
	assert.Equal(t, sumA, d.last.Sum)
	outdated, err := l.Locks().Outdated(t.Context())
	require.NoError(t, err)
	require.Len(t, outdated, 1)
	assert.Equal(t, "v1.0.0", outdated[0].Locked)
	assert.Equal(t, "v1.1.0", outdated[0].Latest)
	// A source that changed under its version is refused with both sums.
	d.sum = sumB
	_, err = l.Locks().Add(t.Context(), "depot.com/a")
	assert.EqualError(t, err, "load depot.com/a: checksum mismatch for depot.com/a@v1.0.0\n\tdownloaded: "+sumB+"\n\tload.lock: "+sumA+
		"\n\tsomebody changed a published version, or load.lock is wrong; find out which before you remove the line")
	d.sum = sumA
	// A further module is one of another system, unless the file is frozen.
	d.extra = []find.ModuleVersion{{Path: "depot.com/b", Version: "v0.1.0", Sum: sumB}}
	_, err = lockLoader(t, d, path, frozen).Locks().Add(t.Context(), "depot.com/a")
	assert.EqualError(t, err, "load depot.com/a: the module depot.com/b@v0.1.0, which it needs on this system, is not in load.lock (Config.Frozen)\n"+
		"\trun `load lock depot.com/a` without it, and review the change")
	_, err = l.Locks().Add(t.Context(), "depot.com/a")
	require.NoError(t, err)
	d.extra[0].Version = "v0.2.0"
	_, err = l.Locks().Add(t.Context(), "depot.com/a")
	assert.EqualError(t, err, "load depot.com/a: load.lock has depot.com/b@v0.1.0, and the build needs v0.2.0\n"+
		"\trun `load upgrade depot.com/a` to lock what is needed now")
	spec, from, err := l.Locks().Upgrade(t.Context(), "depot.com/a")
	require.NoError(t, err)
	require.Equal(t, "v1.0.0", from)
	require.Equal(t, "v1.1.0", spec.Version)
	data, err := os.ReadFile(path)
	if want := "load.lock 1\ndepot.com/a at v1.1.0 depot depot.com/a -\ndepot.com/a needs depot.com/a v1.1.0 " + sumA +
		"\ndepot.com/a needs depot.com/b v0.2.0 " + sumB + "\n"; err != nil || string(data) != want {
		t.Errorf("got\n%s%v\nwant\n%s", data, err, want)
	}
	// Its form is checked each time it changes on disk.
	require.NoError(t, os.WriteFile(path, append(data, "<<<<<<< HEAD\n"...), 0o644))
	_, err = l.Locks().Add(t.Context(), "depot.com/a")
	var syntax *lockfile.SyntaxError
	require.ErrorAs(t, err, &syntax)
	assert.Equal(t, 5, syntax.Line)
}

// A lock file made by another installer's module does not lead to this one's of the same name.
func TestLockOrigin(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	require.NoError(t, os.WriteFile(path, []byte("load.lock 1\ndepot.com/a at v1.0.0 company depot.com/a -\n"), 0o644))
	_, err := lockLoader(t, &depot{version: "v1.0.0", sum: sumA}, path).Locks().Add(t.Context(), "depot.com/a")
	assert.EqualError(t, err, "load depot.com/a: it is locked as a module of company, and would be installed by depot (load.lock)\n"+
		"\tset up company in Config.Installers, or run `load upgrade depot.com/a`")
}

// Processes that lock at a time lose nothing of each other, and agree about a name.
func TestLockTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	s := loadtest.OpenStore(t)
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
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	file, err := lockfile.Read(path)
	require.NoError(t, err)
	require.Equal(t, 9, file.Len())
	shared, _ := file.Entry("depot.com/shared")
	for _, spec := range specs {
		assert.Falsef(t, spec != nil && spec.Version != shared.Version, "one has %+v, and the lock file %+v", spec, shared)
	}
}

func TestLockSettings(t *testing.T) {
	t.Parallel()
	d := &depot{version: "v1.0.0", sum: sumA}
	_, err := load.New(load.Config{Frozen: true})
	assert.EqualError(t, err, "Config.Frozen: there is no Config.LockFile")
	_, err = load.New(load.Config{Policies: []*policy.Policy{nil}})
	assert.EqualError(t, err, "Config.Policies: it holds a nil policy")
	_, err = lockLoader(t, d, "").Locks().Add(t.Context(), "depot.com/a")
	assert.EqualError(t, err, "load depot.com/a: Config.LockFile: there is no lock file")
	path := filepath.Join(t.TempDir(), "load.lock")
	_, _, err = lockLoader(t, d, path, frozen).Locks().Upgrade(t.Context(), "depot.com/a")
	assert.EqualError(t, err, "load depot.com/a: load.lock is not to be changed (Config.Frozen)\n\tset Config.Frozen to false")
	_, err = lockLoader(t, d, path, func(c *load.Config) { c.Offline = true }).Locks().Add(t.Context(), "depot.com/a")
	assert.ErrorIs(t, err, load.ErrOffline)
	assert.ErrorIs(t, err, load.ErrUnavailable)
	d.down = &load.RegistryError{Reason: "403 Forbidden"}
	_, err = lockLoader(t, d, path).Locks().Add(t.Context(), "depot.com/a")
	assert.NotErrorIs(t, err, load.ErrUnavailable, "a refusal counts as unavailable")
	_, err = os.Stat(path)
	assert.ErrorIs(t, err, os.ErrNotExist, "a lock file was made")
	_, err = lockLoader(t, d, filepath.Join(t.TempDir(), "none", "load.lock")).Locks().Add(t.Context(), "depot.com/a")
	assert.Error(t, err)
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
	assert.EqualError(t, err, "load a: the engine fake cannot enforce it (Config.Policies: grant a network; Config.Policies: isolation a)\n\trun the module in another engine")
	_, err = l.Load(t.Context(), "b")
	assert.EqualError(t, err, "load b: b is denied (Config.Policies: deny b)")
}
