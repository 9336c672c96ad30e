package goproxy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func goLanguage(t testing.TB) string {
	t.Helper()
	tools, err := toolchain.Find()
	require.NoError(t, err)
	return tools.Language()
}

func goRelease(t testing.TB) string {
	t.Helper()
	tools, err := toolchain.Find()
	require.NoError(t, err)
	return strings.TrimPrefix(tools.Version, "go")
}

// goBuild builds a program that imports the package of a spec, in the closed environment of an
// engine.
func goBuild(t testing.TB, spec *find.Spec) {
	t.Helper()
	dir := t.TempDir()
	for _, m := range spec.Source.Go.Local {
		at := filepath.Join(dir, filepath.FromSlash(m.At))
		for _, file := range append([]find.LocalFile{{Name: "go.mod"}}, m.Files...) {
			data := m.GoMod
			if file.Sum != "" {
				data, _ = os.ReadFile(filepath.Join(m.Dir, file.Name))
			}
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(at, file.Name)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(at, file.Name), data, 0o644))
		}
	}
	for name, data := range map[string]string{
		"go.mod":  "module main\n\n" + string(spec.Source.Go.GoMod),
		"go.sum":  string(spec.Source.Go.GoSum),
		"main.go": fmt.Sprintf("package main\n\nimport _ %q\n\nfunc main() {}\n", spec.Source.Go.ImportPath),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644))
	}
	cmd := exec.Command("go", "build", "-o", os.DevNull, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOMODCACHE="+spec.Source.Go.ModCache, "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=", "GOWORK=off", "GOENV=off", "CGO_ENABLED=0", "GOTOOLCHAIN=local")
	out, err := cmd.CombinedOutput()
	assert.NoErrorf(t, err, "go build: %v\n%s\ngo.mod:\n%s\ngo.sum:\n%s", err, out, spec.Source.Go.GoMod, spec.Source.Go.GoSum)
}
