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
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, l.Close(context.Background()))
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
	require.NoError(t, err)
	f, err := load.Func[func(string) string](m, symbol)
	require.NoError(t, err)
	return f("abc")
}

func TestStandardPackage(t *testing.T) {
	alone(t)
	for _, compiles := range []bool{true, false} {
		l, happened := newLoader(t)
		assert.Equal(t, "ABC", shout(t, l, "strings", "ToUpper"))
		assert.Equal(t, compiles, happened("Compiled"))
	}
}

// The current directory comes first, and further directories last.
func TestDirectories(t *testing.T) {
	alone(t)
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
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
		assert.Equal(t, test.want, shout(t, l, test.name, test.symbol))
	}
	n := 0
	for range l.Modules() {
		n++
	}
	assert.Equal(t, 2, n)

	// A changed source is another module for the next loader.
	write("words/words.go", "package words\n\nfunc ToUpper(s string) string { return s + \", changed\" }\n")
	l, happened := newLoader(t)
	got := shout(t, l, "words", "ToUpper")
	assert.Equalf(t, "abc, changed", got, "after a change: %q", got)
	assert.Truef(t, happened("Compiled"), "after a change: %q", got)
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
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	l, _ := newLoader(t)
	require.NoError(t, l.Register("greet", map[string]any{"hello": func(s string) string { return "hello, " + s }}))
	assert.Equal(t, "hello, abc", shout(t, l, "greet", "hello"))
	assert.Equal(t, "hello, abc, mine", shout(t, l, "m", "both"))
	assert.Equal(t, "abc, from the folder", shout(t, l, "./greet.star", "hello"))
}

func TestEmptyStaysEmpty(t *testing.T) {
	alone(t)
	l, err := standard.New(load.Config{Path: find.Path{}, Installers: []install.Installer{}, Engines: []engine.Engine{}})
	require.NoError(t, err)
	_, err = l.Load(t.Context(), "strings")
	assert.EqualError(t, err, "load strings: not found\n\tset Config.Installers to one that installs such names")
}
