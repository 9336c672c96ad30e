package failpoint_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/store"
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

// TestPoints interrupts commands at every point that they pass: by a kill, and by a full disk. What is left is whole,
// and the next run completes it: then the store has the same files as after a run that nobody interrupted.
// Where LOAD_CRASH is set, it is every pass of every point, and of compilers, too.
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
			if len(seen) < 3 {
				t.Errorf("it passes %v", seen)
			}
			t.Logf("%d points, %d passes", len(seen), len(passed))
		})
	}
}

// build builds the command with the points.
func build(t *testing.T) string {
	t.Helper()
	load := filepath.Join(t.TempDir(), "load")
	if out, err := exec.Command("go", "build", "-tags", "failpoint", "-o", load, "github.com/loadgo/load/cmd/load").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return load
}

// environment starts the servers that all machines ask, and returns the environment that leads to them.
func environment(t *testing.T) []string {
	t.Helper()
	rules := loadtest.Git(t, filepath.Join(loadtest.TempDir(t), "rules"))
	rules.Write("tax/init.star", "def price(net):\n    return net * 107 // 100\n")
	rules.Commit("v1.0.0")
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return append(append(os.Environ(), loadtest.Proxy(t, modules).Env()...),
		"GOCACHE="+strings.TrimSpace(string(cache)), "GOENV=off", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "RULES=git::file://"+rules.Dir)
}

// machine is where a scenario's commands run: with a store and a directory with a lock file of its own.
type machine struct {
	scenario
	load, root, store, work string
	env                     []string
}

func (m *machine) home() string { return filepath.Join(m.root, "home") }
func (m *machine) temp() string { return filepath.Join(m.root, "tmp") }

// newMachine runs all but the last command.
func newMachine(t *testing.T, load string, env []string, sc scenario) *machine {
	t.Helper()
	return newMachineAt(t, load, env, sc, func(*machine) {})
}

// newMachineAt is newMachine with something to be done before the first command, such as to mount file systems.
func newMachineAt(t *testing.T, load string, env []string, sc scenario, before func(*machine)) *machine {
	t.Helper()
	root := loadtest.TempDir(t)
	m := &machine{scenario: sc, load: load, root: root, store: filepath.Join(root, "store"), work: filepath.Join(root, "work")}
	for _, dir := range []string{m.work, m.home(), m.temp()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	before(m)
	m.env = append(slices.Clone(env), "LOAD_DIR="+m.store, "HOME="+m.home(), "TMPDIR="+m.temp(), "GOMODCACHE="+filepath.Join(m.home(), "modcache"))
	for _, args := range sc.commands[:len(sc.commands)-1] {
		if out, err := m.run(t, args); err != nil {
			t.Fatalf("load %q: %v\n%s", args, err, out)
		}
	}
	if sc.damage == "" {
		return m
	}
	files, err := filepath.Glob(filepath.Join(m.store, filepath.FromSlash(sc.damage)))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing to damage: %v", err)
	}
	for _, file := range files {
		if err := errors.Join(os.Chmod(file, 0o600), os.Truncate(file, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// command is a run of the command on the machine.
func (m *machine) command(t *testing.T, args []string, env ...string) *exec.Cmd {
	args = slices.Clone(args)
	for i := range args {
		args[i] = os.Expand(args[i], func(name string) string {
			for _, v := range m.env {
				if value, ok := strings.CutPrefix(v, name+"="); ok {
					return value
				}
			}
			return ""
		})
	}
	cmd := exec.CommandContext(t.Context(), m.load, args...)
	cmd.Dir, cmd.Env = m.work, append(slices.Clone(m.env), env...)
	return cmd
}

// run runs the command and returns what it prints.
func (m *machine) run(t *testing.T, args []string, env ...string) (string, error) {
	t.Helper()
	cmd := m.command(t, args, env...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return out.String(), nil
}

func (m *machine) last() []string { return m.commands[len(m.commands)-1] }

// trace runs the last command and returns the points that it passes.
func (m *machine) trace(t *testing.T) []string {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	out, err := m.run(t, m.last(), "LOAD_FAILPOINT_TRACE="+trace)
	m.check(t, "without an interruption", out, err)
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(data))
}

func (m *machine) check(t *testing.T, when, out string, err error) {
	t.Helper()
	if err != nil || m.want != "" && out != m.want {
		t.Errorf("%s: %q, %v", when, out, err)
	}
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
	if left, err := os.ReadDir(filepath.Join(m.store, "tmp")); !killed && len(left) > 0 {
		t.Errorf("%s: left in tmp: %v, %v", what, left, err)
	}
	out, err = m.run(t, m.last())
	if err != nil && m.last()[0] == "rm" && strings.Contains(err.Error(), "it is not installed") {
		err = nil // the first run came that far
	}
	m.check(t, "after "+what, out, err)
	m.verify(t, "after "+what)
	if got := m.files(t); !slices.Equal(got, want) {
		t.Errorf("after %s the store has\n%s\ninstead of\n%s", what, strings.Join(diff(got, want), "\n"), strings.Join(diff(want, got), "\n"))
	}
}

func diff(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// verify looks for damage in the store, and at the lock file. What a scenario damaged on purpose does not count.
func (m *machine) verify(t *testing.T, when string) {
	t.Helper()
	s, err := store.Open(m.store)
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.Verify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	after := strings.HasPrefix(when, "after")
	for _, d := range report.Damaged {
		if after || m.damage == "" {
			t.Errorf("%s: damaged %s %s: %s", when, d.Kind, d.Name, d.Reason)
		}
	}
	if f, err := lockfile.Read(filepath.Join(m.work, lockfile.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) || err == nil && after && f.Len() == 0 && m.last()[0] == "lock" {
		t.Errorf("%s: the lock file: %v", when, err)
	}
}

// files lists what the store holds once it is collected, without locks; nothing is old enough to go.
func (m *machine) files(t *testing.T) []string {
	t.Helper()
	args := []string{"gc"}
	if m.last()[0] == "rm" { // what it came not to has no package that needs it
		args = append(args, "-unused", "0s")
	}
	if out, err := m.run(t, args); err != nil {
		t.Errorf("gc: %q, %v", out, err)
	}
	var files []string
	err := filepath.WalkDir(m.store, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(m.store, path)
		switch {
		case err != nil:
			return err
		case rel == "lock" || rel == "live" || rel == "sumdb" || filepath.ToSlash(rel) == "mod/cache/download/sumdb":
			return fs.SkipDir // tiles, of which a run keeps those that it needed
		case !d.IsDir() || strings.HasPrefix(rel, "tmp"):
			if elements := strings.Split(filepath.ToSlash(rel), "/"); elements[0] == "obj" && len(elements) > 1 {
				elements[1] = "KEY" // that of a script depends on its path
				rel = strings.Join(elements, "/")
			}
			files = append(files, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.last()) > 1 && (m.last()[0] == "gc" || m.last()[0] == "rm") {
		// The files of the download cache are small, and may stay for another install.
		files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".mod") || strings.HasSuffix(f, ".info") })
	}
	return files
}
