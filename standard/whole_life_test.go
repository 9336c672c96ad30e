package standard_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gardenLoader makes a loader of everything that package standard has, which can install nothing,
// with a store of its own if the configuration has none.
func gardenLoader(t testing.TB, config load.Config) *load.Loader {
	t.Helper()
	if config.NoInstall = true; config.Store == nil {
		config.Store = loadtest.OpenStore(t)
	}
	l, err := standard.New(config)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, l.Close(context.Background()))
	})
	return l
}

// replace writes a file at once.
func replace(t testing.TB, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file+".new", []byte(text), 0o600))
	require.NoError(t, os.Rename(file+".new", file))
}

// TestReloadOfAGoPackage: a reference follows, an object of the old instance does not, and source
// that is broken or gone changes nothing.
func TestReloadOfAGoPackage(t *testing.T) {
	t.Parallel()
	l := gardenLoader(t, load.Config{})
	dir := t.TempDir()
	file := filepath.Join(dir, "hello.go")
	source := func(n int) string {
		return fmt.Sprintf("package hello\n\ntype T struct{ n int }\n\nfunc (t *T) N() int { return t.n }\n\nfunc New() *T { return &T{%d} }\n\nfunc N() int { return %d }\n", n, n)
	}
	replace(t, file, source(1))
	ref := load.Lazy[func() (int, error)](l, dir, "N")
	n, err := ref.Get()()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	old, err := l.Load(t.Context(), dir)
	require.NoError(t, err)
	made, err := old.Call(t.Context(), "New")
	require.NoError(t, err)
	object := made[0].(*load.Object)

	replace(t, file, source(2))
	_, err = l.Reload(t.Context(), dir, load.Check(func(ctx context.Context, m *load.Module) error {
		n, err := m.Call(ctx, "N")
		if err == nil && n[0] != 2 {
			err = fmt.Errorf("N is %v", n[0])
		}
		return err
	}))
	require.NoError(t, err)
	n, err = ref.Get()()
	assert.Equal(t, 2, n)
	assert.NoError(t, err)
	for { // the old instance takes calls for a moment
		if _, err := object.Call(t.Context(), "N"); err != nil {
			assert.ErrorIs(t, err, load.ErrUnloaded, "an object of the old instance")
			break
		}
	}

	replace(t, file, "package hello\n\nfunc N() int { return x }\n")
	_, err = l.Reload(t.Context(), dir)
	assert.EqualError(t, err, "reload "+dir+": it does not compile\n\t"+file+":3:23: undefined: x\n\tthe module that runs stays")
	require.NoError(t, os.RemoveAll(dir))
	_, err = l.Reload(t.Context(), dir)
	var reload *load.ReloadError
	assert.ErrorIs(t, err, load.ErrNotFound, "source that is gone")
	assert.ErrorAs(t, err, &reload, "source that is gone")
	n, err = ref.Get()()
	assert.Equal(t, 2, n)
	assert.NoError(t, err)
}

// TestLimitsOfCalls: a call may take only so long, in whichever engine.
func TestLimitsOfCalls(t *testing.T) {
	t.Parallel()
	l := gardenLoader(t, load.Config{Limits: func(*load.Spec) load.Limits { return load.Limits{CallTime: 50 * time.Millisecond, Memory: 1 << 30} }})
	dir := t.TempDir()
	replace(t, filepath.Join(dir, "slow", "slow.go"), "package slow\n\nfunc Slow() { select {} }\n\nfunc Quick() int { return 1 }\n")
	replace(t, filepath.Join(dir, "slow.star"), "def Slow():\n\twhile True: pass\ndef Quick(): return 1\n")
	for _, name := range []string{filepath.Join(dir, "slow"), filepath.Join(dir, "slow.star")} {
		m, err := l.Load(t.Context(), name)
		require.NoError(t, err)
		_, err = m.Call(t.Context(), "Slow")
		var limit *load.LimitError
		require.ErrorAs(t, err, &limit, name)
		assert.Equal(t, m.Name()+": Slow took more than 50ms", limit.Reason)
		_, err = m.Call(t.Context(), "Quick")
		assert.NoError(t, err)
		s := m.Stats()
		assert.Equalf(t, int64(2), s.Calls, "%s: %+v", name, s)
		assert.Equalf(t, int64(1), s.Errors, "%s: %+v", name, s)
		assert.NotZerof(t, s.Artifact, "%s: %+v", name, s)
		assert.Falsef(t, runtime.GOOS == "linux" && strings.HasSuffix(name, "slow") && (s.Memory.Now < 1<<20 || s.Memory.Peak < s.Memory.Now), "%s: %+v", name, s)
	}
}

// TestRounds: thousands of loads and unloads leave the host as it was.
func TestRounds(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	l := gardenLoader(t, load.Config{})
	file := filepath.Join(t.TempDir(), "rules.star")
	replace(t, file, "def Greet(name): return 'hello, ' + name\n")
	require.NoError(t, l.Register("greet", map[string]any{"Greet": strings.ToUpper}))
	rounds := 5_000 // of each
	if testing.Short() {
		rounds = 500
	}
	var start, inUse float64
	for i := range rounds {
		for _, name := range []string{"greet", file} {
			m, err := l.Load(t.Context(), name)
			require.NoError(t, err)
			_, err = m.Call(t.Context(), "Greet", "you")
			require.NoError(t, err)
			_, err = l.Unload(t.Context(), name)
			require.NoError(t, err)
		}
		if i == rounds/10 {
			start, _ = residentOfAll()
			inUse = goMemory()
		}
	}
	end, err := residentOfAll()
	require.NoError(t, err)
	const mebibyte = 1 << 20
	t.Logf("%d rounds: resident from %.1f to %.1f MiB, in use from %.2f to %.2f MiB", 2*rounds, start/mebibyte, end/mebibyte, inUse/mebibyte, goMemory()/mebibyte)
	// The race detector keeps memory of its own, so that only what Go uses can be judged.
	grown := goMemory() - inUse
	assert.LessOrEqualf(t, grown, float64(mebibyte), "the host has grown by %.2f MiB", grown/mebibyte)
}

// goMemory is what heap and stacks hold after a collection, in bytes.
func goMemory() float64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapInuse + s.StackInuse)
}

// TestHammerLife loads, reloads, unloads, evicts, changes and calls the same modules at once, of
// every engine. LOAD_HAMMER sets how long, such as 2m.
func TestHammerLife(t *testing.T) {
	t.Parallel()
	long, err := time.ParseDuration(os.Getenv("LOAD_HAMMER"))
	if err != nil {
		long = 2 * time.Second
	}
	var reloaded, kept atomic.Int64
	l := gardenLoader(t, load.Config{MaxModules: 3, Events: func(e load.Event) {
		switch e.(type) {
		case event.Reloaded:
			reloaded.Add(1)
		case event.Kept:
			kept.Add(1)
		}
	}})
	dir := t.TempDir()
	star := func(n int) string {
		return fmt.Sprintf("load('host', 'Base')\ndef Get(): return Base() + %d\n", n)
	}
	names := []string{filepath.Join(dir, "a.star"), filepath.Join(dir, "b.star"), filepath.Join(dir, "get"), "host"}
	replace(t, names[0], star(1))
	replace(t, names[1], "load('./a.star', A = 'Get')\ndef Get(): return A()\n")
	replace(t, filepath.Join(names[2], "get.go"), "package get\n\nfunc Get() int { return 7 }\n")
	require.NoError(t, l.Register("host", map[string]any{"Base": func() int { return 100 }, "Get": func() int { return 100 }}))
	require.NoError(t, l.Watch(t.Context()))
	var calls atomic.Int64
	deadline := time.Now().Add(long)
	var wg sync.WaitGroup
	for g := range 6 {
		refs := make([]load.Ref[func(context.Context) (int, error)], len(names))
		for i, name := range names {
			refs[i] = load.Lazy[func(context.Context) (int, error)](l, name, "Get")
		}
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 5))
			for time.Now().Before(deadline) {
				i := random.IntN(len(names))
				switch random.IntN(20) {
				case 0:
					_, err := l.Unload(t.Context(), names[i])
					var inUse *load.InUseError
					assert.False(t, err != nil && !errors.Is(err, load.ErrNotLoaded) && !errors.As(err, &inUse), err)
				case 1:
					if _, err := l.Reload(t.Context(), names[i]); err != nil && !errors.Is(err, load.ErrNotLoaded) && !isChange(err) {
						t.Error(err)
					}
				case 2:
					replace(t, names[0]+fmt.Sprint(g), star(random.IntN(5))) // a name of its own, then at once
					assert.NoError(t, os.Rename(names[0]+fmt.Sprint(g), names[0]))
				default:
					n, err := refs[i].Get()(t.Context())
					if calls.Add(1); err != nil && !errors.Is(err, load.ErrUnloaded) && !isChange(err) {
						t.Error(err)
					}
					assert.Falsef(t, err == nil && n != 7 && (n < 100 || n > 105), "%s: %d", names[i], n)
				}
			}
		})
	}
	wg.Wait()

	// No reload was lost: what is written last is what runs in the end.
	replace(t, names[0], star(50))
	require.Eventually(t, func() bool {
		m, err := l.Load(t.Context(), names[0])
		if !assert.NoError(t, err) {
			return true
		}
		n, err := m.Call(t.Context(), "Get")
		return err == nil && fmt.Sprint(n[0]) == "150"
	}, time.Minute, time.Millisecond)
	t.Logf("%d calls, %d reloads, %d failed reloads", calls.Load(), reloaded.Load(), kept.Load())
}

// isChange reports whether a script changed between two looks at it.
func isChange(err error) bool {
	var compile *load.CompileError
	return errors.As(err, &compile) && compile.Reason == "it changed while it was loaded"
}
