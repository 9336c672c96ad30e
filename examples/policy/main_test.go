package main

import (
	"context"
	"os"
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
func TestPolicy(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	if os.Getenv("LOAD_LIVE") == "" {
		for _, setting := range loadtest.Proxy(t, standIn).Env() {
			name, value, _ := strings.Cut(setting, "=")
			t.Setenv(name, value)
		}
		t.Setenv("GOMODCACHE", t.TempDir())
	}
	var out strings.Builder
	if err := run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	want := `hello-world
load.policy:3: allow github.com/gosimple
load.policy:7: grant github.com/gosimple/slug time 2s
load.policy:8: grant github.com/gosimple/slug memory 256MiB
load.policy:9: isolation github.com/gosimple
refused: load.policy:3: allow github.com/gosimple
`
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}
