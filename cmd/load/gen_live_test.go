package main

import (
	"bytes"
	"context"
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
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// liveTrees are the packages whose published examples TestLiveStubs runs: a tree of stubs each line.
// LOAD_LIVE_STUBS names others, trees with ";" between them.
var liveTrees = []string{
	"container/list container/ring container/heap sort strings bytes bufio strconv path unicode/utf8",
	"encoding/json encoding/csv encoding/hex encoding/base64 net/url text/template text/tabwriter errors regexp flag",
}

// onWebAssembly are those of them whose examples run on gowasm, too.
const onWebAssembly = "container/list container/ring sort strings strconv encoding/json encoding/csv net/url text/template regexp"

// leastLive is the share of the examples that pass natively which pass through stubs, in percent.
const leastLive = 90

// TestLiveStubs leads the imports of published examples to stubs, and counts those that pass
// natively and through stubs. It needs the network and minutes.
func TestLiveStubs(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it takes minutes: set LOAD_LIVE=1")
	}
	trees, wasm := liveTrees, onWebAssembly
	if others := os.Getenv("LOAD_LIVE_STUBS"); others != "" {
		trees, wasm = strings.Split(others, ";"), os.Getenv("LOAD_LIVE_WASM")
	}
	dir := appModule(t)
	t.Setenv("LOAD_DIR", t.TempDir())
	var all []*livePackage
	for i, names := range trees {
		tree := &liveTree{t: t, dir: dir, at: "t" + strconv.Itoa(i)}
		for j, name := range strings.Fields(names) {
			p := &livePackage{name: name, at: tree.at + "p" + strconv.Itoa(j), reasons: map[string]string{}}
			p.path, _, _ = strings.Cut(name, "@")
			tree.packages = append(tree.packages, p)
		}
		tree.run(wasm)
		all = append(all, tree.packages...)
	}
	native, passed, table := 0, 0, "package · examples · native · stubs · gowasm"
	nativeWasm, passedWasm := 0, 0
	for _, p := range all {
		native, passed = native+len(p.native), passed+len(p.passed)
		table += fmt.Sprintf("\n%s · %d · %d · %d", p.name, len(p.examples), len(p.native), len(p.passed))
		if p.wasm {
			nativeWasm, passedWasm = nativeWasm+len(p.native), passedWasm+len(p.passedWasm)
			table += fmt.Sprintf(" · %d", len(p.passedWasm))
		}
		for _, example := range p.native {
			if !slices.Contains(p.passed, example) || p.wasm && !slices.Contains(p.passedWasm, example) {
				table += "\n\t" + example + ": " + p.reasons[example]
			}
		}
	}
	t.Log(table)
	require.Positive(t, native)
	assert.GreaterOrEqual(t, 100*passed, leastLive*native, "%d of %d examples that pass natively pass through stubs", passed, native)
	t.Logf("%d of %d (%.1f %%), on gowasm %d of %d", passed, native, 100*float64(passed)/float64(native), passedWasm, nativeWasm)
	assert.GreaterOrEqual(t, 100*passedWasm, leastLive*nativeWasm, "%d of %d on gowasm", passedWasm, nativeWasm)
}

// livePackage is a package whose examples run.
type livePackage struct {
	name, path, at string
	sources        map[string][]byte // its files of examples
	examples       []string
	outputs        map[string]string // what an example's last comment is
	wasm           bool
	native         []string
	passed         []string
	passedWasm     []string
	reasons        map[string]string
}

// liveTree is a tree of stubs, and the examples of its packages.
type liveTree struct {
	t         *testing.T
	dir, at   string
	packages  []*livePackage
	generated []string // import paths
}

func (l *liveTree) run(wasm string) {
	var names []string
	args := []string{"get"}
	for _, p := range l.packages {
		names = append(names, p.name)
		if strings.Contains(p.name, "@") {
			args = append(args, p.name)
		}
	}
	if len(args) > 1 {
		output, err := goIn(l.t, l.dir, args...)
		require.NoError(l.t, err, output)
	}
	for _, p := range l.packages {
		output, err := goIn(l.t, l.dir, "list", "-f", "dir={{.Dir}}", p.path)
		require.NoError(l.t, err, output)
		p.read(l.t, strings.TrimSpace(output[strings.LastIndex(output, "dir=")+4:]))
		p.wasm = slices.Contains(strings.Fields(wasm), p.name)
	}
	stubs := filepath.Join(l.dir, l.at, "stubs")
	stderr, code := gen(l.t, l.dir, append([]string{"-tree", "-o", stubs}, names...)...)
	if !assert.Zero(l.t, code, stderr) {
		return
	}
	require.NoError(l.t, filepath.WalkDir(stubs, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			below, _ := filepath.Rel(stubs, path)
			l.generated = append(l.generated, filepath.ToSlash(below))
		}
		return err
	}))
	if os.Getenv("LOAD_LIVE_STUBS") == "" {
		output, err := goIn(l.t, l.dir, "vet", "./"+l.at+"/stubs/...")
		assert.NoError(l.t, err, output)
	}
	for i, passed := range l.pass("native", false, func(p *livePackage) []string { return p.examples }) {
		l.packages[i].native = passed
	}
	for i, passed := range l.pass("led", false, func(p *livePackage) []string { return p.native }) {
		l.packages[i].passed = passed
	}
	for i, passed := range l.pass("led", true, func(p *livePackage) []string { return p.passed }) {
		l.packages[i].passedWasm = passed
	}
}

var hasOutput = regexp.MustCompile(`(?i)^\s*(unordered )?output:`)

// read finds the external examples of a package that have an output.
func (p *livePackage) read(t *testing.T, source string) {
	p.sources, p.outputs = map[string][]byte{}, map[string]string{}
	files, err := filepath.Glob(filepath.Join(source, "*_test.go"))
	require.NoError(t, err)
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "", text, parser.ParseComments)
		if err != nil || !strings.HasSuffix(file.Name.Name, "_test") || bytes.Contains(text, []byte("//go:build goexperiment")) || bytes.Contains(text, []byte("/internal/")) {
			continue
		}
		for _, decl := range file.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if !ok || d.Recv != nil || !strings.HasPrefix(d.Name.Name, "Example") {
				continue
			}
			for _, c := range file.Comments {
				if c.Pos() > d.Body.Pos() && c.End() < d.Body.End() && hasOutput.MatchString(c.Text()) {
					p.outputs[d.Name.Name] = string(text[fset.Position(c.Pos()).Offset:fset.Position(c.End()).Offset])
				}
			}
			if p.outputs[d.Name.Name] != "" {
				p.examples = append(p.examples, d.Name.Name)
				p.sources[filepath.Base(path)] = text
			}
		}
	}
}

// pass builds a program of the wanted examples of all packages, and returns those that pass.
func (l *liveTree) pass(name string, wasm bool, wanted func(*livePackage) []string) [][]string {
	all := make([]string, 0, len(l.packages))
	passed := make([][]string, len(l.packages))
	at := "./" + l.at + "/" + name
	root := filepath.Join(l.dir, l.at, name)
	binary := filepath.Join(root, "examples")
	for _, p := range l.packages {
		if !wasm || p.wasm {
			all = append(all, wanted(p)...)
		}
	}
	if len(all) == 0 {
		return passed
	}
	if !wasm {
		for _, p := range l.packages {
			p.write(l.t, filepath.Join(root, p.at), wanted(p), func(path string) string {
				if name != "native" && slices.Contains(l.generated, path) {
					return "example.com/app/" + l.at + "/stubs/" + path
				}
				return path
			})
		}
		l.fit(at, root)
		l.writeMain(root, name != "native")
		output, err := goIn(l.t, l.dir, "test", "-vet=off", "-c", "-o", binary, at)
		require.NoError(l.t, err, output)
	}
	var run []string
	for _, p := range l.packages {
		for _, example := range wanted(p) {
			if (!wasm || p.wasm) && p.has(root, example) {
				run = append(run, "Example_"+p.at+"_"+example)
			}
		}
	}
	good := l.execute(binary, run, wasm)
	for i, p := range l.packages {
		for _, example := range wanted(p) {
			if slices.Contains(good, "Example_"+p.at+"_"+example) {
				passed[i] = append(passed[i], example)
			}
		}
	}
	return passed
}

// write writes the examples as a package that other code can call.
func (p *livePackage) write(t *testing.T, dir string, wanted []string, lead func(string) string) {
	require.NoError(t, os.MkdirAll(dir, 0o777))
	writeFile(t, filepath.Join(dir, "x.go"), []byte("package "+p.at+"\n"))
	if len(wanted) == 0 {
		return
	}
	for name, text := range p.sources {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "", text, parser.ParseComments)
		require.NoError(t, err)
		file.Name.Name = p.at
		for _, spec := range file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			spec.Path.Value = strconv.Quote(lead(path))
		}
		var led bytes.Buffer
		require.NoError(t, format.Node(&led, fset, file))
		writeFile(t, filepath.Join(dir, strings.TrimSuffix(name, "_test.go")+"_.go"), led.Bytes())
	}
}

// has reports whether an example was not taken out.
func (p *livePackage) has(root, example string) bool {
	files, _ := filepath.Glob(filepath.Join(root, p.at, "*.go"))
	for _, file := range files {
		if text, _ := os.ReadFile(file); bytes.Contains(text, []byte("\nfunc "+example+"(")) {
			return true
		}
	}
	return false
}

var compileError = regexp.MustCompile(`(?m)^(\S*\.go):(\d+):\d+: (.*)$`)

// fit takes out of the packages what the compiler complains about, and unused imports.
func (l *liveTree) fit(at, root string) {
	for range 10 {
		output, err := goIn(l.t, l.dir, "build", "-gcflags=-e", at+"/...")
		if err == nil {
			return
		}
		byFile := map[string][][]string{}
		for _, match := range compileError.FindAllStringSubmatch(output, -1) {
			byFile[match[1]] = append(byFile[match[1]], match)
		}
		changed := false
		for file, matches := range byFile {
			path := filepath.Join(l.dir, file)
			text, err := os.ReadFile(path)
			if err != nil || !strings.HasPrefix(path, root) {
				continue
			}
			for _, p := range l.packages {
				if strings.Contains(file, "/"+p.at+"/") {
					fewer := p.without(text, matches)
					changed = changed || !bytes.Equal(fewer, text)
					writeFile(l.t, path, fewer)
				}
			}
		}
		if !changed {
			l.t.Log(output)
			return
		}
	}
}

// without takes out of a file the functions that the compiler complains about, and unused imports.
func (p *livePackage) without(text []byte, matches [][]string) []byte {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", text, parser.ParseComments)
	if err != nil {
		return text
	}
	lines := strings.Split(string(text), "\n")
	for _, match := range matches {
		line, _ := strconv.Atoi(match[2])
		if strings.Contains(match[3], "imported and not used") || strings.Contains(match[3], "imported as") {
			lines[line-1] = regexp.MustCompile(`^(\s*(?:import )?)(?:[\w.]+ )?"`).ReplaceAllString(lines[line-1], `${1}_ "`)
			continue
		}
		for _, decl := range file.Decls {
			first, last := fset.Position(decl.Pos()).Line, fset.Position(decl.End()).Line
			if line < first || last < line {
				continue
			}
			if d, ok := decl.(*ast.FuncDecl); ok && p.reasons[d.Name.Name] == "" {
				p.reasons[d.Name.Name] = match[3]
			}
			for i := first - 1; i < last; i++ {
				lines[i] = ""
			}
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// writeMain writes the test that runs the examples.
func (l *liveTree) writeMain(root string, led bool) {
	var imports, body strings.Builder
	for _, p := range l.packages {
		imports.WriteString("\t\"example.com/app/" + l.at + "/" + filepath.Base(root) + "/" + p.at + "\"\n")
		none := true
		for _, example := range p.examples {
			if p.has(root, example) {
				none = false
				fmt.Fprintf(&body, "\nfunc Example_%s_%s() {\n\t%s.%s()\n\t%s\n}\n", p.at, example, p.at, example, p.outputs[example])
			}
		}
		if none {
			fmt.Fprintf(&body, "\nvar _ = %s.Nothing\n", p.at)
			path := filepath.Join(root, p.at, "x.go")
			writeFile(l.t, path, []byte("package "+p.at+"\n\nconst Nothing = 0\n"))
		}
	}
	if led {
		imports.WriteString("\t\"os\"\n\t\"github.com/loadgo/load\"\n\t\"github.com/loadgo/load/standard\"\n\tfirst \"example.com/app/" + l.at + "/stubs/" + l.packages[0].path + "\"\n")
		body.WriteString(`
func init() {
	if os.Getenv("LIVE_ENGINE") == "" {
		return
	}
	l, err := standard.Printing(printer{&os.Stdout}, printer{&os.Stderr}, load.Config{Engine: os.Getenv("LIVE_ENGINE")})
	if err != nil {
		panic(err)
	}
	first.Use(l)
}

type printer struct{ to **os.File }

func (p printer) Write(data []byte) (int, error) { return (*p.to).Write(data) }
`)
	}
	writeFile(l.t, filepath.Join(root, "main_test.go"), []byte("package main\n\nimport (\n"+imports.String()+")\n"+body.String()))
	writeFile(l.t, filepath.Join(root, "main.go"), []byte("package main\n\nfunc main() {}\n"))
}

var exampleResult = regexp.MustCompile(`(?m)^--- (PASS|FAIL): (Example\w+) \(.*\)$`)

// execute runs examples, again without those that ended the program, and returns those that pass.
func (l *liveTree) execute(binary string, run []string, wasm bool) (passed []string) {
	for len(run) > 0 {
		ctx, cancel := context.WithTimeout(l.t.Context(), 3*time.Minute)
		cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.timeout=60s", "-test.run=^("+strings.Join(run, "|")+")$")
		cmd.Dir = filepath.Dir(binary)
		if wasm {
			cmd.Env = append(os.Environ(), "LIVE_ENGINE=gowasm")
		}
		combined, _ := cmd.CombinedOutput()
		cancel()
		output := string(combined)
		parts := strings.Split(output, "=== RUN   ")
		var rest []string
		seen := map[string]bool{}
		for _, part := range parts[1:] {
			name, text, _ := strings.Cut(part, "\n")
			seen[name] = true
			match := exampleResult.FindStringSubmatch(part)
			if match != nil && match[1] == "PASS" {
				passed = append(passed, name)
				continue
			}
			for _, p := range l.packages {
				if example, ok := strings.CutPrefix(name, "Example_"+p.at+"_"); ok {
					p.reasons[example] = text[:min(len(text), 1000)]
				}
			}
		}
		for _, name := range run {
			if !seen[name] {
				rest = append(rest, name)
			}
		}
		if len(rest) == len(run) {
			l.t.Log(output)
			break
		}
		run = rest
	}
	return passed
}
