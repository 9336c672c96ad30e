// Package standin gives the tests of the examples a package that needs no network.
package standin

import (
	"os"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

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

// Slug gives the test a store of its own, and a registry that has a stand-in for
// github.com/gosimple/slug. With LOAD_LIVE=1 the configured registry and the real package stay.
func Slug(t *testing.T) {
	t.Helper()
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	if os.Getenv("LOAD_LIVE") != "" {
		return
	}
	for _, setting := range loadtest.Proxy(t, slug).Env() {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	t.Setenv("GOMODCACHE", t.TempDir())
}
