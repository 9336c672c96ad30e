package wording_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/wording"
)

func TestOfCommand(t *testing.T) {
	for _, test := range []struct{ text, option, variable, want string }{
		{"it is not in load.lock (Config.Frozen)", "frozen", "", "it is not in load.lock (-frozen)"},
		{"it is not in load.lock (Config.Frozen)", "", "LOAD_FROZEN", "it is not in load.lock (LOAD_FROZEN)"},
		{"not to be changed\n\tset Config.Frozen to false", "frozen", "", "not to be changed\n\tleave out -frozen"},
		{"not to be changed\n\tset Config.Frozen to false", "", "LOAD_FROZEN", "not to be changed\n\tunset LOAD_FROZEN"},
		{"set LOAD_DIR (or Config.Store) to a directory elsewhere, or Config.Engine to gowasm", "", "", "set LOAD_DIR to a directory elsewhere, or use -engine gowasm"},
		{"Config.Engine asks for it", "engine", "", "-engine asks for it"},
		{"Config.LockFile: it is a directory", "", "LOAD_LOCK", "LOAD_LOCK: it is a directory"},
		{"Config.LockFile: it is a directory", "", "", "load.lock: it is a directory"},
		{"Config.Toolchain asks for go1.2", "", "", "LOAD_TOOLCHAIN asks for go1.2"},
		{"set starlark.Config.Steps to allow more", "", "", "a program can allow more, by starlark.Config.Steps"},
		{"set up oci in Config.Installers, or run `load upgrade x`", "", "", "run `load upgrade x`"},
		{"Config.Engines: gowasm: gowasm.Config.ReadOnly: it is relative", "", "", "-allow-read: it is relative"},
		{"other.Config.Frozen", "frozen", "", "other.Config.Frozen"},
	} {
		if test.variable != "" {
			t.Setenv(test.variable, "1")
		}
		assert.Equal(t, test.want, wording.OfCommand(test.text, func(option string) bool { return option == test.option }))
		if test.variable != "" {
			t.Setenv(test.variable, "")
		}
	}
}

// left are parts of messages that name a field also for the command, and why.
var left = map[string]string{
	"Config.Aliases":                   "the command sets no aliases",
	"Config.Engines":                   "the engines are the command's",
	"Config.IdleTimeout":               "the command sets none",
	"Config.Installers":                "the installers are the command's; two parts of one text are tested above",
	"Config.MaxModules":                "the command sets no limit",
	"Config.MemoryLimit":               "the command sets no limit",
	"Config.Notify":                    "the command watches nothing",
	"Config.Credentials: ":             "the command has no such callback",
	"Config.Credentials":               "the command has no such callback",
	"goproxy.Config.DirectCache":       "where a system has no directory for caches, only a program can choose one",
	"goprocess.Config.GOOS and GOARCH": "the command prepares modules by -target",
	"goprocess.Config.GOROOT":          "about a program without package standard",
	"goprocess.Config.MaxInFlight":     "only a program can allow more",
	"gowasm.Config.MaxInFlight":        "only a program can allow more",
	"gowasm.Config.Pool":               "only a program can set it",
	"gowasm.Config.":                   "tested with the words after it",
	"wasm.Config.":                     "tested with the words after it",
	"goprocess.Config.Memory":          "tested with the words around it",
	"starlark.Config.Memory":           "an answer of explain, and only a program can change it",
}

// programs are texts that say who can set the field.
var programs = regexp.MustCompile(`a program (can allow more, by|that sets|can name it in) [\w.]+`)

// TestSweep: of the texts in the packages that the command is made of, none names a field of the
// library to its user, but for those above.
func TestSweep(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	found := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() {
			switch first, _, _ := strings.Cut(rel, string(filepath.Separator)); {
			case d.Name() == "testdata", first == "examples", first == "benchmarks", first == "contrib", first == "loadtest", first == ".git", rel == filepath.Join("internal", "wording"):
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || !strings.Contains(lit.Value, "Config.") {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			found++
			said := wording.OfCommand(text, func(option string) bool { return option == "frozen" || option == "offline" })
			said = strings.ReplaceAll(said, "Config.NoInstall", "") // it is set by a variable alone
			said = programs.ReplaceAllString(said, "")
			for reasoned := range left {
				said = strings.ReplaceAll(said, reasoned, "")
			}
			if strings.Contains(said, "Config.") && !strings.HasPrefix(text, "(Config.") {
				assert.Fail(t, "the command names a field", "%s: %q", rel, said)
			}
			return true
		})
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, found, 30)
}
