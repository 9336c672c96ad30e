package standard_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
)

// TestCallOfUnloaded: a function without an error result that outlives its module panics with an
// error that names the module, and the function, and what would have followed it.
func TestCallOfUnloaded(t *testing.T) {
	t.Parallel()
	for engineName, file := range map[string][2]string{
		"goprocess": {"p.go", "package p\n\nfunc Add(a, b int) int { return a + b }\n"},
		"gowasm":    {"p.go", "package p\n\nfunc Add(a, b int) int { return a + b }\n"},
		"starlark":  {"init.star", "def Add(a, b): return a + b\n"},
	} {
		t.Run(engineName, func(t *testing.T) {
			t.Parallel()
			l := gardenLoader(t, load.Config{Engine: engineName})
			dir := t.TempDir()
			replace(t, filepath.Join(dir, file[0]), file[1])
			m, err := l.Load(t.Context(), dir)
			require.NoError(t, err)
			add, err := load.Func[func(int, int) int](m, "Add")
			require.NoError(t, err)
			tried, err := load.Func[func(int, int) (int, error)](m, "Add")
			require.NoError(t, err)
			ref := load.Lazy[func(int, int) int](l, dir, "Add")
			require.Equal(t, 3, add(1, 2))
			_, err = l.Unload(t.Context(), dir)
			require.NoError(t, err)

			var panicked error
			func() {
				defer func() { panicked, _ = recover().(error) }()
				add(1, 2)
			}()
			require.ErrorIs(t, panicked, engine.ErrUnloaded)
			assert.ErrorContains(t, panicked, "Add of "+m.Name()+": module is unloaded")
			assert.ErrorContains(t, panicked, "load.Lazy")
			_, err = tried(1, 2)
			assert.ErrorIs(t, err, engine.ErrUnloaded)
			assert.Equal(t, 3, ref.Get()(1, 2), "a Ref follows it")
		})
	}
}
