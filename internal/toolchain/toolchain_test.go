package toolchain_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeRoot makes a directory that looks like a GOROOT.
func fakeRoot(t *testing.T, version string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	write(t, filepath.Join(root, "VERSION"), version+"\ntime 2026-01-02T03:04:05Z\n", 0o644)
	write(t, filepath.Join(root, "src", "unsafe", "unsafe.go"), "package unsafe\n", 0o644)
	write(t, filepath.Join(root, "bin", "go"), "#!/bin/sh\nexit 3\n", 0o755)
	return root
}

func write(t *testing.T, file, data string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(data), mode))
}

func TestFindInPath(t *testing.T) {
	root := fakeRoot(t, "go1.26.8")
	bin := t.TempDir()
	if err := os.Symlink(filepath.Join(root, "bin", "go"), filepath.Join(bin, "go")); err != nil {
		t.Skip("the system makes no symbolic links: ", err)
	}
	t.Setenv("PATH", bin)
	t.Setenv("GOROOT", fakeRoot(t, "go1.20"))

	var finder toolchain.Finder
	for range 2 {
		got, err := finder.Find()
		require.NoError(t, err)
		assert.Equal(t, root, got.Root)
		assert.Equal(t, "go1.26.8", got.Version)
		assert.Equal(t, "1.26", got.Language())
		assert.Equal(t, filepath.Join(root, "bin", "go"), got.GoCommand)
	}
}

func TestFindInGOROOT(t *testing.T) {
	root := fakeRoot(t, "go1.25rc1")
	t.Setenv("PATH", t.TempDir())
	t.Setenv("GOROOT", root)
	got, err := toolchain.Find()
	require.NoError(t, err)
	assert.Equal(t, root, got.Root)
	assert.Equal(t, "go1.25rc1", got.Version)
	assert.Equal(t, "1.25", got.Language())
}

func TestFindByAsking(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell script")
	}
	root, bin := fakeRoot(t, "go1.26.1"), t.TempDir()
	write(t, filepath.Join(bin, "go"), "#!/bin/sh\necho "+root+"\necho go1.26.1\n", 0o755)
	t.Setenv("PATH", bin)
	got, err := toolchain.Find()
	require.NoError(t, err)
	assert.Equal(t, root, got.Root)
	assert.Equal(t, "go1.26.1", got.Version)
	assert.Equal(t, filepath.Join(root, "bin", "go"), got.GoCommand)
}

func TestBrokenCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell script")
	}
	bin := t.TempDir()
	write(t, filepath.Join(bin, "go"), "#!/bin/sh\necho version 1.99 is not installed >&2\nexit 1\n", 0o755)
	t.Setenv("PATH", bin)
	_, err := toolchain.Find()
	var missing *engine.ToolchainError
	require.ErrorAs(t, err, &missing)
	want := filepath.Join(bin, "go") + " env: version 1.99 is not installed\n" +
		"\tinstall Go from https://go.dev/dl or put its bin directory in PATH"
	assert.Equal(t, want, err.Error())
}

func TestEnv(t *testing.T) {
	root := fakeRoot(t, "go1.26.8")
	write(t, filepath.Join(root, "go.env"), "# defaults\n\nGOPROXY=https://proxy.example,direct\r\nGOSUMDB=sum.example\nGOPRIVATE=a\nlower=x\nNOVALUE\n", 0o644)
	user := filepath.Join(t.TempDir(), "env")
	write(t, user, "GOSUMDB=off\nGOPRIVATE=\nGOFLAGS=-mod=mod", 0o644)
	t.Setenv("PATH", filepath.Join(root, "bin"))
	t.Setenv("GOENV", user)
	for _, key := range []string{"GOSUMDB", "GOPRIVATE", "GOPROXY", "GOMODCACHE"} {
		t.Setenv(key, "")
	}
	t.Setenv("GOFLAGS", "-v")
	t.Setenv("GOPATH", filepath.FromSlash("/p/one")+string(filepath.ListSeparator)+filepath.FromSlash("/p/two"))

	found, err := toolchain.Find()
	require.NoError(t, err)
	for key, want := range map[string]string{
		"GOPROXY":   "https://proxy.example,direct", // GOROOT's
		"GOSUMDB":   "off",                          // the user's
		"GOPRIVATE": "",                             // the user's, empty
		"GOFLAGS":   "-v",                           // the environment's
		"lower":     "",
		"NOVALUE":   "",
	} {
		assert.Equal(t, want, found.Env(key))
	}
	got := (toolchain.Toolchain{}).Env("GOSUMDB")
	assert.Equalf(t, "off", got, "without a toolchain GOSUMDB is %q, want the user's", got)
	got, want := found.ModCache(), filepath.FromSlash("/p/one/pkg/mod")
	assert.Equal(t, want, got)
	t.Setenv("GOENV", "off")
	again, _ := toolchain.Find()
	assert.Equalf(t, "sum.example", again.Env("GOSUMDB"), "with GOENV=off GOSUMDB is %q, want GOROOT's", again.Env("GOSUMDB"))
}
