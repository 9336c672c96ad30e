package standard_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
)

// An import reads a module's variables, and the host may read them too: neither is a call of the
// module.
func TestReadsAreNoCalls(t *testing.T) {
	t.Parallel()
	const source = `package rates

var Low, High = 3, []string{"a"}

var Now = func() int { return Low }

const Max = 9

func Get() int { return Low }
`
	for _, engine := range []string{"goprocess", "gowasm"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l := gardenLoader(t, load.Config{})
			dir := t.TempDir()
			rates, script := filepath.Join(dir, "rates"), filepath.Join(dir, "price.star")
			replace(t, filepath.Join(rates, "rates.go"), source)
			replace(t, script, "load('fast', 'Low', 'High', 'Get', 'Now')\nload('host', Base = 'N')\nload('./base.star', 'f')\ndef price(): return Get() + Now() + Low + Base + f()\n")
			replace(t, filepath.Join(dir, "base.star"), "X = 1\ndef f(): return X\n")
			require.NoError(t, l.Register("host", map[string]any{"N": 4, "F": func() int { return 1 }}))
			m, err := l.Load(t.Context(), "fast="+rates, load.WithEngine(engine))
			require.NoError(t, err)
			_, err = l.Load(t.Context(), script)
			require.NoError(t, err)
			calls := func() map[string]int64 {
				all := make(map[string]int64)
				for _, m := range l.Info().Modules {
					all[filepath.Base(m.Name)] = m.Stats.Calls
				}
				return all
			}
			none := map[string]int64{"rates": 0, "price.star": 0, "host": 0, "base.star": 0}
			require.Equal(t, none, calls(), "after the imports")

			low, err := load.Value[int](m, "Low")
			require.NoError(t, err)
			require.Equal(t, 3, low)
			_, err = load.Value[[]string](m, "High")
			require.NoError(t, err)
			_, err = load.Value[int](m, "Max")
			require.NoError(t, err)
			require.NoError(t, m.Set(t.Context(), "Low", 5))
			require.Zero(t, m.Stats().Calls, "after reads and an assignment by the host")

			price, err := load.Lazy[func() (int, error)](l, script, "price").Load(t.Context())
			require.NoError(t, err)
			_, err = price()
			require.NoError(t, err)
			require.Equal(t, int64(1), calls()["price.star"])
			require.Equal(t, int64(2), m.Stats().Calls, "Get and Now")
		})
	}
}
