package goprocess

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/host/attempt"
)

// TestJudgeFile: only what the sandbox refuses, and modes permit, is a refusal.
func TestJudgeFile(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for name, mode := range map[string]os.FileMode{"open": 0o600, "closed": 0, "readable": 0o400} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		require.NoError(t, os.Chmod(filepath.Join(dir, name), mode))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "locked"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "locked", "file"), nil, 0o600))
	require.NoError(t, os.Chmod(filepath.Join(dir, "locked"), 0))
	require.NoError(t, os.Symlink("open", filepath.Join(dir, "link")))
	none, read, write := Config{}, Config{ReadOnly: []string{dir}}, Config{ReadWrite: []string{dir}}
	for _, test := range []struct {
		config   Config
		op, name string
		grant    string // "" for no refusal
	}{
		{none, "open", "open", "read " + dir + "/open"},
		{none, "open", "link", "read " + dir + "/open"},
		{none, "open", "readable", "read " + dir + "/readable"},
		{none, "open", "closed", ""},
		{none, "open", "locked/file", ""},
		{none, "open", "new", "write " + dir},
		{none, "open", "gone/new", ""},
		{none, "mkdir", "new", "write " + dir},
		{none, "mkdir", "locked/new", ""},
		{read, "open", "open", "write " + dir + "/open"},
		{read, "open", "closed", ""},
		{read, "open", "readable", ""},
		{read, "unlinkat", "open", "write " + dir},
		{write, "open", "open", ""},
		{write, "open", "closed", ""},
		{write, "mkdir", "new", ""},
	} {
		p := &process{config: test.config}
		got := p.judgeFile(attempt.Attempt{Op: test.op, Path: filepath.Join(dir, test.name), Denied: true})
		if test.grant == "" {
			assert.Nil(t, got, "%s %s", test.op, test.name)
		} else if assert.IsType(t, &engine.Refusal{}, got) && assert.NotNil(t, got, "%s %s", test.op, test.name) {
			assert.Equal(t, test.grant, got.Grant(), "%s %s", test.op, test.name)
		}
	}
}
