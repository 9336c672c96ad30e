package standard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/eval"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goEngines are the engines that run Go packages.
var goEngines = []string{"goprocess", "gowasm"}

// minShare is the least share of the calls that has to give the right results on each engine.
const minShare = 0.95

// TestLivePackages calls the functions and methods that users of real packages call most: the
// expressions of testdata/packages, and the bindings of the other packages tests. It runs where
// LOAD_LIVE=1, in the store in LOAD_DIR if that is set.
func TestLivePackages(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it needs the registry: set LOAD_LIVE=1")
	}
	dir := os.Getenv("LOAD_DIR")
	if dir == "" {
		dir = filepath.Join(loadtest.TempDir(t), "store")
	}
	s, err := store.Open(dir)
	require.NoError(t, err)
	tables := readPackages(t)
	for _, engine := range goEngines {
		t.Run(engine, func(t *testing.T) {
			l, err := standard.New(load.Config{Store: s, Path: standard.Path(s), Engine: engine})
			require.NoError(t, err)
			p := &packages{loader: l, used: map[string]bool{}}
			t.Run("all", func(t *testing.T) {
				for _, table := range tables {
					t.Run(table.name, func(t *testing.T) {
						t.Parallel()
						p.table(t, table)
					})
				}
				for _, b := range bindings {
					t.Run(b.name+" bound", func(t *testing.T) {
						t.Parallel()
						p.bindings(t, b)
					})
				}
			})
			p.report(t, engine)
			assert.NoError(t, l.Close(context.Background()))
		})
	}
}

// packages collects how the calls of one engine went.
type packages struct {
	loader *load.Loader

	mu       sync.Mutex
	used     map[string]bool // packages
	calls    int
	failures []string
}

// result counts a call, whose results are printed as got.
func (p *packages) result(pkg, call, got, want string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used[pkg] = true
	p.calls++
	if got != want {
		p.failures = append(p.failures, fmt.Sprintf("%s: %s\n\tgot  %s\n\twant %s", pkg, call, got, want))
	}
}

func (p *packages) report(t *testing.T, engine string) {
	slices.Sort(p.failures)
	right := p.calls - len(p.failures)
	share := float64(right) / float64(max(p.calls, 1))
	t.Logf("%s: %d packages, %d calls, %d right: %.1f %%\n%s", engine, len(p.used), p.calls, right, 100*share, strings.Join(p.failures, "\n"))
	assert.GreaterOrEqualf(t, share, minShare, "fewer than %.0f %% are right", 100*minShare)
}

// packageTable is a package and the expressions over it.
type packageTable struct {
	name  string
	along []string
	rows  []packageRow
}

type packageRow struct{ expr, want string }

// readPackages reads testdata/packages: after a line "package NAME with COMPANION …" come the
// expressions, each followed by what Go prints for it.
func readPackages(t *testing.T) []packageTable {
	t.Helper()
	files, err := filepath.Glob("testdata/packages/*.txt")
	require.NoError(t, err)
	var tables []packageTable
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			words := strings.Fields(line)
			switch {
			case len(words) == 0 || words[0] == "#":
			case words[0] == "package":
				table := packageTable{name: words[1]}
				if len(words) > 2 {
					table.along = words[3:]
				}
				tables = append(tables, table)
			case line[0] == '\t':
				rows := tables[len(tables)-1].rows
				rows[len(rows)-1].want = line[1:]
			default:
				table := &tables[len(tables)-1]
				table.rows = append(table.rows, packageRow{expr: line})
			}
		}
	}
	return tables
}

// table evaluates the expressions of one package.
func (p *packages) table(t *testing.T, table packageTable) {
	exprs := make([]*eval.Expression, len(table.rows))
	var instances []string
	for i, row := range table.rows {
		var err error
		exprs[i], err = eval.Parse(row.expr)
		require.NoError(t, err)
		instances = append(instances, exprs[i].Instantiations(eval.Scope{})...)
	}
	m, err := p.loader.Load(t.Context(), table.name, load.Along(table.along...), load.Instantiate(instances...))
	for i, row := range table.rows {
		got := ""
		if err != nil {
			got = "load: " + err.Error()
		} else {
			got = printed(exprs[i].Eval(t.Context(), eval.Scope{Module: m}))
		}
		p.result(table.name, row.expr, got, row.want)
	}
	if err == nil {
		p.unload(t, table.name, table.along, instances)
	}
}

// unload ends a module, so that not all of them run until the end.
func (p *packages) unload(t *testing.T, name string, along, instances []string) {
	_, err := p.loader.Unload(t.Context(), name, load.Along(along...), load.Instantiate(instances...))
	assert.NoError(t, err)
}

// printed is what the tables have: the results as fmt.Println prints them, quoted where they are
// more than one line.
func printed(results []any, err error) string {
	text := strings.TrimSuffix(fmt.Sprintln(results...), "\n")
	if err == nil && len(results) > 0 { // an error that is a value
		err, _ = results[len(results)-1].(error)
	}
	if err != nil {
		text = "error: " + err.Error()
	}
	if text == "" || text != strings.TrimSpace(text) || strings.ContainsAny(text, "\n\r\t\x1b") || text[0] == '"' {
		return strconv.Quote(text)
	}
	return text
}
