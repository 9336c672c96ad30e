package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/stubgen/examples"
)

// liveStubs are the packages whose published examples TestLiveStubs runs: trees of stubs, with ";"
// between them. Those with versions are of modules that the module proxy serves. LOAD_LIVE_STUBS
// names others, and LOAD_LIVE_WASM those of them that run on gowasm, too.
var liveStubs = strings.Join([]string{
	"container/list container/ring container/heap sort strings bytes bufio strconv path unicode/utf8",
	"encoding/json encoding/csv encoding/hex encoding/base64 net/url text/template text/tabwriter errors regexp flag",
	"gopkg.in/yaml.v3@v3.0.1 github.com/pkg/errors@v0.9.1",
}, ";")

const liveWasm = "container/list container/ring sort strings strconv encoding/json encoding/csv net/url text/template regexp"

// leastLive is the share of the examples that pass natively which pass through stubs, in percent.
const leastLive = 90

// TestLiveStubs leads the imports of published examples to stubs, and counts those that pass
// natively and through stubs. It needs the network and minutes.
func TestLiveStubs(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it takes minutes: set LOAD_LIVE=1")
	}
	lists, wasm := liveStubs, liveWasm
	if others := os.Getenv("LOAD_LIVE_STUBS"); others != "" {
		lists, wasm = others, os.Getenv("LOAD_LIVE_WASM")
	}
	t.Setenv("LOAD_DIR", t.TempDir())
	var all []*livePackage
	for _, names := range strings.Split(lists, ";") {
		t.Run(strings.Fields(names)[0], func(t *testing.T) { // each in a module of its own: one that fails leaves the others
			live := liveModule{t: t, Module: examples.Module{Dir: appModule(t), Env: append(os.Environ(), "GOFLAGS=-mod=mod")}}
			all = append(all, live.tree(strings.Fields(names), strings.Fields(wasm))...)
		})
	}
	native, stubs, onWasm, wasmNative := 0, 0, 0, 0
	table := "package · examples · native · stubs · gowasm"
	for _, p := range all {
		native, stubs = native+len(p.native), stubs+len(p.native)-len(p.failed)
		table += fmt.Sprintf("\n%s · %d · %d · %d", p.name, p.examples, len(p.native), len(p.native)-len(p.failed))
		if p.failedWasm != nil {
			wasmNative, onWasm = wasmNative+len(p.native), onWasm+len(p.native)-len(p.failedWasm)
			table += fmt.Sprintf(" · %d", len(p.native)-len(p.failedWasm))
		}
	}
	t.Log(table)
	t.Logf("%d of %d, on gowasm %d of %d", stubs, native, onWasm, wasmNative)
	require.Positive(t, native)
	assert.GreaterOrEqual(t, 100*stubs, leastLive*native, "%d of %d examples that pass natively pass through stubs", stubs, native)
	assert.GreaterOrEqual(t, 100*onWasm, leastLive*wasmNative, "%d of %d do on gowasm", onWasm, wasmNative)
}

// livePackage is a package whose examples ran.
type livePackage struct {
	name               string
	examples           int
	native             []string          // those that pass natively
	failed, failedWasm map[string]string // of these, and why
}

// failures tells which examples fail that pass natively, and how.
func (p *livePackage) failures() (text string) {
	for _, example := range p.native {
		if reason, ok := p.failed[example]; ok {
			text += example + ": " + reason[:min(len(reason), 1200)] + "\n"
		} else if reason, ok := p.failedWasm[example]; ok {
			text += example + " on gowasm: " + reason[:min(len(reason), 1200)] + "\n"
		}
	}
	return text
}

// liveModule is the application whose packages the examples become.
type liveModule struct {
	examples.Module
	t *testing.T
}

func (l liveModule) mustGo(args ...string) string {
	output, err := l.Go(l.t.Context(), args...)
	require.NoError(l.t, err, output)
	return output
}

// tree generates a tree of stubs, and runs the examples of its packages.
func (l liveModule) tree(names, wasm []string) (all []*livePackage) {
	stubs := filepath.Join(l.Dir, "stubs")
	stderr, code := gen(l.t, l.Dir, append([]string{"-tree", "-o", stubs}, names...)...)
	require.Zero(l.t, code, stderr)
	generated := map[string]bool{}
	require.NoError(l.t, filepath.WalkDir(stubs, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			below, _ := filepath.Rel(stubs, filepath.Dir(file))
			generated[filepath.ToSlash(below)] = true
		}
		return err
	}))
	base := "example.com/app/stubs/"
	for i, name := range names {
		if strings.Contains(name, "@") {
			l.mustGo("get", name)
		}
		path, _, _ := strings.Cut(name, "@")
		p := &livePackage{name: name}
		all = append(all, p)
		l.run(p, path, "p"+strconv.Itoa(i), slices.Contains(wasm, path), func(path string) string {
			if generated[path] {
				return base + path
			}
			return path
		})
	}
	l.mustGo("vet", "./stubs/...")
	return all
}

// run runs the examples of a package natively, and those that pass through its stub.
func (l liveModule) run(p *livePackage, path, at string, wasm bool, lead func(string) string) {
	var listed struct {
		Dir          string
		XTestGoFiles []string
	}
	output := l.mustGo("list", "-json=Dir,XTestGoFiles", path)
	require.NoError(l.t, json.Unmarshal([]byte(output[strings.IndexByte(output, '{'):]), &listed), output)
	suite, err := examples.Read(listed.Dir, listed.XTestGoFiles)
	require.NoError(l.t, err)
	p.examples = len(suite.Examples)
	if p.examples == 0 {
		return
	}
	ctx := l.t.Context()
	native, err := suite.Compile(ctx, l.Module, filepath.Join(at, "native"), func(path string) string { return path }, "")
	require.NoError(l.t, err)
	failed := native.Run(ctx, suite.Examples)
	for _, example := range suite.Examples {
		if _, ok := failed[example]; !ok {
			p.native = append(p.native, example)
		}
	}
	led, err := suite.Compile(ctx, l.Module, filepath.Join(at, "stubs"), lead, engineOfStubs(lead(path)))
	require.NoError(l.t, err)
	p.failed = led.Run(ctx, p.native)
	if wasm {
		p.failedWasm = led.Run(ctx, p.native, "LOAD_LIVE_ENGINE=gowasm")
	}
	l.t.Logf("%s: %d of %d\n%s", p.name, len(p.native)-len(p.failed), len(p.native), p.failures())
}

// engineOfStubs lets the examples say which engine the stubs of a tree run on.
func engineOfStubs(stub string) string {
	return fmt.Sprintf(`
import (
	liveos "os"

	liveload "github.com/loadgo/load"
	livestandard "github.com/loadgo/load/standard"

	livestub %q
)

type livePrinter struct{ to **liveos.File }

func (p livePrinter) Write(data []byte) (int, error) { return (*p.to).Write(data) }

func init() {
	if engine := liveos.Getenv("LOAD_LIVE_ENGINE"); engine != "" {
		l, err := livestandard.Printing(livePrinter{&liveos.Stdout}, livePrinter{&liveos.Stderr}, liveload.Config{Engine: engine})
		if err != nil {
			panic(err)
		}
		livestub.Use(l)
	}
}
`, stub)
}
