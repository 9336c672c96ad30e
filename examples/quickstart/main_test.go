package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

// slug stands for the real package, so that the test needs no network.
const slug = `
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
func TestQuickstart(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	if os.Getenv("LOAD_LIVE") == "" {
		for _, setting := range loadtest.Proxy(t, slug).Env() {
			name, value, _ := strings.Cut(setting, "=")
			t.Setenv(name, value)
		}
		t.Setenv("GOMODCACHE", t.TempDir())
	}
	var out strings.Builder
	if err := run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "hello-world\n" {
		t.Errorf("got %q", out.String())
	}
}
