package failpoint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const modules = `
-- example.com/hello@v1.0.0/go.mod --
module example.com/hello

go 1.20

require example.com/words v1.0.0
-- example.com/hello@v1.0.0/hello.go --
package hello

import "example.com/words"

func Hello(name string) string { return words.Hello + ", " + name }
-- example.com/words@v1.0.0/go.mod --
module example.com/words

go 1.20
-- example.com/words@v1.0.0/words.go --
package words

const Hello = "hello"
`

// scenario is a series of commands; the last is interrupted.
type scenario struct {
	commands [][]string
	want     string // what the last one prints
	slow     bool   // it runs a compiler: only where LOAD_CRASH is set
	damage   string // pattern of the files of the store that are emptied before the last command
}

// scenarios are named for what is interrupted. $RULES is a git repository.
var scenarios = map[string]scenario{
	"install": {commands: [][]string{{"lock", "example.com/hello"}}, want: "example.com/hello v1.0.0\n"},
	"source":  {commands: [][]string{{"lock", "$RULES//tax?ref=v1.0.0"}}},
	"compile": {commands: [][]string{{"lock", "$RULES//tax?ref=v1.0.0"}, {"eval", "$RULES//tax?ref=v1.0.0", "price(100)"}}, want: "107\n"},
	"evict": {
		commands: [][]string{{"eval", "$RULES//tax?ref=v1.0.0", "price(100)"}, {"eval", "$RULES//tax?ref=v1.0.0", "price(100)"}},
		want:     "107\n", damage: "obj/*/manifest",
	},
	"refetch": {
		commands: [][]string{{"lock", "example.com/hello"}, {"lock", "example.com/words"}},
		want:     "example.com/words v1.0.0\n", damage: "mod/example.com/words@v1.0.0/words.go",
	},
	"repair": {
		commands: [][]string{{"lock", "example.com/hello"}, {"verify", "-repair"}},
		damage:   "mod/example.com/words@v1.0.0/words.go",
	},
	"gc": {commands: [][]string{{"lock", "example.com/hello"}, {"lock", "-remove", "example.com/hello"}, {"gc", "-unused", "0s"}}},
	"rm": {commands: [][]string{{"lock", "example.com/hello"}, {"lock", "-remove", "example.com/hello"}, {"rm", "example.com/hello"}}},
	"native": {
		commands: [][]string{{"lock", "example.com/hello"}, {"eval", "example.com/hello", `Hello("you")`}},
		want:     "hello, you\n", slow: true,
	},
	"wasm": {
		commands: [][]string{{"lock", "example.com/hello"}, {"eval", "-engine", "gowasm", "example.com/hello", `Hello("you")`}},
		want:     "hello, you\n", slow: true,
	},
}

// TestPoints interrupts commands at every point that they pass: by a kill, and by a full disk. What
// is left is whole, and the next run completes it: then the store has the same files as after a run
// that nobody interrupted. Where LOAD_CRASH is set, it is every pass of every point, and of
// compilers, too.
func TestPoints(t *testing.T) {
	t.Parallel()
	_, thorough := os.LookupEnv("LOAD_CRASH")
	load := build(t)
	env := environment(t)
	for name, sc := range scenarios {
		if sc.slow && !thorough {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := newMachine(t, load, env, sc)
			passed := plain.trace(t)
			want := plain.files(t)
			seen := make(map[string]int)
			for _, point := range passed {
				seen[point]++
				if seen[point] > 1 && !thorough {
					continue
				}
				at := fmt.Sprintf("%s#%d", point, seen[point])
				newMachine(t, load, env, sc).interrupt(t, at+"=kill", want)
				if seen[point] == 1 {
					newMachine(t, load, env, sc).interrupt(t, at+"=enospc", want)
				}
			}
			assert.GreaterOrEqual(t, len(seen), 3)
			t.Logf("%d points, %d passes", len(seen), len(passed))
		})
	}
}

// trace runs the last command and returns the points that it passes.
func (m *machine) trace(t *testing.T) []string {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	out, err := m.run(t, m.last(), "LOAD_FAILPOINT_TRACE="+trace)
	m.check(t, "without an interruption", out, err)
	data, err := os.ReadFile(trace)
	require.NoError(t, err)
	return strings.Fields(string(data))
}

func (m *machine) check(t *testing.T, when, out string, err error) {
	t.Helper()
	require.NoErrorf(t, err, "%s: %q, %v", when, out, err)
	assert.Falsef(t, m.want != "" && out != m.want, "%s: %q, %v", when, out, err)
}

// interrupt interrupts the last command, looks at what that leaves, and runs it again.
func (m *machine) interrupt(t *testing.T, what string, want []string) {
	t.Helper()
	out, err := m.run(t, m.last(), "LOAD_FAILPOINT="+what)
	killed := strings.HasSuffix(what, "=kill")
	switch {
	case killed && (err == nil || !strings.Contains(err.Error(), "killed")):
		if strings.Contains(what, "#1=") { // how often a point is passed may change from run to run
			t.Errorf("%s: not killed: %q, %v", what, out, err)
		}
	case !killed && err == nil: // something that need not succeed
		m.check(t, what, out, err)
	case !killed && (!strings.Contains(err.Error(), "no space left on device\n\t") || !strings.Contains(err.Error(), "free space on ")):
		t.Errorf("%s: %v", what, err)
	}
	m.verify(t, what)
	left, err := os.ReadDir(filepath.Join(m.store, "tmp"))
	assert.Falsef(t, !killed && len(left) > 0, "%s: left in tmp: %v, %v", what, left, err)
	out, err = m.run(t, m.last())
	if err != nil && m.last()[0] == "rm" && strings.Contains(err.Error(), "it is not installed") {
		err = nil // the first run came that far
	}
	m.check(t, "after "+what, out, err)
	m.verify(t, "after "+what)
	got := m.files(t)
	assert.Equalf(t, want, got, "after %s the store has\n%s\ninstead of\n%s", what, strings.Join(diff(got, want), "\n"), strings.Join(diff(want, got), "\n"))
}

func diff(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}
