package notify_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/notify"
	"github.com/loadgo/load/store"
)

// garden is a directory of scripts whose loader watches it.
type garden struct {
	*load.Loader
	dir string

	mu     sync.Mutex
	events []event.Event
}

// newGarden returns one that is watched.
func newGarden(t *testing.T, files map[string]string) *garden {
	t.Helper()
	g := plant(t, files, notify.New)
	if err := g.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g
}

func plant(t *testing.T, files map[string]string, notifier func(func(string)) (load.Notifier, error)) *garden {
	t.Helper()
	g := &garden{dir: filepath.Join(t.TempDir(), "garden")}
	for name, text := range files {
		g.write(t, name, text)
	}
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	g.Loader, err = load.New(load.Config{
		Path: find.Path{dir.New(g.dir), dir.New(".")}, Engines: []engine.Engine{starlark.New(starlark.Config{})}, Store: s, Notify: notifier,
		Events: func(e event.Event) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.events = append(g.events, e)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

// write replaces a file at once, as editors do.
func (g *garden) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(g.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// value reads the variable X of a module, or returns -1.
func (g *garden) value(t *testing.T, name string) int {
	t.Helper()
	m, err := g.Load(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	x, err := load.Value[int](m, "X")
	if err != nil {
		return -1
	}
	return x
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came: " + what)
		}
	}
}

// kept returns the error of the last reload that failed, or "".
func (g *garden) kept() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	text := ""
	for _, e := range g.events {
		switch e := e.(type) {
		case event.Kept:
			text = e.String()
		case event.Reloaded:
			text = ""
		}
	}
	return text
}

func (g *garden) reloads() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, e := range g.events {
		if _, ok := e.(event.Reloaded); ok {
			n++
		}
	}
	return n
}

func TestWatch(t *testing.T) {
	t.Parallel()
	g := newGarden(t, map[string]string{"a.star": "X = 1", "b.star": "load('./a.star', A = 'X')\nX = A * 10", "c.star": "X = 5"})
	if g.value(t, "b") != 10 || g.value(t, "c") != 5 {
		t.Fatal("the first values")
	}
	c, _ := g.Load(t.Context(), "c")
	g.write(t, "a.star", "X = 2")
	until(t, "what imports the file that changed", func() bool { return g.value(t, "b") == 20 && g.value(t, "a") == 2 })

	g.write(t, "a.star", "X = ")
	until(t, "the failure", func() bool { return g.kept() != "" })
	file := filepath.Join(g.dir, "a.star")
	if got := g.kept(); !strings.HasPrefix(got, "reload "+file+": ") || !strings.HasSuffix(got, "\n\tthe module that runs stays") {
		t.Errorf("kept: %s", got)
	}
	if g.value(t, "b") != 20 {
		t.Error("the module that ran is gone")
	}
	g.write(t, "a.star", "X = 3\nY = 1")
	g.write(t, "b.star", "load('./a.star', A = 'X', B = 'Y')\nX = A * 10 + B")
	until(t, "files that changed together", func() bool { return g.value(t, "b") == 31 })
	if now, _ := g.Load(t.Context(), "c"); now != c {
		t.Error("a module whose file did not change was reloaded")
	}
}

// A file that is written again with the same contents reloads nothing; of many changes the last one
// counts.
func TestManyChanges(t *testing.T) {
	t.Parallel()
	g := newGarden(t, map[string]string{"a.star": "X = 0"})
	g.value(t, "a")
	for i := range 10_000 {
		g.write(t, "a.star", fmt.Sprint("X = ", i+1))
	}
	until(t, "the last change", func() bool { return g.value(t, "a") == 10_000 })
	reloads := g.reloads()
	if reloads > 1_000 {
		t.Errorf("%d reloads of 10,000 changes", reloads)
	}
	g.write(t, "a.star", "X = 10000")
	g.write(t, "other.star", "")
	time.Sleep(300 * time.Millisecond) // long enough for a wrong reload to be seen now and then
	if n := g.reloads(); n != reloads {
		t.Errorf("%d reloads without a change", n-reloads)
	}
}

// A directory that vanishes is told, and followed when it is there again.
func TestDirectoryVanishes(t *testing.T) {
	t.Parallel()
	g := newGarden(t, map[string]string{"rules/init.star": "X = 1"})
	if g.value(t, "rules") != 1 {
		t.Fatal("the first value")
	}
	if err := os.RemoveAll(g.dir); err != nil {
		t.Fatal(err)
	}
	until(t, "the failure", func() bool { return strings.Contains(g.kept(), "not found") })
	if g.value(t, "rules") != 1 {
		t.Error("the module that ran is gone")
	}
	g.write(t, "rules/init.star", "X = 2")
	until(t, "the new directory", func() bool { return g.value(t, "rules") == 2 })
	g.write(t, "rules/init.star", "X = 3")
	until(t, "a change in the new directory", func() bool { return g.value(t, "rules") == 3 })
}

// late is a notifier whose first directory vanishes just before it looks at it.
type late struct {
	load.Notifier
	once *sync.Once
}

func (l late) Add(dir string) error {
	l.once.Do(func() { _ = os.RemoveAll(dir) })
	return l.Notifier.Add(dir)
}

// A directory that is gone before it can be watched has changed, too.
func TestDirectoryGone(t *testing.T) {
	t.Parallel()
	g := plant(t, map[string]string{"rules/init.star": "X = 1"}, func(changed func(string)) (load.Notifier, error) {
		n, err := notify.New(changed)
		return late{n, new(sync.Once)}, err
	})
	if err := g.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if g.value(t, "rules") != 1 {
		t.Fatal("the first value")
	}
	until(t, "the failure", func() bool { return strings.Contains(g.kept(), "not found") })
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	g := newGarden(t, map[string]string{"a.star": "X = 1"})
	ctx, cancel := context.WithCancel(t.Context())
	if err := g.Watch(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := g.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Watch(t.Context()); !errors.Is(err, load.ErrClosed) {
		t.Error(err)
	}
	l, err := load.New(load.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var config *load.ConfigError
	if err := l.Watch(t.Context()); !errors.As(err, &config) || err.Error() != "Config.Notify: there is nothing that tells of changes; set it to notify.New" {
		t.Error(err)
	}
}
