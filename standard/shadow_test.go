package standard_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
)

// TestNoShadow: someone who can write to the current directory cannot take the place of what the
// program registered, nor of
// what it finds there by another name.
func TestNoShadow(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"rules/init.star", "rules.star", "rules/rules.go", "load.policy", ".git/config"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x = 'evil'\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(loadtest.TempDir(t))
	if err != nil {
		t.Fatal(err)
	}
	l, err := standard.New(load.Config{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	if err := l.Register("rules", map[string]any{"x": "good"}); err != nil {
		t.Fatal(err)
	}
	m, err := l.Load(t.Context(), "rules")
	if err != nil {
		t.Fatal(err)
	}
	if x, err := load.Value[string](m, "x"); x != "good" || err != nil {
		t.Errorf("%q, %v", x, err)
	}
}
