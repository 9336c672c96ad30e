package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
)

func TestBundle(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	l, err := standard.New(load.Config{})
	require.NoError(t, err)
	defer l.Close(t.Context())
	var prepared []*load.Prepared
	for _, name := range []string{"strings", "./rules"} {
		p, err := l.Prepare(t.Context(), name)
		require.NoError(t, err)
		prepared = append(prepared, p)
	}
	var b bytes.Buffer
	require.NoError(t, bundle.Write(&b, nil, prepared...))
	file := filepath.Join(t.TempDir(), "modules.tar")
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))

	for _, name := range []string{"LOAD_DIR", "HOME", "PATH"} {
		t.Setenv(name, "")
	}
	require.NoError(t, run(t.Context(), file))
}
