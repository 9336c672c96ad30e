package load_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
)

// last is the newest instance.
func (w *world) last() *instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.instances[len(w.instances)-1]
}

// TestCrashedImport: once a module that crashed is loaded anew, so is what imported it, directly or
// not, and nothing else.
func TestCrashedImport(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"base": {}, "user": {imports: []string{"base"}}, "top": {imports: []string{"user"}}, "other": {}}}
	l := newLoader(t, w)
	base := mustLoad(t, l, "base")
	crashing := w.last()
	user, top, other := mustLoad(t, l, "user"), mustLoad(t, l, "top"), mustLoad(t, l, "other")
	crashing.kill("killed")
	assert.NotSame(t, base, mustLoad(t, l, "base"))
	assert.NotSame(t, user, mustLoad(t, l, "user"))
	assert.NotSame(t, top, mustLoad(t, l, "top"))
	assert.Same(t, other, mustLoad(t, l, "other"))
	require.Eventually(t, func() bool { return w.live() == 4 }, 30*time.Second, time.Millisecond, "the end of the old instances")
}

// TestImportCrashesMeanwhile: a module whose import crashed while it was loaded is loaded anew at
// its next use.
func TestImportCrashesMeanwhile(t *testing.T) {
	t.Parallel()
	w := &world{}
	w.modules = map[string]fake{
		"base": {}, "killer": {open: func(context.Context) error { w.last().kill("killed"); return nil }},
		"user": {imports: []string{"base", "killer"}},
	}
	l := newLoader(t, w)
	user := mustLoad(t, l, "user")
	assert.NotSame(t, user, mustLoad(t, l, "user"))
}

// TestReloadImportsWhatCrashes: where an import of the new instance crashes while that is loaded,
// the old one stays and the reload tells the crash.
func TestReloadImportsWhatCrashes(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"base": {}, "user": {}}}
	l := newLoader(t, w)
	mustLoad(t, l, "base")
	base := w.last()
	user := mustLoad(t, l, "user")
	w.modules["user"] = fake{imports: []string{"base", "killer"}}
	w.modules["killer"] = fake{open: func(context.Context) error { base.kill("killed"); return nil }}
	_, err := l.Reload(t.Context(), "user")
	var failed *load.ReloadError
	require.ErrorAs(t, err, &failed)
	assert.ErrorIs(t, err, load.ErrCrashed)
	assert.Same(t, user, mustLoad(t, l, "user"))
}

// TestReloadOfWhatCrashes: what crashes whenever it has been started takes no place, and is not
// started again and again.
func TestReloadOfWhatCrashes(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"base": {}, "user": {imports: []string{"base"}}}}
	l := newLoader(t, w)
	base, user := mustLoad(t, l, "base"), mustLoad(t, l, "user")
	crash := load.Check(func(context.Context, *load.Module) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, in := range w.instances[2:] {
			in.kill("exit status 7")
		}
		return nil
	})
	for _, name := range []string{"base", "user"} {
		_, err := l.Reload(t.Context(), name, crash)
		var failed *load.ReloadError
		require.ErrorAs(t, err, &failed, name)
		assert.ErrorIs(t, err, load.ErrCrashed, name)
		assert.Same(t, base, mustLoad(t, l, "base"))
		assert.Same(t, user, mustLoad(t, l, "user"))
	}
	assert.Equal(t, 2, w.opens("base@"))
	assert.Equal(t, 3, w.opens("user@"))
}
