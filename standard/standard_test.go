package standard_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/standard"
)

// alone gives the test a store and a working directory of its own, and no network.
func alone(t *testing.T) {
	t.Helper()
	t.Setenv("LOAD_DIR", filepath.Join(t.TempDir(), "store"))
	t.Setenv("LOAD_PATH", "")
	t.Setenv("GOPROXY", "off")
	t.Chdir(t.TempDir())
}

func newLoader(t *testing.T) (*load.Loader, func(kind string) bool) {
	t.Helper()
	var mu sync.Mutex
	var kinds []string
	l, err := standard.New(load.Config{Events: func(e load.Event) {
		mu.Lock()
		defer mu.Unlock()
		kinds = append(kinds, reflect.TypeOf(e).Name())
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l, func(kind string) bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Contains(kinds, kind)
	}
}

func shout(t *testing.T, l *load.Loader, name, symbol string) string {
	t.Helper()
	m, err := l.Load(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := load.Func[func(string) string](m, symbol)
	if err != nil {
		t.Fatal(err)
	}
	return f("abc")
}

func TestStandardPackage(t *testing.T) {
	alone(t)
	for _, compiles := range []bool{true, false} {
		l, happened := newLoader(t)
		if got := shout(t, l, "strings", "ToUpper"); got != "ABC" {
			t.Errorf("strings.ToUpper: %q", got)
		}
		if happened("Compiled") != compiles {
			t.Errorf("compiled: %v, want %v", happened("Compiled"), compiles)
		}
	}
}

// The current directory comes first, and further directories last.
func TestDirectories(t *testing.T) {
	alone(t)
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	further := t.TempDir()
	t.Setenv("LOAD_PATH", further)
	write("words/words.go", "package words\n\nfunc ToUpper(s string) string { return s + \", mine\" }\n")
	write(filepath.Join(further, "words/words.go"), "package words\n\nfunc ToUpper(s string) string { return s + \", further\" }\n")
	write(filepath.Join(further, "rules/rules.go"), "package rules\n\nfunc Tax(s string) string { return s + \", taxed\" }\n")
	l, _ := newLoader(t)
	for _, test := range []struct{ name, symbol, want string }{
		{"words", "ToUpper", "abc, mine"},
		{"./words", "ToUpper", "abc, mine"},
		{"rules", "Tax", "abc, taxed"},
	} {
		if got := shout(t, l, test.name, test.symbol); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	n := 0
	for range l.Modules() {
		n++
	}
	if n != 2 {
		t.Errorf("%d modules run, want 2", n)
	}

	// A changed source is another module for the next loader.
	write("words/words.go", "package words\n\nfunc ToUpper(s string) string { return s + \", changed\" }\n")
	l, happened := newLoader(t)
	if got := shout(t, l, "words", "ToUpper"); got != "abc, changed" || !happened("Compiled") {
		t.Errorf("after a change: %q", got)
	}
}

// What the program registers comes before a folder of that name, and scripts use it as they use Go
// packages.
func TestRegisteredComesFirst(t *testing.T) {
	alone(t)
	for name, text := range map[string]string{
		"strings/strings.go": "package strings\n\nfunc ToUpper(s string) string { return s + \", mine\" }\n",
		"greet.star":         "def hello(s): return s + ', from the folder'\n",
		"m.star":             "load('greet', 'hello')\nload('./strings', 'ToUpper')\ndef both(s): return hello(ToUpper(s))\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, _ := newLoader(t)
	if err := l.Register("greet", map[string]any{"hello": func(s string) string { return "hello, " + s }}); err != nil {
		t.Fatal(err)
	}
	if got := shout(t, l, "greet", "hello"); got != "hello, abc" {
		t.Errorf("got %q", got)
	}
	if got := shout(t, l, "m", "both"); got != "hello, abc, mine" {
		t.Errorf("got %q", got)
	}
	if got := shout(t, l, "./greet.star", "hello"); got != "abc, from the folder" {
		t.Errorf("got %q", got)
	}
}

func TestEmptyStaysEmpty(t *testing.T) {
	alone(t)
	l, err := standard.New(load.Config{Path: find.Path{}, Installers: []install.Installer{}, Engines: []engine.Engine{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Load(t.Context(), "strings")
	if want := "load strings: not found\n\tset Config.Installers to one that installs such names"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
