package bundle_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
)

// prepare writes a bundle of what the example loads, compiled into a store of the test's.
func prepare(t *testing.T, config load.Config, names ...string) []byte {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	config.Store = s
	l, err := standard.New(config)
	require.NoError(t, err)
	defer l.Close(t.Context())
	var prepared []*load.Prepared
	for _, name := range names {
		p, err := l.Prepare(t.Context(), name)
		require.NoError(t, err)
		prepared = append(prepared, p)
	}
	var b bytes.Buffer
	require.NoError(t, bundle.Write(&b, nil, prepared...))
	return b.Bytes()
}

// TestScratch builds the example by the Dockerfile of docs/deployment.md and runs it as its pod
// does: as another user and without capabilities, in a root that nobody can write to and that holds
// the program, the bundle, /proc and /dev, and nothing else.
func TestScratch(t *testing.T) {
	step, user, env := deployment(t)
	t.Chdir("../examples/bundle")
	root := t.TempDir()
	step = strings.NewReplacer(
		" /host ", " "+filepath.Join(root, "host")+" ", " /modules.tar", " "+filepath.Join(root, "modules.tar"), "./cmd/host", ".", "github.com/gosimple/slug@v1.15.0", "strings",
	).Replace(step)
	build := exec.Command("sh", "-ec", step)
	build.Env = append(os.Environ(), "LOAD_DIR="+filepath.Join(t.TempDir(), "store"))
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	if os.Geteuid() != 0 {
		t.Skip("only root can mount /proc and /dev and change the root: run this test as root")
	}
	for _, dir := range []string{"proc", "dev"} {
		require.NoError(t, os.Mkdir(filepath.Join(root, dir), 0o755))
		if err := unix.Mount("/"+dir, filepath.Join(root, dir), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			t.Skipf("/%s cannot be mounted here (%v): run this test where mounts are allowed", dir, err)
		}
		t.Cleanup(func() { require.NoError(t, unix.Unmount(filepath.Join(root, dir), unix.MNT_DETACH)) })
	}
	require.NoError(t, os.Chmod(root, 0o555))
	for _, id := range []uint32{0, user} {
		cmd := exec.Command("/host", "/modules.tar")
		cmd.Path, cmd.Dir, cmd.Env = "/host", "/", env
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: id, Gid: id}}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "user %d: %s", id, out)
		assert.Equal(t, "A COMPILED PACKAGE\n42\n", string(out), "user %d", id)
	}
	left, err := os.ReadDir(root)
	require.NoError(t, err)
	assert.Len(t, left, 4)
}

// TestDamagedProgram: a program that is not what was prepared does not start, from memory or a
// file.
func TestDamagedProgram(t *testing.T) {
	t.Parallel()
	data := prepare(t, load.Config{}, "strings")
	starts := entries(t, data)
	for _, start := range starts[len(starts)-2:] { // the program and the description of its API
		bad := bytes.Clone(data)
		bad[start+512+100] ^= 1
		file := filepath.Join(t.TempDir(), "modules.tar")
		require.NoError(t, os.WriteFile(file, bad, 0o600))
		opened, err := bundle.Open(file)
		require.NoError(t, err)
		defer opened.Close()
		for _, b := range []load.Bundle{opened, bundle.Bytes(bad)} {
			l, err := standard.New(load.Config{Bundles: []load.Bundle{b}})
			require.NoError(t, err)
			_, err = l.Load(t.Context(), "strings")
			var damaged *bundle.DamagedError
			assert.ErrorAs(t, err, &damaged)
			require.NoError(t, l.Close(t.Context()))
		}
	}
}

// TestWasm: what was prepared for the WebAssembly engine runs by it, even where another comes
// first; the engine that is asked for, and that it was not prepared for, says what to do.
func TestWasm(t *testing.T) {
	t.Parallel()
	b := bundle.Bytes(prepare(t, load.Config{Engine: "gowasm"}, "unicode/utf8"))
	l, err := standard.New(load.Config{Bundles: []load.Bundle{b}})
	require.NoError(t, err)
	defer l.Close(t.Context())
	m, err := l.Load(t.Context(), "unicode/utf8")
	require.NoError(t, err)
	results, err := m.Call(t.Context(), "RuneCountInString", "añb")
	require.NoError(t, err)
	assert.EqualValues(t, 3, results[0])

	assert.Equal(t, "gowasm", m.Engine())
	native, err := standard.New(load.Config{Engine: "goprocess", Bundles: []load.Bundle{b}})
	require.NoError(t, err)
	defer native.Close(t.Context())
	_, err = native.Load(t.Context(), "unicode/utf8")
	var missing *load.NotPreparedError
	require.ErrorAs(t, err, &missing)
	assert.Contains(t, missing.Error(), " -engine goprocess -o FILE unicode/utf8")
}

// TestWasmFile: a WebAssembly file is bundled by its relative name.
func TestWasmFile(t *testing.T) {
	t.Parallel()
	const name = "../engine/wasm/testdata/numbers.wasm"
	l, err := standard.New(load.Config{Bundles: []load.Bundle{bundle.Bytes(prepare(t, load.Config{}, name))}})
	require.NoError(t, err)
	defer l.Close(t.Context())
	m, err := l.Load(t.Context(), name)
	require.NoError(t, err)
	assert.NotEmpty(t, m.Symbols())
	assert.Equal(t, name, m.Name())
}
