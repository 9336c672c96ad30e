package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReplace: only what lies between the markers is written anew, and again.
func TestReplace(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(file, []byte("a\n<!-- begin calls -->\nold\n<!-- end calls -->\nz\n"), 0o600))
	for _, text := range []string{"new\n", "newer\n"} {
		require.NoError(t, replace(file, "calls", text))
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, "a\n<!-- begin calls -->\n"+text+"<!-- end calls -->\nz\n", string(data))
	}
	assert.Error(t, replace(file, "requests", "new\n"))
}

// TestMarkers: the files that are written have their markers.
func TestMarkers(t *testing.T) {
	t.Parallel()
	for file, name := range written {
		data, err := os.ReadFile(filepath.Join("..", file))
		require.NoError(t, err)
		assert.Regexp(t, `(?s)<!-- begin `+name+` -->\n.*<!-- end `+name+` -->`, string(data))
	}
}

func TestSpell(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "under 1 ns", 7: "7 ns", 2500: "2.5 µs", 84 * time.Microsecond: "84 µs", 3200 * time.Microsecond: "3.2 ms", 1500 * time.Millisecond: "1.5 s",
	} {
		assert.Equal(t, want, spell(d))
	}
}
