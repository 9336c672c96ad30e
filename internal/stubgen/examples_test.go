package stubgen_test

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/stubgen"
)

// TestExamples runs the published examples of standard packages through their stubs: those that use
// nothing that was left out. It tells how many of all these are.
func TestExamples(t *testing.T) {
	t.Parallel()
	testExamples(t, "path", "strings")
}

// TestLiveExamples is TestExamples of many more packages, where LOAD_LIVE=1.
func TestLiveExamples(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it takes long: set LOAD_LIVE=1")
	}
	testExamples(t, "strconv", "sort", "unicode", "unicode/utf8", "unicode/utf16", "math", "math/bits", "html", "net/url", "bytes",
		"path/filepath", "mime", "hash/crc32", "encoding/hex", "regexp", "slices", "container/list", "text/template")
}

func testExamples(t *testing.T, packages ...string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	dir := t.TempDir()
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	text := strings.Replace(string(gomod), "module github.com/loadgo/load", "module example.com/app", 1)
	text += "\nrequire github.com/loadgo/load v0.0.0\n\nreplace github.com/loadgo/load => " + root + "\n"
	write(t, filepath.Join(dir, "go.mod"), []byte(text))
	gosum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	write(t, filepath.Join(dir, "go.sum"), gosum)
	goroot, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	require.NoError(t, err)
	all, usable := 0, 0
	for _, name := range packages {
		source := filepath.Join(strings.TrimSpace(string(goroot)), "src", filepath.FromSlash(name))
		out, err := stubgen.Generate(stubgen.Input{Path: name, Name: name, Version: runtime.Version(), Dir: source})
		require.NoError(t, err)
		stub := filepath.Join(dir, "stubs", name)
		for file, data := range out.Files {
			write(t, filepath.Join(stub, file), data)
		}
		n, some := examples(t, name, source, stub, out)
		all, usable = all+n, usable+some
	}
	for _, args := range [][]string{{"vet", "./..."}, {"vet", "-tags=load_linked", "./..."}, {"test", "-v", "./..."}, {"test", "-tags=load_linked", "./..."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "LOAD_DIR="+filepath.Join(dir, "store"))
		output, err := cmd.CombinedOutput()
		assert.NoError(t, err, "go %s\n%s", strings.Join(args, " "), output)
		if args[1] == "-v" {
			passed := bytes.Count(output, []byte("--- PASS: Example"))
			assert.Equal(t, usable, passed, "%s", output)
			t.Logf("of %d examples, %d use nothing that was left out, and %d pass", all, usable, passed)
		}
	}
}

var hasOutput = regexp.MustCompile(`(?i)^\s*(unordered )?output:`)

// examples writes those of a package's examples that its stub has everything for, and returns how
// many there are of both.
func examples(t *testing.T, name, source, stub string, out *stubgen.Output) (all, usable int) {
	paths, err := filepath.Glob(filepath.Join(source, "example*_test.go"))
	require.NoError(t, err)
	for _, path := range paths {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		require.NoError(t, err)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		uses := map[string]bool{}
		var kept bytes.Buffer
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "Example") || !expects(file, f) {
				continue
			}
			all++
			inside, whole := map[string]bool{}, true
			ast.Inspect(f.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok {
						inside[x.Name] = true
						whole = whole && (x.Name != out.Package || !slices.ContainsFunc(out.Left, func(o stubgen.Omission) bool { return o.Name == n.Sel.Name }))
					}
				case *ast.Ident: // what the file itself declares is not copied
					whole = whole && (n.Obj == nil || n.Obj.Pos() >= f.Pos() && n.Obj.Pos() < f.End())
				}
				return true
			})
			if !whole || !inside[out.Package] {
				continue
			}
			usable++
			for used := range inside {
				uses[used] = true
			}
			kept.WriteString("\n")
			kept.Write(data[fset.Position(f.Pos()).Offset:fset.Position(f.End()).Offset])
			kept.WriteString("\n")
		}
		if kept.Len() == 0 {
			continue
		}
		text := "package " + out.Package + "_test\n\nimport (\n"
		for _, spec := range file.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if base := imported[strings.LastIndex(imported, "/")+1:]; !uses[base] {
				continue
			}
			if imported == name {
				imported = "example.com/app/stubs/" + name
			}
			text += "\t\"" + imported + "\"\n"
		}
		formatted, err := format.Source([]byte(text + ")\n" + kept.String()))
		require.NoError(t, err)
		write(t, filepath.Join(stub, filepath.Base(path)), formatted)
	}
	return all, usable
}

// expects reports whether an example has an output to compare with.
func expects(file *ast.File, f *ast.FuncDecl) bool {
	return slices.ContainsFunc(file.Comments, func(c *ast.CommentGroup) bool {
		return c.Pos() > f.Body.Pos() && c.End() < f.Body.End() && hasOutput.MatchString(c.Text())
	})
}

func write(t *testing.T, path string, data []byte) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, data, 0o666))
}
