package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// appModule makes a module that requires this one, and what it requires.
func appModule(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	dir := t.TempDir()
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	text := strings.Replace(string(gomod), "module github.com/loadgo/load", "module example.com/app", 1)
	text += "\nrequire github.com/loadgo/load v0.0.0\n\nreplace github.com/loadgo/load => " + root + "\n"
	gosum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	writeFile(t, filepath.Join(dir, "go.mod"), []byte(text))
	writeFile(t, filepath.Join(dir, "go.sum"), gosum)
	return dir
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, data, 0o666))
}

// gen runs the command in a directory.
func gen(t *testing.T, dir string, args ...string) (stderr string, code int) {
	t.Helper()
	_, stderr, code = genOutput(t, dir, args...)
	return stderr, code
}

func genOutput(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	t.Chdir(dir)
	var out, errs bytes.Buffer
	code = run(t.Context(), append([]string{"gen"}, args...), &out, &errs)
	return out.String(), errs.String(), code
}

// goIn runs the go command in the module of an application.
func goIn(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// TestStubs runs a program that uses a generated package, with the stub and with the package
// itself.
func TestStubs(t *testing.T) {
	dir := appModule(t)
	t.Setenv("LOAD_DIR", t.TempDir())
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/stubs")))
	stderr, code := gen(t, dir, "-v", "-tree", "-o", "stubs", "example.com/app/shapes")
	require.Zero(t, code, stderr)
	assert.Contains(t, stderr, "example.com/app/shapes: left out: Channels: channels do not cross\n")
	for _, args := range [][]string{
		{"vet", "./stubs/..."}, {"vet", "-tags=load_linked", "./stubs/..."}, {"test", "./program"}, {"test", "-tags=load_linked", "./program"},
	} {
		output, err := goIn(t, dir, args...)
		assert.NoError(t, err, "go %s\n%s", strings.Join(args, " "), output)
	}
	stderr, code = gen(t, dir, "-check", "-tree", "-o", "stubs", "example.com/app/shapes")
	assert.Zero(t, code, stderr)
	stub := filepath.Join(dir, "stubs/example.com/app/shapes/shapes.go")
	generated, err := os.ReadFile(stub)
	require.NoError(t, err)
	mine := append([]byte("package shapes\n"), generated...)
	writeFile(t, stub, mine)
	stderr, code = gen(t, dir, "-tree", "-o", "stubs", "example.com/app/shapes")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, stderr, "is not overwritten: it was not written by load gen\n")
	kept, err := os.ReadFile(stub)
	require.NoError(t, err)
	assert.Equal(t, mine, kept)
	writeFile(t, stub, bytes.Replace(generated, []byte("func Sized(n int)"), []byte("func Sized(n int8)"), 1))
	stdout, stderr, code := genOutput(t, dir, "-check", "-tree", "-o", "stubs", "example.com/app/shapes")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, stdout, "- func Sized(n int8) Option\n+ func Sized(n int) Option\n")
	assert.Contains(t, stderr, "the API has moved\n\tgenerate it again, without -check\n")
}

func TestGenRefuses(t *testing.T) {
	t.Setenv("LOAD_DIR", t.TempDir())
	for want, args := range map[string][]string{
		"it takes -o DIR and one NAME":  {"-o", "x", "path", "strings"},
		"in no Go module":               {"-tree", "-o", filepath.Join(t.TempDir(), "stubs"), "path"},
		"of Go packages with an import": {"-o", "x", "./rule.star"},
	} {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "rule.star"), []byte("x = 1\n"))
		stderr, code := gen(t, dir, args...)
		assert.NotZero(t, code)
		assert.Contains(t, stderr, want)
	}
}
