package load_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/report"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unload unloads and fails the test where that is refused.
func unload(t testing.TB, l *load.Loader, name string, options ...load.UnloadOption) *report.Unload {
	t.Helper()
	report, err := l.Unload(t.Context(), name, options...)
	require.NoError(t, err)
	return report
}

// busy loads the module x, in which a call runs until release is closed; called gets its error.
func busy(t *testing.T) (w *world, l *load.Loader, m *load.Module, release chan struct{}, called <-chan error) {
	t.Helper()
	started, release := make(chan struct{}), make(chan struct{})
	w = &world{modules: map[string]fake{"x": {run: func() {
		close(started)
		<-release
	}}}}
	l = newLoader(t, w)
	m = mustLoad(t, l, "x")
	returned := make(chan error, 1)
	go func() { _, err := m.Call(context.Background(), "F"); returned <- err }()
	<-started
	return w, l, m, release, returned
}

func TestUnloadLetsCallsFinish(t *testing.T) {
	t.Parallel()
	w, l, m, release, called := busy(t)
	type answer struct {
		report *report.Unload
		err    error
	}
	unloaded := make(chan answer, 1)
	go func() {
		report, err := l.Unload(context.Background(), "x")
		unloaded <- answer{report, err}
	}()
	for len(names(l)) > 0 { // until it is taken out
	}
	_, err := m.Call(t.Context(), "F")
	assert.ErrorIs(t, err, load.ErrUnloaded, "a call during the unload")
	assert.Zero(t, w.instances[0].closed.Load(), "it was closed under a running call")
	close(release)
	err = <-called
	assert.NoError(t, err, "the call that ran")
	got := <-unloaded
	require.NoError(t, got.err)
	assert.Equal(t, int64(1<<20), got.report.Memory)
	assert.Zero(t, got.report.Interrupted)
	assert.Equal(t, int32(1), w.instances[0].closed.Load())
}

func TestUnloadCutsOff(t *testing.T) {
	t.Parallel()
	w, l, _, release, called := busy(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report, err := l.Unload(ctx, "x")
	assert.EqualError(t, err, "unload x: 1 running call cut off: context canceled")
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, report.Interrupted)
	assert.Equal(t, int32(1), w.instances[0].closed.Load())
	close(release)
	<-called
}

func TestUnloadOfAnImportedModule(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"app": {imports: []string{"lib"}, version: "v1.0.0"}, "tool": {imports: []string{"lib"}}, "lib": {}}}
	l := newLoader(t, w)
	mustLoad(t, l, "app")
	mustLoad(t, l, "tool")
	_, err := l.Unload(t.Context(), "lib")
	assert.EqualError(t, err, "unload lib: it is imported by app@v1.0.0, tool\n\tunload what imports it first, or pass load.Force()")
	var inUse *load.InUseError
	require.ErrorAs(t, err, &inUse)
	assert.Equal(t, []string{"app@v1.0.0", "tool"}, inUse.By)
	assert.Len(t, names(l), 3)
	unload(t, l, "tool")
	report := unload(t, l, "lib", load.Force())
	assert.Equal(t, []string{"app@v1.0.0"}, report.Importers)
	assert.Empty(t, names(l))
}

// What imported a module goes before it by force, directly or not; what is left of them lets
// running calls reach it. Nothing that is loaded or called afterwards meets the module that went.
func TestUnloadByForce(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}), make(chan struct{})
	var lib *load.Module
	var r loadtest.Events
	w := &world{modules: map[string]fake{
		"app": {imports: []string{"mid"}, run: func() {
			close(started)
			<-release
			_, err := lib.Call(context.Background(), "F")
			assert.NoError(t, err, "an import of a call that ran")
		}},
		"mid": {imports: []string{"lib"}}, "lib": {}, "other": {imports: []string{"third"}}, "third": {},
		"late": {imports: []string{"lib", "third"}},
	}}
	l := newLoader(t, w, func(c *load.Config) { c.Events = r.Sink })
	app, mid, other := mustLoad(t, l, "app"), mustLoad(t, l, "mid"), mustLoad(t, l, "other")
	lib = mustLoad(t, l, "lib")
	called := make(chan error, 1)
	go func() { _, err := app.Call(context.Background(), "F"); called <- err }()
	<-started
	type answer struct {
		report *report.Unload
		err    error
	}
	unloaded := make(chan answer, 1)
	go func() {
		report, err := l.Unload(context.Background(), "lib", load.Force())
		unloaded <- answer{report, err}
	}()
	for slices.Contains(names(l), "lib") { // until it is taken out
	}
	late := mustLoad(t, l, "late") // with a new lib
	close(release)
	got := <-unloaded
	require.NoError(t, errors.Join(<-called, got.err))
	assert.Equal(t, []string{"app", "mid"}, got.report.Importers)
	for _, m := range []*load.Module{app, mid, lib} {
		_, err := m.Call(t.Context(), "F")
		assert.ErrorIs(t, err, load.ErrUnloaded, m.Name())
	}
	var ended []string
	for _, u := range loadtest.EventsOf[event.Unloaded](&r) {
		ended = append(ended, u.Name+": "+u.Why)
	}
	assert.Equal(t, []string{"app: what it imports was unloaded", "mid: what it imports was unloaded", "lib: "}, ended)
	assert.Equal(t, []string{"late", "lib", "other", "third"}, names(l))
	assert.NotSame(t, mid, mustLoad(t, l, "mid"))
	assert.Equal(t, 2, w.opens("lib@"))
	for _, m := range []*load.Module{late, other} {
		_, err := m.Call(t.Context(), "F")
		assert.NoError(t, err, m.Name())
	}
}

// A module that is being loaded relies on what it has imported so far.
func TestUnloadDuringAnImport(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}), make(chan struct{})
	w := &world{modules: map[string]fake{
		"app":  {imports: []string{"lib", "slow"}},
		"lib":  {},
		"slow": {open: func(context.Context) error { close(started); <-release; return nil }},
	}}
	l := newLoader(t, w)
	loaded := make(chan error, 1)
	go func() { _, err := l.Load(context.Background(), "app"); loaded <- err }()
	<-started
	_, err := l.Unload(t.Context(), "lib")
	assert.EqualError(t, err, "unload lib: it is imported by app\n\tunload what imports it first, or pass load.Force()")
	close(release)
	assert.NoError(t, <-loaded)
}

// Close lets calls finish, and ends what imports a module before the module.
func TestCloseDrains(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}), make(chan struct{})
	var lib *load.Module
	w := &world{modules: map[string]fake{"app": {imports: []string{"lib"}, run: func() {
		close(started)
		<-release
		_, err := lib.Call(context.Background(), "F")
		assert.NoError(t, err, "the import of a running call")
	}}, "lib": {}}}
	var r loadtest.Events
	l := newLoader(t, w, func(c *load.Config) { c.Events = r.Sink })
	app := mustLoad(t, l, "app")
	lib = mustLoad(t, l, "lib")
	called := make(chan error, 1)
	go func() { _, err := app.Call(context.Background(), "F"); called <- err }()
	<-started
	closed := make(chan error, 1)
	go func() { closed <- l.Close(context.Background()) }()
	for len(names(l)) > 0 {
	}
	close(release)
	assert.NoError(t, errors.Join(<-called, <-closed, l.Close(t.Context())))
	var ended []string
	for _, u := range loadtest.EventsOf[event.Unloaded](&r) {
		ended = append(ended, u.Name)
	}
	assert.Equal(t, []string{"app", "lib"}, ended)
	_, err := l.Unload(t.Context(), "app")
	assert.EqualError(t, err, "unload app: loader is closed")
}

// counted is a reference that belongs to an instance.
type counted struct {
	ref
	in *instance
}

func (c *counted) Usage() *engine.Usage { return &c.in.usage }

func TestHeldObjects(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {}}}
	l := newLoader(t, w)
	mustLoad(t, l, "x")
	kept, dropped := engine.NewObject(&counted{in: w.instances[0]}), engine.NewObject(&counted{in: w.instances[0]})
	dropped.Close()
	report := unload(t, l, "x")
	require.Lenf(t, report.Objects, 1, "held %+v", report.Objects)
	assert.Equalf(t, "*semver.Version", report.Objects[0].Type, "held %+v", report.Objects)
	assert.Equalf(t, 1, report.Objects[0].Count, "held %+v", report.Objects)
	assert.Falsef(t, report.Objects[0].Since.IsZero(), "held %+v", report.Objects)
	runtime.KeepAlive(kept)
}
