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
	both := []string{"-tree", "-o", "stubs", "example.com/app/shapes", "example.com/app/clash"}
	stderr, code := gen(t, dir, append([]string{"-v"}, both...)...)
	require.Zero(t, code, stderr)
	assert.Contains(t, stderr, "example.com/app/shapes: left out: Channels: channels do not cross\n")
	assert.Contains(t, stderr, "left out: Described.Type: a reflect.Type of the module stays there; so only types of the package are a Described\n")
	for _, args := range [][]string{
		{"vet", "./stubs/..."}, {"vet", "-tags=load_linked", "./stubs/..."}, {"test", "./program"}, {"test", "-tags=load_linked", "./program"},
	} {
		output, err := goIn(t, dir, args...)
		assert.NoError(t, err, "go %s\n%s", strings.Join(args, " "), output)
	}
	usesOfStubs(t, dir)
	stderr, code = gen(t, dir, append([]string{"-check"}, both...)...)
	assert.Zero(t, code, stderr)
	clash, err := os.ReadFile(filepath.Join(dir, "stubs/example.com/app/clash/clash.go"))
	require.NoError(t, err)
	assert.Contains(t, string(clash), "// Generated from example.com/app/clash.\n")
	assert.Contains(t, string(clash), "// Use is Use_ here: the stub has a function Use of its own.\n")
	stub := filepath.Join(dir, "stubs/example.com/app/shapes/shapes.go")
	generated, err := os.ReadFile(stub)
	require.NoError(t, err)
	mine := append([]byte("package shapes\n"), generated...)
	writeFile(t, stub, mine)
	stderr, code = gen(t, dir, both...)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, stderr, "is not overwritten: it was not written by load gen\n")
	kept, err := os.ReadFile(stub)
	require.NoError(t, err)
	assert.Equal(t, mine, kept)
	writeFile(t, stub, bytes.Replace(generated, []byte("func Sized(n int)"), []byte("func Sized(n int8)"), 1))
	stdout, stderr, code := genOutput(t, dir, append([]string{"-check"}, both...)...)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, stdout, "- func Sized(n int8) Option\n+ func Sized(n int) Option\n")
	assert.Contains(t, stderr, "the API has moved\n\tgenerate it again, without -check\n")
}

// usesOfStubs prepares the instantiations that a program uses, which needs no toolchain then.
func usesOfStubs(t *testing.T, dir string) {
	t.Helper()
	stdout, stderr, code := genOutput(t, dir, "-uses", "./user")
	require.Zero(t, code, stderr)
	with := "load get -with clash=example.com/app/clash "
	assert.Equal(t, with+"'example.com/app/shapes#Keys[map[string]any, string, any]'\n"+with+"'example.com/app/shapes#Map[time.Duration, Kind]'\n"+with+"'example.com/app/shapes#Strings[fmt.Stringer]'\n", stdout)
	for line := range strings.Lines(stdout) {
		_, instance, _ := strings.Cut(strings.TrimSpace(line), "'")
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"get", "-with", "clash=example.com/app/clash", strings.TrimSuffix(instance, "'")}, &out, &errs)
		require.Zero(t, code, errs.String())
	}
	output, err := goIn(t, dir, "build", "-o", "user/user", "./user")
	require.NoError(t, err, output)
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "user/user"))
	cmd.Dir, cmd.Env = dir, []string{"LOAD_DIR=" + os.Getenv("LOAD_DIR"), "HOME=" + dir}
	combined, err := cmd.CombinedOutput()
	require.NoError(t, err, string(combined))
	assert.Equal(t, "[a]\n[round]\n[b]\n", string(combined))
}

func TestGenRefuses(t *testing.T) {
	t.Setenv("LOAD_DIR", t.TempDir())
	dir := appModule(t)
	for path, text := range map[string]string{
		"rule.star":       "x = 1\n",
		"none/none.go":    "package none\n\nfunc hidden() {}\n",
		"prog/prog.go":    "package main\n\nfunc main() {}\n\nfunc Exported() {}\n",
		"internal/x/x.go": "package x\n\nfunc X() {}\n",
	} {
		writeFile(t, filepath.Join(dir, path), []byte(text))
	}
	for want, args := range map[string][]string{
		"it takes -o DIR and one NAME ": {"strings"},
		"it takes -o DIR and one NAME":  {"-o", "x", "path", "strings"},
		"in no Go module":               {"-tree", "-o", filepath.Join(t.TempDir(), "stubs"), "path"},
		"of Go packages with an import": {"-o", "x", "./rule.star"},

		"load: example.com/app/none has no exported names\n": {"-o", "x", "example.com/app/none"},
		"load: example.com/app/prog: it is a program (package main), not a package that can be imported\n\tload one of its library packages\n":                              {"-o", "x", "example.com/app/prog"},
		"load: example.com/app/internal/x: it is an internal package: only code below example.com/app can import it\n\tload a package of the module that is not internal\n": {"-o", "x", "example.com/app/internal/x"},
		"load: encoding/nosuch: not found\n":                           {"-o", "x", "encoding/nosuch"},
		"load: internal/abi: it is internal to the standard library\n": {"-o", "x", "internal/abi"},
	} {
		stderr, code := gen(t, dir, args...)
		assert.NotZero(t, code)
		assert.Contains(t, stderr, want)
	}
	assert.NoDirExists(t, filepath.Join(dir, "x"))
}
