package load_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBoundary keeps the root and the contracts small: importing them pulls in no implementation,
// no network and no way to start a process.
func TestBoundary(t *testing.T) {
	t.Parallel()
	heavy := map[string]string{
		"github.com/tetratelabs/wazero":   "a wasm runtime belongs to its engine: 3.7 MB of every binary",
		"github.com/traefik/yaegi":        "an interpreter belongs to its engine: 4 MB, with stdlib symbols 18 MB",
		"go.starlark.net":                 "an interpreter belongs to its engine",
		"github.com/hashicorp/go-getter":  "fetching belongs to an installer",
		"oras.land/oras-go":               "registries belong to an installer",
		"github.com/fsnotify/fsnotify":    "watching files belongs to package notify",
		"net/http":                        "contracts and the root speak to no network; installers do",
		"os/exec":                         "contracts and the root start no process; engines do",
		"github.com/loadgo/load/standard": "imports run one way: the bundle imports everything",
	}
	const module = "github.com/loadgo/load"
	contracts := []string{"find", "install", "engine", "event"}
	for _, pkg := range append([]string{"."}, contracts...) {
		out, err := exec.Command("go", "list", "-deps", "./"+pkg).Output()
		require.NoError(t, err)
		deps := strings.Fields(string(out))
		require.Greater(t, len(deps), 10)
		for _, dep := range deps {
			for path, why := range heavy {
				assert.False(t, dep == path || strings.HasPrefix(dep, path+"/"), "%s reaches %s: %s", pkg, dep, why)
			}
			for _, contract := range contracts {
				assert.False(t, strings.HasPrefix(dep, module+"/"+contract+"/"), "%s reaches %s: contracts know no implementation", pkg, dep)
			}
			assert.False(t, dep == module && pkg != ".", "%s reaches the root: contracts do not know it", pkg)
		}
	}
	// What contracts know of each other.
	for pkg, may := range map[string][]string{
		"event": nil, "find": nil, "install": {"find", "event"}, "engine": {"find", "event"},
	} {
		out, err := exec.Command("go", "list", "-deps", "./"+pkg).Output()
		require.NoError(t, err)
		for _, other := range contracts {
			reaches := slices.Contains(strings.Fields(string(out)), module+"/"+other)
			assert.False(t, reaches && other != pkg && !slices.Contains(may, other), "%s reaches %s", pkg, other)
		}
	}
}
