package policy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/policy"
)

// A pattern that can match nothing is an error that says how to write it, in a file and in a value
// of the program.
func TestPatternsThatMatchNothing(t *testing.T) {
	t.Parallel()
	for pattern, reason := range map[string]string{
		"":                           "it is empty; write one such as example.com/team, *.example.com or /srv/plugins",
		"./x":                        `a directory is written by its absolute path, such as "/srv/plugins"`,
		"../x":                       `a directory is written by its absolute path, such as "/srv/plugins"`,
		".":                          `a directory is written by its absolute path, such as "/srv/plugins"`,
		"~/x":                        `a directory is written by its absolute path, such as "/srv/plugins"`,
		"file:x":                     `a file is written by its absolute path, such as "/srv/plugins"`,
		"file::./x":                  `a file is written by its absolute path, such as "/srv/plugins"`,
		"/a//x":                      `no path is matched that is written so: write "/a/x"`,
		"/a/x/":                      `no path is matched that is written so: write "/a/x"`,
		"/a/../x":                    `no path is matched that is written so: write "/x"`,
		"/a/./x":                     `no path is matched that is written so: write "/a/x"`,
		"//a":                        `no path is matched that is written so: write "/a"`,
		"/":                          `the root of all directories: write "/*"`,
		"/a/**":                      `a pattern is a prefix: write "/a"`,
		"file:///a//x":               `no path is matched that is written so: write "file:///a/x"`,
		"github.com/x/../google":     `no name is written so: write "github.com/google"`,
		"github.com/./google":        `no name is written so: write "github.com/google"`,
		"github.com//google":         `no name is written so: write "github.com/google"`,
		"github.com/google/":         `no name is written so: write "github.com/google"`,
		"github.com/google#x":        `no name holds '#'`,
		"github.com/google@v1":       `it stands for every version: write "github.com/google"`,
		"gh:google/uuid@v1":          `it stands for every version: write "gh:google/uuid"`,
		"github.com/google/...":      `a pattern is a prefix: write "github.com/google"`,
		"github.com/**":              `a pattern is a prefix: write "github.com"`,
		"**":                         `a pattern is a prefix: write "*"`,
		"github.com/a b":             `no name holds ' '`,
		"a,b":                        "spaces, not commas, are between patterns",
		"a{b":                        `no name is written so: invalid char '{'`,
		"!github.com/google":         `it cannot be turned round: what is not meant has a rule "deny" of its own`,
		"GitHub.com/google":          `hosts are written small: write "github.com/google"`,
		"HTTPS://github.com/google":  `schemes are written small: write "https://github.com/google"`,
		"GIT::https://github.com/x":  `schemes are written small: write "git::https://github.com/x"`,
		"git::HTTPS://github.com/x":  `schemes are written small: write "git::https://github.com/x"`,
		"GH:google":                  `prefixes are written small: write "gh:google"`,
		"ftp://github.com/x":         `no name begins with "ftp://"`,
		"ext::github.com/x":          `no name begins with "ext::"`,
		"https://github.com/x#y":     `no name has a part after "#": write "https://github.com/x"`,
		"https://github.com/x?ref=y": `it stands for the place, whatever parameters a name has: write "https://github.com/x"`,
		"company:team/auth":          `what comes before the colon stands for an import path or a URL: write that, without "company:"`,
		"[::1]/x":                    `an address in brackets is that of a URL: write "https://[::1]/x"`,
		"https://[::x]/x":            "no host is written so: [::x]",
		"https://[a:b]":              "no host is written so: [a:b]",
		"https://example.com/x%5B":   `it holds an escaped '[', which would stand for more than itself`,
		"https://example.com/%2A":    `it holds an escaped '*', which would stand for more than itself`,
		"gh:x/y%3F":                  `it holds an escaped '?', which would stand for more than itself`,
		`example.com\x`:              `a "/" is between elements; a "\" stands before a wildcard that is meant as it is`,
		`example.com\team\x`:         `a "/" is between elements; a "\" stands before a wildcard that is meant as it is`,
		"https:///x":                 "it names no host",
		"git::ssh:///srv/x":          "it names no host",
		"a[":                         `a "[" is not closed, or a "\" stands before nothing`,
		`a\`:                         `a "[" is not closed, or a "\" stands before nothing`,
	} {
		for _, verb := range []string{"allow", "deny", "isolation", "age 1h except", "grant", "sign"} {
			after := map[string]string{"grant": " network", "sign": " team+5f1c3a2b+AbC"}[verb]
			_, err := policy.Parse("load.policy", []byte("load.policy 1\nallow a\n"+verb+" "+quoted(pattern)+after+"\n"))
			assert.EqualError(t, err, "load.policy:3: "+quoted(pattern)+" is no pattern: "+reason, "%s %q", verb, pattern)
		}
		for field, p := range map[string]*policy.Policy{
			"Deny": {Deny: []string{"a", pattern}}, "Allow": {Allow: []string{pattern}}, "AgeExcept": {AgeExcept: []string{pattern}},
			"Isolation": {Isolation: []string{pattern}}, "Grants": {Grants: []policy.Grant{{Pattern: pattern}}},
			"Signers": {Signers: []policy.Signer{{Pattern: pattern}}},
		} {
			assert.EqualError(t, p.Check(), field+": "+quoted(pattern)+" is no pattern: "+reason)
		}
	}
	for _, pattern := range []string{
		"std", "strings", "net/http", "rules/tax", "*", "*.example.com", "example.com/*/x", "example.com/te?m", "example.com/[a-z]x", "example.com:8443/x", "https://[::1]/x", "git::https://[2001:db8::1]:8443", "https://[a-z].example.com/x", "https://example.com/%64",
		"github.com/BurntSushi/toml", "gh:google", "gl:group/sub", "git::https://git.example.com/team", "https://example.com/x.zip", "git::ssh://git@example.com/x",
		"git::git@example.com:team/x", "git::file:///srv/x.git", "/srv/plugins", "/srv/my data", "/srv/a,b", "/srv/*/x", "/*", "file:/srv", "file:///srv", "file::/srv",
	} {
		assert.NoError(t, (&policy.Policy{Deny: []string{pattern}}).Check(), pattern)
	}
}
