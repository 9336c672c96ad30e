package policy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/policy"
)

// TestRegistryPatterns: what a registry owns is written as import paths are, since a name is
// compared with nothing else: a pattern that matches no name would leave private names to all.
func TestRegistryPatterns(t *testing.T) {
	t.Parallel()
	parse := func(pattern string) error {
		_, err := policy.Parse("load.policy", []byte("load.policy 1\nregistry company https://modules.example.com corp.example.com "+pattern+"\n"))
		return err
	}
	for pattern, write := range map[string]string{
		"https://git.example.com/team":                 "git.example.com/team",
		"https://git.example.com:8443/team":            "",
		"git::https://git.example.com/team":            "git.example.com/team",
		"git::ssh://git@git.example.com/team.git//sub": "git.example.com/team/sub",
		"ssh://git.example.com/team":                   "git.example.com/team",
		"gh:corp":                                      "github.com/corp",
		"gl:corp/team":                                 "gitlab.com/corp/team",
		"oci::r.example.com/team":                      "r.example.com/team",
		"git.example.com:443/team":                     "git.example.com/team",
		"git.example.com:8443/team":                    "",
		"github.com/corp/team.git":                     "github.com/corp/team",
		"127.1/team":                                   "127.0.0.1/team",
		"file:///srv/modules":                          "",
	} {
		err := parse(pattern)
		if assert.Error(t, err, pattern) && write != "" {
			assert.Contains(t, err.Error(), `write "`+write+`"`, pattern)
		}
	}
	for _, pattern := range []string{"git.example.com", "*.example.com", "github.com/corp", "github.com/corp-*/team", "git.example.com/[a-c]/x?", "tools"} {
		require.NoError(t, parse(pattern), pattern)
	}
}
