package failpoint_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// commandEnv names the command with the points, for a test that runs again in a process of its own.
const commandEnv = "FAILPOINT_TEST_COMMAND"

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "failpoint-")
	if err != nil {
		panic(err)
	}
	code := func() int {
		defer os.RemoveAll(dir)
		if os.Getenv(commandEnv) == "" {
			os.Setenv(commandEnv, filepath.Join(dir, "load"))
		}
		return m.Run()
	}()
	os.Exit(code)
}

// built builds the command with the points, once.
var built = sync.OnceValues(func() (output []byte, err error) {
	load := os.Getenv(commandEnv)
	if _, err := os.Stat(load); err == nil {
		return nil, nil
	}
	return exec.Command("go", "build", "-tags", "failpoint", "-o", load, "github.com/loadgo/load/cmd/load").CombinedOutput()
})

// build returns the command with the points.
func build(t *testing.T) string {
	t.Helper()
	_, err := built()
	require.NoError(t, err)
	return os.Getenv(commandEnv)
}

// environment starts the servers that all machines ask, and returns the environment that leads to
// them.
func environment(t *testing.T) []string {
	t.Helper()
	rules := loadtest.Git(t, filepath.Join(loadtest.TempDir(t), "rules"))
	rules.Write("tax/init.star", "def price(net):\n    return net * 107 // 100\n")
	rules.Commit("v1.0.0")
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	return append(append(os.Environ(), loadtest.Proxy(t, modules).Env()...),
		"GOCACHE="+strings.TrimSpace(string(cache)), "GOENV=off", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "RULES=git::file://"+rules.Dir)
}

// machine is where a scenario's commands run: with a store and a directory with a lock file of its
// own.
type machine struct {
	scenario
	load, root, store, work string
	env                     []string
}

func (m *machine) home() string { return filepath.Join(m.root, "home") }
func (m *machine) temp() string { return filepath.Join(m.root, "tmp") }

// newMachine runs all but the last command.
func newMachine(t *testing.T, load string, env []string, sc scenario) *machine {
	t.Helper()
	return newMachineAt(t, load, env, sc, func(*machine) {})
}

// newMachineAt is newMachine with something to be done before the first command, such as to mount
// file systems.
func newMachineAt(t *testing.T, load string, env []string, sc scenario, before func(*machine)) *machine {
	t.Helper()
	root := loadtest.TempDir(t)
	m := &machine{scenario: sc, load: load, root: root, store: filepath.Join(root, "store"), work: filepath.Join(root, "work")}
	for _, dir := range []string{m.work, m.home(), m.temp()} {
		require.NoError(t, os.Mkdir(dir, 0o700))
	}
	before(m)
	m.env = append(slices.Clone(env), "LOAD_DIR="+m.store, "HOME="+m.home(), "TMPDIR="+m.temp(), "GOMODCACHE="+filepath.Join(m.home(), "modcache"))
	for _, args := range sc.commands[:len(sc.commands)-1] {
		_, err := m.run(t, args)
		require.NoError(t, err)
	}
	if sc.damage == "" {
		return m
	}
	files, err := filepath.Glob(filepath.Join(m.store, filepath.FromSlash(sc.damage)))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.NoError(t, errors.Join(os.Chmod(file, 0o600), os.Truncate(file, 0)))
	}
	return m
}

// command is a run of the command on the machine.
func (m *machine) command(t *testing.T, args []string, env ...string) *exec.Cmd {
	args = slices.Clone(args)
	for i := range args {
		args[i] = os.Expand(args[i], func(name string) string {
			for _, v := range m.env {
				if value, ok := strings.CutPrefix(v, name+"="); ok {
					return value
				}
			}
			return ""
		})
	}
	cmd := exec.CommandContext(t.Context(), m.load, args...)
	cmd.Dir, cmd.Env = m.work, append(slices.Clone(m.env), env...)
	return cmd
}

// run runs the command and returns what it prints.
func (m *machine) run(t *testing.T, args []string, env ...string) (string, error) {
	t.Helper()
	cmd := m.command(t, args, env...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return out.String(), nil
}

func (m *machine) last() []string { return m.commands[len(m.commands)-1] }

// verify looks for damage in the store, and at the lock file. What a scenario damaged on purpose
// does not count.
func (m *machine) verify(t *testing.T, when string) {
	t.Helper()
	s, err := store.Open(m.store)
	require.NoError(t, err)
	report, err := s.Verify(context.Background())
	require.NoError(t, err)
	after := strings.HasPrefix(when, "after")
	for _, d := range report.Damaged {
		require.Falsef(t, after, "%s: damaged %s %s: %s", when, d.Kind, d.Name, d.Reason)
		assert.NotEmptyf(t, m.damage, "%s: damaged %s %s: %s", when, d.Kind, d.Name, d.Reason)
	}
	f, err := lockfile.Read(filepath.Join(m.work, lockfile.Name))
	require.Falsef(t, err != nil && !errors.Is(err, fs.ErrNotExist), "%s: the lock file: %v", when, err)
	assert.Falsef(t, err == nil && after && f.Len() == 0 && m.last()[0] == "lock", "%s: the lock file: %v", when, err)
}

// files lists what the store holds once it is collected, without locks; nothing is old enough to
// go.
func (m *machine) files(t *testing.T) []string {
	t.Helper()
	args := []string{"gc"}
	if m.last()[0] == "rm" { // what it came not to has no package that needs it
		args = append(args, "-unused", "0s")
	}
	out, err := m.run(t, args)
	assert.NoErrorf(t, err, "gc: %q, %v", out, err)
	var files []string
	err = filepath.WalkDir(m.store, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(m.store, path)
		switch {
		case err != nil:
			return err
		case rel == "lock" || rel == "live" || rel == "sumdb" || filepath.ToSlash(rel) == "mod/cache/download/sumdb":
			return fs.SkipDir // tiles, of which a run keeps those that it needed
		case !d.IsDir() || strings.HasPrefix(rel, "tmp"):
			if elements := strings.Split(filepath.ToSlash(rel), "/"); elements[0] == "obj" && len(elements) > 1 {
				elements[1] = "KEY" // that of a script depends on its path
				rel = strings.Join(elements, "/")
			}
			files = append(files, rel)
		}
		return nil
	})
	require.NoError(t, err)
	if len(m.last()) > 1 && (m.last()[0] == "gc" || m.last()[0] == "rm") {
		// The files of the download cache are small, and may stay for another install.
		files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".mod") || strings.HasSuffix(f, ".info") })
	}
	return files
}
