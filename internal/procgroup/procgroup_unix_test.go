//go:build unix

package procgroup_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/procgroup"
)

// started says that its programs run, which hold its standard output open until they end.
const started = "sleep 3600 & (sleep 3600; :) & echo started; wait"

// TestMain is the program that is killed in TestKilled, too.
func TestMain(m *testing.M) {
	if os.Getenv("PROCGROUP_HOST") == "" {
		os.Exit(m.Run())
	}
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", started)
	cmd.Stdout = os.Stdout
	defer procgroup.Set(cmd)()
	if err := cmd.Run(); err != nil {
		panic(err)
	}
}

// What a command started ends with the process that ran the command, however that ends.
func TestKilled(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	require.NoError(t, err)
	host := exec.Command(exe)
	host.Env = append(os.Environ(), "PROCGROUP_HOST=1")
	r, w, err := os.Pipe() // not of os/exec, which would wait for it
	require.NoError(t, err)
	defer r.Close()
	host.Stdout = w
	require.NoError(t, host.Start())
	w.Close()
	said := bufio.NewReader(r)
	line, err := said.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "started\n", line)
	require.NoError(t, host.Process.Kill())
	_ = host.Wait()
	rest, err := io.ReadAll(said) // until the last one that holds it has ended
	require.NoError(t, err)
	assert.Empty(t, rest)
}

// The end of the context ends them, and release leaves what a command left behind.
func TestEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", started)
	cmd.Stdout = w
	release := procgroup.Set(cmd)
	require.NoError(t, cmd.Start())
	w.Close()
	said := bufio.NewReader(r)
	_, err = said.ReadString('\n')
	require.NoError(t, err)
	cancel()
	require.Error(t, cmd.Wait())
	release()
	_, err = io.ReadAll(said)
	require.NoError(t, err)

	r, w, err = os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	in, let, err := os.Pipe()
	require.NoError(t, err)
	cmd = exec.CommandContext(t.Context(), "/bin/sh", "-c", "(read _; echo still here) <&3 &")
	cmd.Stdout, cmd.ExtraFiles = w, []*os.File{in}
	release = procgroup.Set(cmd)
	require.NoError(t, cmd.Run())
	release()
	w.Close()
	in.Close()
	_, err = let.WriteString("go on\n")
	require.NoError(t, err)
	rest, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "still here\n", string(rest))
}

// A command that cannot be started leaves no guard.
func TestNotStarted(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "/nonexistent")
	release := procgroup.Set(cmd)
	require.Error(t, cmd.Run())
	release()
}
