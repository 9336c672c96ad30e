package notify_test

import (
	"context"
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
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/notify"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// garden is a directory of scripts whose loader watches it.
type garden struct {
	*load.Loader
	dir string

	events loadtest.Events
	told   func(event.Event) // is called with each event; nil for nothing
}

// newGarden returns one that is watched.
func newGarden(t *testing.T, files map[string]string) *garden {
	t.Helper()
	g := plant(t, files, notify.New)
	require.NoError(t, g.Watch(t.Context()))
	return g
}

func plant(t *testing.T, files map[string]string, notifier func(func(string)) (load.Notifier, error)) *garden {
	t.Helper()
	g := &garden{dir: filepath.Join(t.TempDir(), "garden")}
	for name, text := range files {
		g.write(t, name, text)
	}
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	g.Loader, err = load.New(load.Config{
		Path: find.Path{dir.New(g.dir), dir.New(".")}, Engines: []engine.Engine{starlark.New(starlark.Config{})}, Store: s, Notify: notifier,
		Events: g.sink,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, g.Close(context.Background()))
	})
	return g
}

func (g *garden) sink(e event.Event) {
	g.events.Sink(e)
	if g.told != nil {
		g.told(e)
	}
}

// write replaces a file at once, as editors do.
func (g *garden) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(g.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file+".new", []byte(text), 0o600))
	require.NoError(t, os.Rename(file+".new", file))
}

// value reads the variable X of a module, or returns -1.
func (g *garden) value(t *testing.T, name string) int {
	t.Helper()
	m, err := g.Load(t.Context(), name)
	require.NoError(t, err)
	x, err := load.Value[int](m, "X")
	if err != nil {
		return -1
	}
	return x
}

// kept returns the error of the last reload that failed, or "".
func (g *garden) kept() string {
	text := ""
	for _, e := range g.events.All() {
		switch e := e.(type) {
		case event.Kept:
			text = e.String()
		case event.Reloaded:
			text = ""
		}
	}
	return text
}

// reloads counts those of a module that were told.
func (g *garden) reloads(name string) int {
	n := 0
	for _, r := range loadtest.EventsOf[event.Reloaded](&g.events) {
		if filepath.Base(r.Name) == name+".star" {
			n++
		}
	}
	return n
}

// settle returns when what was written before has been looked at: reloads follow each other, and
// so do their events.
func (g *garden) settle(t *testing.T, marker string) {
	t.Helper()
	before := g.reloads(marker)
	g.write(t, marker+".star", fmt.Sprint("X = ", before+1))
	require.Eventually(t, func() bool { return g.reloads(marker) > before }, 30*time.Second, time.Millisecond, "the marker")
}

func TestWatch(t *testing.T) {
	t.Parallel()
	g := newGarden(t, map[string]string{"a.star": "X = 1", "b.star": "load('./a.star', A = 'X')\nX = A * 10", "c.star": "X = 5"})
	require.Equal(t, 10, g.value(t, "b"))
	require.Equal(t, 5, g.value(t, "c"))
	c, _ := g.Load(t.Context(), "c")
	g.write(t, "a.star", "X = 2")
	require.Eventually(t, func() bool { return g.value(t, "b") == 20 && g.value(t, "a") == 2 }, 30*time.Second, time.Millisecond, "what imports the file that changed")

	g.write(t, "a.star", "X = ")
	require.Eventually(t, func() bool { return g.kept() != "" }, 30*time.Second, time.Millisecond, "the failure")
	file := filepath.Join(g.dir, "a.star")
	got := g.kept()
	assert.Truef(t, strings.HasPrefix(got, "reload "+file+": "), "kept: %s", got)
	assert.Truef(t, strings.HasSuffix(got, "\n\tthe module that runs stays"), "kept: %s", got)
	assert.Equal(t, 20, g.value(t, "b"), "the module that ran is gone")
	g.write(t, "a.star", "X = 3\nY = 1")
	g.write(t, "b.star", "load('./a.star', A = 'X', B = 'Y')\nX = A * 10 + B")
	require.Eventually(t, func() bool { return g.value(t, "b") == 31 }, 30*time.Second, time.Millisecond, "files that changed together")
	now, _ := g.Load(t.Context(), "c")
	assert.Same(t, c, now, "a module whose file did not change was reloaded")
}

// A file that is written again with the same contents reloads nothing; of many changes the last one
// counts.
func TestManyChanges(t *testing.T) {
	t.Parallel()
	g := newGarden(t, map[string]string{"a.star": "X = 0", "marker.star": "X = 0"})
	g.value(t, "a")
	g.value(t, "marker")
	for i := range 10_000 {
		g.write(t, "a.star", fmt.Sprint("X = ", i+1))
	}
	require.Eventually(t, func() bool { return g.value(t, "a") == 10_000 }, 30*time.Second, time.Millisecond, "the last change")
	g.settle(t, "marker")
	reloads := g.reloads("a")
	assert.LessOrEqual(t, reloads, 1_000)
	g.write(t, "a.star", "X = 10000")
	g.write(t, "other.star", "")
	g.settle(t, "marker")
	assert.Equal(t, reloads, g.reloads("a"), "reloads without a change")
}

// A directory that vanishes is told, and followed when it is there again.
func TestDirectoryVanishes(t *testing.T) {
	t.Parallel()
	g := newGarden(t, map[string]string{"rules/init.star": "X = 1"})
	require.Equal(t, 1, g.value(t, "rules"))
	require.NoError(t, os.RemoveAll(g.dir))
	require.Eventually(t, func() bool { return strings.Contains(g.kept(), "not found") }, 30*time.Second, time.Millisecond, "the failure")
	assert.Equal(t, 1, g.value(t, "rules"), "the module that ran is gone")
	g.write(t, "rules/init.star", "X = 2")
	require.Eventually(t, func() bool { return g.value(t, "rules") == 2 }, 30*time.Second, time.Millisecond, "the new directory")
	g.write(t, "rules/init.star", "X = 3")
	require.Eventually(t, func() bool { return g.value(t, "rules") == 3 }, 30*time.Second, time.Millisecond, "a change in the new directory")
}

// A directory that is made anew before it is watched again has changed.
func TestDirectoryMadeAnew(t *testing.T) {
	t.Parallel()
	g := plant(t, map[string]string{"rules/init.star": "X = 1"}, notify.New)
	var once sync.Once
	g.told = func(e event.Event) {
		if _, kept := e.(event.Kept); kept { // the watcher waits until this returns
			once.Do(func() { g.write(t, "rules/init.star", "X = 3") })
		}
	}
	require.NoError(t, g.Watch(t.Context()))
	require.Equal(t, 1, g.value(t, "rules"))
	g.write(t, "rules/init.star", "X = 2")
	require.Eventually(t, func() bool { return g.value(t, "rules") == 2 }, 30*time.Second, time.Millisecond, "the first directory")
	require.NoError(t, os.RemoveAll(g.dir))
	require.Eventually(t, func() bool { return g.value(t, "rules") == 3 }, 30*time.Second, time.Millisecond, "the new directory")
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
	require.NoError(t, g.Watch(t.Context()))
	require.Equal(t, 1, g.value(t, "rules"))
	require.Eventually(t, func() bool { return strings.Contains(g.kept(), "not found") }, 30*time.Second, time.Millisecond, "the failure")
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	g := newGarden(t, map[string]string{"a.star": "X = 1"})
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, g.Watch(ctx))
	cancel()
	require.NoError(t, g.Close(t.Context()))
	assert.ErrorIs(t, g.Watch(t.Context()), load.ErrClosed)
	l, err := load.New(load.Config{})
	require.NoError(t, err)
	var config *load.ConfigError
	err = l.Watch(t.Context())
	require.ErrorAs(t, err, &config)
	assert.Equal(t, "Config.Notify: there is nothing that tells of changes; set it to notify.New", err.Error())
}
