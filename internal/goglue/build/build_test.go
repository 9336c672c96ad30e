package build

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/workspace"
	"github.com/loadgo/load/internal/toolchain"
)

// testBuilder returns a builder for this machine.
func testBuilder(t *testing.T) Builder {
	t.Helper()
	tc, err := toolchain.Find()
	require.NoError(t, err)
	return Builder{Toolchain: tc, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
}

// buildAPI builds a package into dir and returns its description.
func buildAPI(t *testing.T, b Builder, src find.Source, dir string) *api.API {
	t.Helper()
	require.NoError(t, b.Build(t.Context(), src, dir))
	data, err := os.ReadFile(filepath.Join(dir, APIFile))
	require.NoError(t, err)
	described, err := api.DecodeAPI(data)
	require.NoError(t, err)
	return described
}

func TestBuildStandardPackages(t *testing.T) {
	t.Parallel()
	b := testBuilder(t)
	for _, path := range []string{"time", "net/http", "go/ast", "math/big", "context", "reflect"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			src := find.Source{Kind: find.KindGo, Dir: filepath.Join(b.Toolchain.Root, "src", path), Go: &find.GoSource{ImportPath: path, GoMod: []byte("go 1.26\n")}}
			api := buildAPI(t, b, src, dir)
			info, err := os.Stat(filepath.Join(dir, ProgramFile))
			require.NoError(t, err)
			assert.NotZero(t, info.Mode()&0o100)
			assert.GreaterOrEqual(t, len(api.Symbols), 10)
			assert.GreaterOrEqual(t, len(api.Funcs), 10)
			_, err = os.Stat(filepath.Join(dir, "work"))
			assert.Truef(t, os.IsNotExist(err), "the build's own files are still there: %v", err)
		})
	}
}

func TestBuildLooseErrorPath(t *testing.T) {
	t.Parallel()
	loose := t.TempDir()
	file := filepath.Join(loose, "a.go")
	require.NoError(t, os.WriteFile(file, []byte("package a\n\nfunc A() int { return \"x\" }\n"), 0o600))
	src := find.Source{Kind: find.KindGo, Dir: loose, FS: os.DirFS(loose), Go: &find.GoSource{GoMod: []byte("go 1.26\n")}}
	err := testBuilder(t).Build(t.Context(), src, t.TempDir())
	want := "it does not compile\n\t" + file + `:3:23: cannot use "x" (untyped string constant) as int value in return statement`
	assert.EqualError(t, err, want)
}

// Object files of a package do not make the build start the system's linker, which would read what
// they hold.
func TestSystemLinker(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell script")
	}
	bin := t.TempDir()
	started := filepath.Join(bin, "started")
	for _, name := range []string{"gcc", "clang", "cc", "ld"} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho $0 $* >>"+started+"\nexit 1\n"), 0o755))
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	// The beginning of an ELF file, and no more.
	elf := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x01\x00\x3e\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 40)
	for what, text := range map[string]string{
		"empty": "", "a script of the linker": "INPUT(/etc/passwd)\n", "an archive": "!<arch>\n", "no sections": elf, "bitcode": "BC\xc0\xde",
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			var files []find.LocalFile
			for name, text := range map[string]string{"a.go": "package a\n\nfunc One() int { return 1 }\n", "x.syso": text} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
				files = append(files, find.LocalFile{Name: name, Sum: fmt.Sprintf("%x", sha256.Sum256([]byte(text)))})
			}
			src := find.Source{Kind: find.KindGo, Dir: dir, Go: &find.GoSource{
				ImportPath: "example.com/a", GoMod: []byte("go 1.24\n\nrequire example.com/a v1.0.0\n\nreplace example.com/a => ./places/0\n"),
				Local: []find.LocalModule{{At: "places/0", Dir: dir, GoMod: []byte("module example.com/a\n"), Files: files}},
			}}
			var failed *engine.CompileError
			if err := testBuilder(t).Build(t.Context(), src, t.TempDir()); err != nil {
				assert.ErrorAs(t, err, &failed)
			}
			assert.NoFileExists(t, started)
		})
	}
}

// TestImportable: what no main module can import is refused before anything is compiled.
func TestImportable(t *testing.T) {
	t.Parallel()
	for path, reason := range map[string]string{
		"example.com/a/internal":         "it is an internal package: only code below example.com/a can import it",
		"internal/abi":                   "it is an internal package: only code below  can import it",
		"example.com/a/vendor/b.org/b":   "it lies in a vendor directory: only code below example.com/a can import it, as b.org/b",
		"main":                           "its import path is main, which no other module can import",
		workspace.GlueModule:             "its import path is loadglue, which no other module can import",
		workspace.GlueModule + "/guest":  "its import path is loadglue/guest, which no other module can import",
		"main/a":                         "",
		"example.com/main":               "",
		"example.com/vendored/internal1": "",
	} {
		err := workspace.CheckImportable(path)
		if reason == "" {
			assert.NoError(t, err, path)
			continue
		}
		var refused *engine.CompileError
		require.ErrorAs(t, err, &refused, path)
		assert.Equal(t, reason, refused.Reason)
		assert.NotEmpty(t, refused.Fix)
	}
}
