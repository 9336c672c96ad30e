package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// liveStubs are packages whose published examples TestLiveStubs runs. LOAD_LIVE_STUBS names others,
// separated by blanks; those with versions are modules that the module proxy serves.
const liveStubs = "sort net/url text/tabwriter gopkg.in/yaml.v3@v3.0.1 github.com/pkg/errors@v0.9.1"

// leastLive is the share of the examples that pass natively which pass through stubs, in percent.
const leastLive = 90

// TestLiveStubs leads the imports of published examples to stubs, and counts those that pass
// natively and through stubs. It needs the network and minutes.
func TestLiveStubs(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it takes minutes: set LOAD_LIVE=1")
	}
	names := liveStubs
	if others := os.Getenv("LOAD_LIVE_STUBS"); others != "" {
		names = others
	}
	dir := appModule(t)
	t.Setenv("LOAD_DIR", t.TempDir())
	native, stubs := 0, 0
	table := "package · examples · native · stubs"
	for i, name := range strings.Fields(names) {
		p := &livePackage{t: t, dir: dir, at: "p" + strconv.Itoa(i), name: name}
		p.path, _, _ = strings.Cut(name, "@")
		p.run()
		native, stubs = native+len(p.native), stubs+len(p.passed)
		table += fmt.Sprintf("\n%s · %d · %d · %d", name, p.all, len(p.native), len(p.passed))
		for _, example := range p.native {
			if !slices.Contains(p.passed, example) {
				table += "\n\t" + example + ": " + p.reasons[example]
			}
		}
	}
	t.Log(table)
	require.Positive(t, native)
	assert.GreaterOrEqual(t, 100*stubs, leastLive*native, "%d of %d examples that pass natively pass through stubs", stubs, native)
}

// livePackage is a package whose examples run.
type livePackage struct {
	t              *testing.T
	dir, at        string // the application, and what it has of the package
	name, path     string
	generated      []string // import paths
	all            int
	native, passed []string
	reasons        map[string]string
}

func (p *livePackage) run() {
	p.reasons = map[string]string{}
	if strings.Contains(p.name, "@") {
		output, err := goIn(p.t, p.dir, "get", p.name)
		require.NoError(p.t, err, output)
	}
	output, err := goIn(p.t, p.dir, "list", "-f", "dir={{.Dir}}", p.path)
	require.NoError(p.t, err, output)
	source := strings.TrimSpace(output[strings.LastIndex(output, "dir=")+4:])
	stubs := filepath.Join(p.dir, p.at, "stubs")
	stderr, code := gen(p.t, p.dir, "-tree", "-o", stubs, p.name)
	if !assert.Zero(p.t, code, stderr) {
		return
	}
	require.NoError(p.t, filepath.WalkDir(stubs, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			below, _ := filepath.Rel(stubs, path)
			p.generated = append(p.generated, filepath.ToSlash(below))
		}
		return err
	}))
	output, err = goIn(p.t, p.dir, "vet", "./"+p.at+"/stubs/...")
	assert.NoError(p.t, err, output)
	files, err := filepath.Glob(filepath.Join(source, "*_test.go"))
	require.NoError(p.t, err)
	for i, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(p.t, err)
		f := &exampleFile{livePackage: p, text: text}
		if wanted := f.examples(); len(wanted) > 0 {
			p.all += len(wanted)
			f.runBoth(strconv.Itoa(i), wanted)
		}
	}
}

// exampleFile is a file of external examples.
type exampleFile struct {
	*livePackage
	text []byte
}

var hasOutput = regexp.MustCompile(`(?i)^\s*(unordered )?output:`)

// examples lists the examples with an output.
func (f *exampleFile) examples() (names []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "", f.text, parser.ParseComments)
	if err != nil || !strings.HasSuffix(file.Name.Name, "_test") || bytes.Contains(f.text, []byte("//go:build goexperiment")) {
		return nil
	}
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if ok && d.Recv == nil && strings.HasPrefix(d.Name.Name, "Example") && slices.ContainsFunc(file.Comments, func(c *ast.CommentGroup) bool {
			return c.Pos() > d.Body.Pos() && c.End() < d.Body.End() && hasOutput.MatchString(c.Text())
		}) {
			names = append(names, d.Name.Name)
		}
	}
	return names
}

// runBoth runs the examples natively, and those that pass through the stubs.
func (f *exampleFile) runBoth(number string, wanted []string) {
	native := f.passing("native"+number, f.text, wanted)
	f.native = append(f.native, native...)
	if len(native) == 0 {
		return
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", f.text, parser.ParseComments)
	require.NoError(f.t, err)
	for _, spec := range file.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); slices.Contains(f.generated, path) {
			spec.Path.Value = strconv.Quote("example.com/app/" + f.at + "/stubs/" + path)
		}
	}
	var led bytes.Buffer
	require.NoError(f.t, format.Node(&led, fset, file))
	f.passed = append(f.passed, f.passing("stubs"+number, led.Bytes(), native)...)
}

var compileError = regexp.MustCompile(`(?m)^\S*e_test\.go:(\d+):\d+: (.*)$`)

// passing returns the examples of a file that pass. What does not compile is taken out of it.
func (f *exampleFile) passing(name string, text []byte, wanted []string) (passed []string) {
	dir := filepath.Join(f.dir, f.at, name)
	pkg := "./" + f.at + "/" + name
	for range 10 {
		writeFile(f.t, filepath.Join(dir, "e_test.go"), text)
		output, err := goIn(f.t, f.dir, "test", "-vet=off", "-c", "-o", filepath.Join(dir, "examples"), pkg)
		if err == nil {
			break
		}
		fewer := f.without(text, output)
		if bytes.Equal(fewer, text) {
			for _, example := range wanted {
				f.reasons[example] = output
			}
			return nil
		}
		text = fewer
	}
	for _, example := range wanted {
		if f.reasons[example] != "" {
			continue
		}
		cmd := exec.CommandContext(f.t.Context(), filepath.Join(dir, "examples"), "-test.v", "-test.timeout=60s", "-test.run=^"+example+"$")
		cmd.Dir = dir
		combined, _ := cmd.CombinedOutput()
		output := string(combined)
		if strings.Contains(output, "--- PASS: "+example+" ") {
			passed = append(passed, example)
		} else {
			f.reasons[example] = output[:min(len(output), 600)]
		}
	}
	return passed
}

// without takes out of a file the examples that the compiler complains about, and unused imports.
func (f *exampleFile) without(text []byte, output string) []byte {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", text, parser.ParseComments)
	if err != nil {
		return text
	}
	lines := strings.Split(string(text), "\n")
	for _, match := range compileError.FindAllStringSubmatch(output, -1) {
		line, _ := strconv.Atoi(match[1])
		if strings.Contains(match[2], "imported and not used") || strings.Contains(match[2], "imported as") {
			lines[line-1] = regexp.MustCompile(`^(\s*(?:import )?)(?:\w+ )?"`).ReplaceAllString(lines[line-1], `${1}_ "`)
			continue
		}
		for _, decl := range file.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if first, last := fset.Position(decl.Pos()).Line, fset.Position(decl.End()).Line; ok && first <= line && line <= last {
				f.reasons[d.Name.Name] = match[2]
				for i := first - 1; i < last; i++ {
					lines[i] = ""
				}
			}
		}
	}
	return []byte(strings.Join(lines, "\n"))
}
