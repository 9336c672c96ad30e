package standard_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNoShadow: someone who can write to the current directory cannot take the place of what the
// program registered, nor of what it finds there by another name.
func TestNoShadow(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"rules/init.star", "rules.star", "rules/rules.go", "load.policy", ".git/config"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte("x = 'evil'\n"), 0o600))
	}
	s, err := store.Open(loadtest.TempDir(t))
	require.NoError(t, err)
	l, err := standard.New(load.Config{Store: s})
	require.NoError(t, err)
	defer l.Close(context.Background())
	require.NoError(t, l.Register("rules", map[string]any{"x": "good"}))
	m, err := l.Load(t.Context(), "rules")
	require.NoError(t, err)
	x, err := load.Value[string](m, "x")
	assert.Equal(t, "good", x)
	assert.NoError(t, err)
}
