package load_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/require"
)

// shelf is a finder and an engine of one module, m, whose source changes. Each edition has its
// symbols; what runs is what was compiled.
type shelf struct {
	mu       sync.Mutex
	edition  string
	version  string
	editions map[string]plain
	running  []*plainInstance
	store    *store.Store
}

func (s *shelf) turn(edition, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edition, s.version = edition, version
}

func (s *shelf) Find(_ context.Context, name find.Name) (*load.Spec, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name.Target == "other" {
		return &load.Spec{Name: "other", Source: find.Source{Kind: "fake", Hash: "fake:one"}}, nil
	}
	if name.Target != "m" || name.Query != "" && name.Query != s.version {
		return nil, fmt.Errorf("%w: it is another one", load.ErrNotFound)
	}
	return &load.Spec{Name: "m", Version: s.version, Source: find.Source{Kind: "fake", Hash: "fake:" + s.edition}}, nil
}

func (s *shelf) Name() string { return "shelf" }

func (s *shelf) Accepts(find.Source) bool { return true }

func (s *shelf) Fingerprint() string { return "1" }

func (s *shelf) Compile(_ context.Context, src find.Source, dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	edition := strings.TrimPrefix(src.Hash, "fake:")
	if s.editions[edition] == nil {
		return &load.CompileError{Output: "it does not compile"}
	}
	return os.WriteFile(filepath.Join(dir, "edition"), []byte(edition), 0o644)
}

func (s *shelf) Open(_ context.Context, a engine.Artifact, _ engine.Importer) (engine.Instance, error) {
	edition, err := a.Files.ReadFile("edition")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in := &plainInstance{values: s.editions[string(edition)]}
	s.running = append(s.running, in)
	return in, nil
}

// live counts the instances that run.
func (s *shelf) live() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range s.running {
		if in.closed.Load() == 0 {
			n++
		}
	}
	return n
}

func (s *shelf) last() *plainInstance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[len(s.running)-1]
}

type edition = func() (string, error)

func is(name string) edition { return func() (string, error) { return name, nil } }

// newShelf makes a loader of a shelf whose editions are: one, with Make; two, with Make, too;
// renamed, without it; broken, which does not compile.
func newShelf(t *testing.T, change ...func(*load.Config)) (*shelf, *load.Loader, *loadtest.Events) {
	t.Helper()
	s, r := &shelf{edition: "one", store: loadtest.OpenStore(t)}, &loadtest.Events{}
	s.editions = map[string]plain{
		"one":     {"Make": is("one")},
		"two":     {"Make": is("two"), "More": is("two")},
		"renamed": {"Niew": is("renamed")},
		"typed":   {"Make": func(int) string { return "" }},
	}
	l := newLoader(t, &world{}, append(change, func(c *load.Config) {
		c.Path, c.Engines, c.Store, c.Events = find.Path{s}, []engine.Engine{s}, s.store, r.Sink
	})...)
	return s, l, r
}

// kept returns the errors of the events Kept.
func kept(events *loadtest.Events) (all []error) {
	for _, e := range loadtest.EventsOf[event.Kept](events) {
		all = append(all, e.Err)
	}
	return all
}

// endings are the ways in which a module goes without being asked to.
var endings = map[string]struct {
	config func(*load.Config)
	end    func(t *testing.T, s *shelf, l *load.Loader)
}{
	"crash": {func(*load.Config) {}, func(t *testing.T, s *shelf, l *load.Loader) { s.last().kill("killed") }},
	"idle": {func(c *load.Config) { c.IdleTimeout = 10 * time.Millisecond }, func(t *testing.T, s *shelf, l *load.Loader) {
		require.Eventually(t, func() bool { return len(names(l)) == 0 }, 30*time.Second, time.Millisecond, "the unload")
	}},
	"eviction": {func(c *load.Config) { c.MaxModules = 1 }, func(t *testing.T, s *shelf, l *load.Loader) {
		mustLoad(t, l, "other")
		require.Equal(t, []string{"other"}, names(l))
	}},
}

// Whatever ended a module, what comes after it has what the program uses, or else the module runs
// again as it was.
func TestNextLoadBindsWhatIsUsed(t *testing.T) {
	t.Parallel()
	uses := map[string]func(t *testing.T, l *load.Loader) edition{
		"Ref": func(t *testing.T, l *load.Loader) edition {
			r := load.Lazy[edition](l, "m", "Make")
			return func() (string, error) { return r.Get()() }
		},
		"LazyBind": func(t *testing.T, l *load.Loader) edition {
			api := &struct{ Make edition }{}
			require.NoError(t, l.LazyBind("m", api))
			return func() (string, error) { return api.Make() }
		},
		"Ref by an alias": func(t *testing.T, l *load.Loader) edition {
			require.NoError(t, l.Alias("alias", "m"))
			r := load.Lazy[edition](l, "alias", "Make")
			return func() (string, error) { return r.Get()() }
		},
		"Ref that was not used": nil,
	}
	changes := map[string]struct {
		edition, version, want string
		kept                   int
	}{
		"fits":                {"two", "", "two", 0},
		"the same":            {"one", "", "one", 0},
		"renamed":             {"renamed", "", "one", 1},
		"another type":        {"typed", "", "one", 1},
		"another version":     {"renamed", "v1.1.0", "one", 1},
		"a version that fits": {"two", "v1.1.0", "two", 0},
		"broken":              {"broken", "", "one", 1},
	}
	for ending, e := range endings {
		for use, f := range uses {
			for change, c := range changes {
				t.Run(ending+", "+use+", "+change, func(t *testing.T) {
					t.Parallel()
					s, l, r := newShelf(t, e.config)
					if c.version != "" {
						s.turn("one", "v1.0.0")
					}
					var call edition
					if f != nil {
						call = f(t, l)
						_, err := call()
						require.NoError(t, err)
					} else {
						call = uses["Ref"](t, l)
						mustLoad(t, l, "m")
					}
					s.turn(c.edition, c.version)
					e.end(t, s, l)
					got, err := call()
					require.NoError(t, err)
					require.Equal(t, c.want, got)
					require.Len(t, kept(r), c.kept)
					if c.kept > 0 && c.edition != "broken" {
						var lost *load.UnboundError
						require.ErrorAs(t, kept(r)[0], &lost)
						require.Len(t, lost.Lost, 1)
					}
					require.NoError(t, l.Close(t.Context()))
					require.Zero(t, s.live(), "what was tried is closed")
					runtime.KeepAlive(call)
				})
			}
		}
	}
}

// What the program does not follow, or what it asked to go, is no reason to keep what was.
func TestNextLoadTakesWhatItFinds(t *testing.T) {
	t.Parallel()
	crash := endings["crash"].end
	t.Run("without followers", func(t *testing.T) {
		t.Parallel()
		s, l, r := newShelf(t)
		mustLoad(t, l, "m")
		s.turn("renamed", "")
		crash(t, s, l)
		_, err := load.Func[edition](mustLoad(t, l, "m"), "Niew")
		require.NoError(t, err)
		require.Empty(t, kept(r))
	})
	t.Run("a follower of what neither has", func(t *testing.T) {
		t.Parallel()
		s, l, r := newShelf(t)
		ref := load.Lazy[edition](l, "m", "Never")
		mustLoad(t, l, "m")
		s.turn("renamed", "")
		crash(t, s, l)
		_, err := load.Func[edition](mustLoad(t, l, "m"), "Niew")
		require.NoError(t, err)
		require.Empty(t, kept(r))
		require.Equal(t, 1, s.live())
		runtime.KeepAlive(ref)
	})
	t.Run("a follower of the very version", func(t *testing.T) {
		t.Parallel()
		s, l, r := newShelf(t)
		s.turn("one", "v1.0.0")
		mustLoad(t, l, "m")
		ref := load.Lazy[edition](l, "m@v1.0.0", "Make")
		_, err := ref.Load(t.Context())
		require.NoError(t, err)
		s.turn("renamed", "v1.1.0")
		crash(t, s, l)
		_, err = load.Func[edition](mustLoad(t, l, "m"), "Niew")
		require.NoError(t, err)
		require.Empty(t, kept(r))
		runtime.KeepAlive(ref)
	})
	t.Run("an unload", func(t *testing.T) {
		t.Parallel()
		s, l, r := newShelf(t)
		ref := load.Lazy[edition](l, "m", "Make")
		s.turn("one", "")
		_, err := ref.Get()()
		require.NoError(t, err)
		s.turn("renamed", "")
		crash(t, s, l)
		got, err := ref.Get()()
		require.NoError(t, err)
		require.Equal(t, "one", got)
		require.Len(t, kept(r), 1)
		_, err = l.Unload(t.Context(), "m")
		require.NoError(t, err)
		_, err = ref.Get()()
		var symbol *load.SymbolError
		require.ErrorAs(t, err, &symbol)
		require.Len(t, kept(r), 1)
	})
}

// A former module is never compiled anew: its source may be another one by now.
func TestFormerModuleIsNotCompiledAnew(t *testing.T) {
	t.Parallel()
	s, l, r := newShelf(t)
	ref := load.Lazy[edition](l, "m", "Make")
	_, err := ref.Get()()
	require.NoError(t, err)
	s.turn("renamed", "")
	s.last().kill("killed")
	require.NoError(t, os.RemoveAll(filepath.Join(s.store.Dir(), "obj")))
	require.NoError(t, os.Mkdir(filepath.Join(s.store.Dir(), "obj"), 0o755))
	_, err = ref.Get()()
	var lost *load.UnboundError
	require.ErrorAs(t, err, &lost)
	require.ErrorContains(t, err, "m has no symbol Make")
	require.ErrorContains(t, err, "what ran before cannot be started again: its artifact is gone from the store")
	require.Empty(t, kept(r))
	s.turn("two", "") // and where it fits again, it runs
	got, err := ref.Get()()
	require.NoError(t, err)
	require.Equal(t, "two", got)
}
