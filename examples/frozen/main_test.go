package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

// standIn stands for the real package, so that the test needs no network.
const standIn = `
-- github.com/gosimple/slug@v1.0.0/go.mod --
module github.com/gosimple/slug
-- github.com/gosimple/slug@v1.0.0/slug.go --
package slug

import "strings"

func Make(s string) string {
	return strings.NewReplacer(", ", "-", "ö", "o").Replace(strings.ToLower(s))
}
`

// With LOAD_LIVE=1 it loads the real package from the configured registry.
func TestFrozen(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	if os.Getenv("LOAD_LIVE") == "" {
		for _, setting := range loadtest.Proxy(t, standIn).Env() {
			name, value, _ := strings.Cut(setting, "=")
			t.Setenv(name, value)
		}
		t.Setenv("GOMODCACHE", t.TempDir())
	}
	lock := filepath.Join(t.TempDir(), "load.lock")
	var out strings.Builder
	if err := run(context.Background(), &out, lock); err != nil {
		t.Fatal(err)
	}
	want := "hello-world\nload github.com/google/uuid: github.com/google/uuid is not among what is allowed (load.policy:3: allow github.com/gosimple)\n" +
		"\tadd the rule \"allow github.com/google/uuid\" if you trust it\n"
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
	data, err := os.ReadFile(lock)
	if err != nil || !strings.Contains(string(data), "\ngithub.com/gosimple/slug may env TZ\n") {
		t.Errorf("locked %s, %v", data, err)
	}
}
