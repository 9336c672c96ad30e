package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest"
)

// TestShared: what the superuser got for all, another user starts, who has no home, no toolchain, no
// network and nowhere to write to; without -shared that user gets nothing.
func TestShared(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root becomes another user: run this test as root")
	}
	root := loadtest.TempDir(t)
	for dir := root; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o711))
	}
	program := filepath.Join(root, "load")
	own, err := os.Executable()
	require.NoError(t, err)
	from, err := os.Open(own)
	require.NoError(t, err)
	defer from.Close()
	to, err := os.OpenFile(program, os.O_WRONLY|os.O_CREATE, 0o755)
	require.NoError(t, err)
	_, err = io.Copy(to, from)
	require.NoError(t, err)
	require.NoError(t, to.Close())
	store := "LOAD_DIR=" + filepath.Join(root, "store")
	run := func(uid uint32, env []string, args ...string) (string, error) {
		cmd := exec.Command(program, args...)
		cmd.Args[0] = "load" // which makes this test the command
		cmd.Dir, cmd.Env = "/", append(env, store)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	const stranger = 65532
	bare := []string{"GOPROXY=off", "PATH=/nowhere"}
	out, err := run(0, os.Environ(), "get", "strings")
	require.NoError(t, err, out)
	out, err = run(stranger, bare, "eval", "strings", `ToUpper("a")`)
	require.Error(t, err)
	assert.Contains(t, out, "permission denied")
	out, err = run(0, os.Environ(), "get", "-shared", "strings")
	require.NoError(t, err, out)
	out, err = run(stranger, bare, "eval", "strings", `ToUpper("a")`)
	require.NoError(t, err, out)
	assert.Equal(t, "A\n", out)
}
