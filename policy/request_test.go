package policy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/policy"
)

// TestGrantRule: the line that a user is told to write grants just that, whatever is in it.
func TestGrantRule(t *testing.T) {
	t.Parallel()
	for capability, want := range map[string]string{
		"network":                  "grant example.com/a network",
		"read /etc/ssl":            "grant example.com/a read /etc/ssl",
		`write /srv/a b # "c"`:     `grant example.com/a write "/srv/a b # \"c\""`,
		"env HOME":                 "grant example.com/a env HOME",
		"programs":                 "grant example.com/a programs",
		`read /tmp/back\slash`:     `grant example.com/a read /tmp/back\slash`,
		"read /srv/tab-less/été":   "grant example.com/a read /srv/tab-less/été",
		`read "/quoted is no path`: "",
	} {
		err := policy.CheckRequest(capability)
		if want == "" {
			assert.Error(t, err, capability)
			continue
		}
		require.NoError(t, err, capability)
		assert.Equal(t, want, policy.GrantRule("example.com/a", capability))
	}
	for _, capability := range []string{"", "network on", "memory 64MiB", "time 5s", "read", "read etc", "env", "env A=b", "env LOAD_TOKEN_X", "everything", "read /a\nallow", " network"} {
		assert.Error(t, policy.CheckRequest(capability), capability)
	}
}

// FuzzRequest: what a bundle may ask for is granted by the line that is shown for it, and by that
// line nothing else.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{"network", "read /etc/a b", `write /a#"`, "env HOME", "programs", "read /\u202e", "memory 1GiB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, capability string) {
		if policy.CheckRequest(capability) != nil {
			return
		}
		p, err := policy.Parse("load.policy", []byte("load.policy 1\n"+policy.GrantRule("example.com/a", capability)+"\n"))
		require.NoError(t, err)
		require.Len(t, p.Grants, 1)
		assert.Equal(t, []string{capability}, p.Grants[0].Capabilities())
		assert.True(t, p.Grants[0].Has(capability))
	})
}
