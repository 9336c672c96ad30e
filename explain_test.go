package load_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
)

// TestExplainIsTheLoad asks for one name after another in one setting after another: Explain
// decides what a load decides, and has its error.
func TestExplainIsTheLoad(t *testing.T) {
	t.Parallel()
	const entry = "load.lock 1\na.com v1.0.0 shop a.com 2020-01-02T03:04:05Z\na.com needs a.com v1.0.0 h1:x=\n"
	rules := func(p policy.Policy) func(*load.Config) {
		return func(c *load.Config) { c.Policies = append(c.Policies, &p) }
	}
	locked := func(lines string) func(*load.Config) {
		return func(c *load.Config) {
			c.LockFile = filepath.Join(t.TempDir(), "load.lock")
			require.NoError(t, os.WriteFile(c.LockFile, []byte(lines), 0o644))
		}
	}
	settings := map[string]func(*load.Config){
		"plain":         func(*load.Config) {},
		"allowed":       rules(policy.Policy{Allow: []string{"a.com", "here"}}),
		"denied":        rules(policy.Policy{Deny: []string{"a.com", "here", "installed"}}),
		"granted":       rules(policy.Policy{Grants: []policy.Grant{{Pattern: "here", Grants: policy.Grants{Network: true}}}}),
		"locked":        locked(entry),
		"frozen":        func(c *load.Config) { locked(entry)(c); c.Frozen = true },
		"frozen, empty": func(c *load.Config) { locked("load.lock 1\n")(c); c.Frozen = true },
		"granted more": func(c *load.Config) {
			locked(entry)(c)
			rules(policy.Policy{Grants: []policy.Grant{{Pattern: "a.com", Grants: policy.Grants{Network: true}}}})(c)
		},
		"no install":   func(c *load.Config) { c.NoInstall = true },
		"offline":      func(c *load.Config) { c.Offline = true },
		"no store":     func(c *load.Config) { c.Store = nil },
		"no installer": func(c *load.Config) { c.Installers = nil },
		"no engine":    func(c *load.Config) { c.Engines = nil },
		"registry down": func(c *load.Config) {
			c.Installers = []install.Installer{&shop{resolve: fmt.Errorf("%w: no answer", load.ErrUnavailable)}}
		},
	}
	for setting, change := range settings {
		for _, name := range []string{"here", "installed.com", "installed.com@latest", "a.com", "a.com@v1.0.0", "nowhere"} {
			t.Run(setting+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := &world{modules: map[string]fake{"here": {}, "installed.com": {version: "v1.0.0"}}}
				l := newLoader(t, w, func(c *load.Config) {
					c.Store = loadtest.OpenStore(t)
					c.Installers = []install.Installer{new(shop)}
				}, change)
				explained, loaded, err := load.Decisions(t.Context(), l, name)
				require.NoError(t, err)
				if explained.By == "" { // what would be installed is nobody's yet
					loaded.By = ""
				}
				assert.Equal(t, loaded, explained)

				e, told := l.Explain(t.Context(), name)
				_, met := l.Load(t.Context(), name)
				if told != nil || e.Installed { // else which engine takes it is not known yet
					assert.Equal(t, fmt.Sprint(met), fmt.Sprint(told))
				}
			})
		}
	}
}
