package load_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestBoundary keeps the root package small: importing it pulls in no engine, no network and no way to
// start a process. What needs those is a package of its own.
func TestBoundary(t *testing.T) {
	t.Parallel()
	forbidden := map[string]string{
		"github.com/tetratelabs/wazero":   "a wasm runtime belongs to its engine: 3.7 MB of every binary",
		"github.com/traefik/yaegi":        "an interpreter belongs to its engine: 4 MB, with stdlib symbols 18 MB",
		"go.starlark.net":                 "an interpreter belongs to its engine",
		"github.com/hashicorp/go-getter":  "fetching belongs to an installer",
		"github.com/fsnotify/fsnotify":    "watching files belongs to package notify",
		"net/http":                        "the root speaks to no network; installers do",
		"os/exec":                         "the root starts no process; engines do",
		"github.com/loadgo/load/engine":   "imports run one way: engines import the root",
		"github.com/loadgo/load/registry": "imports run one way: installers import the root",
		"github.com/loadgo/load/find":     "imports run one way: finders import the root",
		"github.com/loadgo/load/standard": "imports run one way: the bundle imports everything",
	}
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 10 {
		t.Fatalf("go list -deps: %q", deps)
	}
	for _, dep := range deps {
		for path, why := range forbidden {
			if dep == path || strings.HasPrefix(dep, path+"/") {
				t.Errorf("the root reaches %s: %s", dep, why)
			}
		}
	}
}
