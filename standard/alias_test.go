package standard_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/policy"
)

// TestAliasCarriesNoTrust: what a policy says of a name holds for the module that has the name, not
// for what an alias of that name leads to; and what it says of a module holds by every alias.
func TestAliasCarriesNoTrust(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for _, name := range []string{"good", "other"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		replace(t, filepath.Join(dir, name, "init.star"), "x = 1\n")
	}
	good, other := filepath.ToSlash(filepath.Join(dir, "good")), filepath.ToSlash(filepath.Join(dir, "other"))
	aliases := map[string]string{
		"example.com/trusted": other, "chained": "example.com/trusted",
		"direct": good, "again": "direct",
	}
	granted := policy.Grants{CallTime: time.Minute}
	l := gardenLoader(t, load.Config{Aliases: aliases, Policies: []*policy.Policy{{
		Grants: []policy.Grant{{Pattern: "example.com/trusted", Grants: granted}, {Pattern: good, Grants: granted}},
	}}})
	for name, want := range map[string]time.Duration{
		"example.com/trusted": 0, "chained": 0, other: 0, "direct": time.Minute, "again": time.Minute, good: time.Minute,
	} {
		m, err := l.Load(t.Context(), name)
		require.NoError(t, err, name)
		assert.Equal(t, want, m.Grants().CallTime, name)
	}

	denying := gardenLoader(t, load.Config{Aliases: aliases, Policies: []*policy.Policy{{Deny: []string{other}}}})
	allowing := gardenLoader(t, load.Config{Aliases: aliases, Policies: []*policy.Policy{{Allow: []string{"example.com/trusted", good}}}})
	for name, refused := range map[string]bool{"example.com/trusted": true, "chained": true, other: true, "again": false, good: false} {
		for _, l := range []*load.Loader{denying, allowing} {
			_, err := l.Load(t.Context(), name)
			var policed *load.PolicyError
			if refused {
				assert.ErrorAs(t, err, &policed, name)
			} else {
				assert.NoError(t, err, name)
			}
		}
	}
}
