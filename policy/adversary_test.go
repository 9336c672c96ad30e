package policy_test

import (
	"testing"

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
	} {
		if d := p.Name(name); d.Allowed {
			t.Errorf("%s: %+v", name, d)
		}
	}
	for _, name := range []string{"example.com/evilish", "example.com/good/evil", "git::https://example.com/good/evil", "https://other.com/x.zip?u=@example.com/evil", "gh:good/evil"} {
		if d := p.Name(name); !d.Allowed {
			t.Errorf("%s: %+v", name, d)
		}
	}
	// Nothing is allowed for looking like what is; case counts here.
	p = &policy.Policy{Allow: []string{"example.com/team"}}
	for _, name := range []string{
		"example.com/teams", "example.com/Team", "git::https://example.com:8443/team/r", "git::https://evil.com/example.com/team", "https://evil.com?@example.com/team/x.zip",
		"https://evil.com#@example.com/team/x.zip", "git::https://example.com@evil.com/team/r", "https://example.com.evil.com/team/x.zip", "git::evil.com:example.com/team",
	} {
		if d := p.Name(name); d.Allowed {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
