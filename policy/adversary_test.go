package policy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/policy"
)

// TestSpellings: no spelling of a place escapes the rule that denies it.
func TestSpellings(t *testing.T) {
	t.Parallel()
	p := &policy.Policy{Deny: []string{"example.com/evil", "github.com/evil"}}
	for _, name := range []string{
		"example.com/evil", "example.com/evil/sub", "example.com/Evil", "github.com/EVIL/x", "gh:Evil/r", "gh:evil/r/dir@v1", "gh:evil/r//dir?ref=v1",
		"git::https://example.com/evil/r.git", "git::https://EXAMPLE.com/evil/r", "git::https://example.com./evil/r", "git::https://example.com:443/evil/r",
		"git::https://example.com:0443/evil/r", "git::https://example.com:/evil/r", "git::https://example.com/%65vil/r", "git::https://example.com/%2Fevil/r",
		"git::https://me@example.com/evil/r", "git::ssh://git@example.com:22/evil/r", "git::git@example.com:evil/r.git", "git::git@example.com:/evil/r.git",
		"https://example.com/evil/x.zip", "https://example.com/evil/x.zip//dir?archive=zip", "https::https://example.com/evil/x.zip", "https://x@y@example.com/evil/x.zip",
		"git::https://example.com//evil/r",
		// What leads back on the way, as servers and git read it.
		"https://example.com/good/../evil/x.zip", "https://example.com/./evil/x.zip", "https://example.com/good/%2e%2e/evil/x.zip", "https://example.com/../evil/x.zip",
		"https://example.com/good/..%2fevil/x.zip", "git::https://example.com/good/./../evil/r", "git::git@example.com:good/../evil/r", "gh:good/../evil/r", "gh:./evil/r",
	} {
		d := p.Name(name)
		assert.Falsef(t, d.Allowed, "%s: %+v", name, d)
	}
	for _, name := range []string{"example.com/evilish", "example.com/good/evil", "git::https://example.com/good/evil", "https://other.com/x.zip?u=@example.com/evil", "gh:good/evil"} {
		d := p.Name(name)
		assert.Truef(t, d.Allowed, "%s: %+v", name, d)
	}
	// Nothing is allowed for looking like what is; case counts here.
	p = &policy.Policy{Allow: []string{"example.com/team"}}
	for _, name := range []string{
		"example.com/teams", "example.com/Team", "git::https://example.com:8443/team/r", "git::https://evil.com/example.com/team", "https://evil.com?@example.com/team/x.zip",
		"https://evil.com#@example.com/team/x.zip", "git::https://example.com@evil.com/team/r", "https://example.com.evil.com/team/x.zip", "git::evil.com:example.com/team",
		"https://example.com/team/../evil/x.zip", "git::https://example.com/team/%2e%2e/evil/r", "git::git@example.com:team/../evil", "https://example.com/team/x//../../../evil",
	} {
		d := p.Name(name)
		assert.Falsef(t, d.Allowed, "%s: %+v", name, d)
	}
}

// A rule holds for every spelling of a host, for all of its ports where it forbids, and for a
// repository with ".git" and without.
func TestDeniedHosts(t *testing.T) {
	t.Parallel()
	for pattern, names := range map[string][]string{
		"127.0.0.1": {
			"https://127.0.0.1/x.star", "https://127.1/x.star", "https://0x7f.1/x.star", "https://0177.0.0.1/x.star", "git::https://2130706433/x", "https://[::ffff:127.0.0.1]/x.star",
			"git::ssh://git@127.1:2222/x", "https://127.1.:8443/x.star", "https://127.1",
		},
		"https://127.1/x": {"https://127.0.0.1/x/y.star", "git::https://0x7f000001:444/x"},
		"https://[::1]": {
			"https://[::1]/x.star", "https://[0:0::1]/x.star", "https://[0000:0000:0000:0000:0000:0000:0000:0001]:8443/x.star", "git::https://[::1]/a/b", "git::ssh://git@[::1]:2222/a",
			"https://[::1%25lo]/x.star",
		},
		"https://[2001:db8::A]/x": {"https://[2001:DB8::a]/x/y.star", "git::https://[2001:db8:0:0::a]:9/x"},
		"example.com":             {"https://example.com:8443/x.star", "git::ssh://git@Example.com.:2222/x", "git::https://example.com:22/x", "Example.COM/x"},
		"*.example.com":           {"https://a.example.com:8443/x.star"},
		"example.com:443/x":       {"https://example.com/x/y.star", "https://example.com:443/x/y.star"},
		"example.com:0443/x":      {"https://example.com/x/y.star"},
		"example.com:8443/x":      {"https://example.com:8443/x/y.star", "https://example.com:08443/x/y.star"},
		"github.com/x/y.git": {
			"github.com/x/y", "github.com/x/y.git", "github.com/x/y.git/sub", "gh:x/y", "gh:x/y.git", "git::https://github.com/x/y.git//sub", "git::ssh://git@github.com/x/y.git",
			"git::https://github.com/X/Y.GIT",
		},
		"github.com/x/y": {
			"github.com/x/y.git", "github.com/x/y.git/sub", "git::https://github.com/x/y.GIT", "git::https://github.com/x/y.Git//sub", "git::https://github.com/x/y.git.git",
			"git::https://github.com/x/y.git/", "https://github.com/x/y.git/raw/x.star",
		},
		"git::https://github.com/x/y.git": {"github.com/x/y", "git::https://github.com/x/y"},
	} {
		p := &policy.Policy{Deny: []string{pattern}, Isolation: []string{pattern}}
		assert.NoError(t, p.Check())
		for _, name := range names {
			assert.False(t, p.Name(name).Allowed, "deny %s, %s", pattern, name)
			_, required := p.Isolated(name)
			assert.True(t, required, "isolation %s, %s", pattern, name)
		}
		for _, name := range []string{
			"https://127.0.0.2/x.star", "https://[::2]/x.star", "https://[2001:db8::b]/x/y.star", "https://example.com.test:8443/x.star", "github.com/x/y2", "github.com/x/ygit",
			"https://128.1/x.star", "git::https://github.com/x/git", "https://127.0.0.1.example/x.star",
		} {
			assert.True(t, p.Name(name).Allowed, "deny %s, %s", pattern, name)
		}
	}
	// What is allowed is one port.
	for pattern, names := range map[string]map[string]bool{
		"example.com":           {"https://example.com/x.star": true, "https://example.com:443/x.star": true, "https://example.com:8443/x.star": false},
		"example.com:8443":      {"https://example.com:8443/x.star": true, "https://example.com/x.star": false, "https://example.com:8444/x.star": false},
		"https://[::1]":         {"https://[::1]/x.star": true, "https://[::1]:8443/x.star": false, "https://[::2]/x.star": false, "https://1/x.star": false},
		"https://[::1]:8443":    {"https://[::1]:8443/x.star": true, "https://[::1]/x.star": false},
		"127.0.0.1":             {"https://127.1/x.star": true, "https://127.0.0.1.example.com/x.star": false},
		"github.com/x/y.git":    {"gh:x/y": true, "github.com/x/y": true, "gh:x/Y": false, "git::https://github.com/x/y.GIT": false},
		"https://[ab].test/dir": {"https://a.test/dir/x.star": true, "https://c.test/dir/x.star": false},
	} {
		p := &policy.Policy{Allow: []string{pattern}}
		assert.NoError(t, p.Check())
		for name, allowed := range names {
			assert.Equal(t, allowed, p.Name(name).Allowed, "allow %s, %s", pattern, name)
		}
	}
}
