package find_test

import (
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   string
		want find.Name
	}{
		{"strings", find.Name{Target: "strings", Form: find.FormPath}},
		{"rules/tax", find.Name{Target: "rules/tax", Form: find.FormPath}},
		{"github.com/google/uuid@v1.6.0", find.Name{Target: "github.com/google/uuid", Query: "v1.6.0", Form: find.FormPath}},
		{"example.com/a@>=v1.5.0", find.Name{Target: "example.com/a", Query: ">=v1.5.0", Form: find.FormPath}},
		{"example.com/a@feature/x", find.Name{Target: "example.com/a", Query: "feature/x", Form: find.FormPath}},
		{"gopkg.in/yaml.v3", find.Name{Target: "gopkg.in/yaml.v3", Form: find.FormPath}},
		{"tax=rules/tax@v1", find.Name{Alias: "tax", Target: "rules/tax", Query: "v1", Form: find.FormPath}},
		{".", find.Name{Target: ".", Form: find.FormDir}},
		{"../my rules", find.Name{Target: "../my rules", Form: find.FormDir}},
		{"./a=b@c", find.Name{Target: "./a=b@c", Form: find.FormDir}},
		{"r=/srv//rules/", find.Name{Alias: "r", Target: "/srv/rules", Form: find.FormDir}},
		{"git::https://example.com/a.git?ref=main", find.Name{Target: "git::https://example.com/a.git?ref=main", Form: find.FormURL}},
		{"https://example.com/a.zip", find.Name{Target: "https://example.com/a.zip", Form: find.FormURL}},
		{"gh:user/repo", find.Name{Target: "gh:user/repo", Form: find.FormURL}},
		{"company:team/auth@v2", find.Name{Target: "company:team/auth", Query: "v2", Form: find.FormRegistry}},
	} {
		got, err := find.ParseName(test.in)
		assert.NoError(t, err)
		assert.Equal(t, test.want, got)
	}
}

func TestParseNameRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                            "it is empty",
		"a\x00b":                      "it holds the control character U+0000",
		"./a\nb":                      "it holds the control character U+000A",
		"a b":                         "it holds a space",
		"-x":                          `it starts with "-"`,
		"a=-x":                        `it starts with "-"`,
		"-a=x":                        `its alias starts with "-"`,
		"=x":                          "its alias is empty",
		"a=":                          "it has an alias and nothing else",
		"a=b=https://example.com":     "it has two aliases",
		"a/../b":                      `it is not an import path: invalid path element ".."`,
		"a//b":                        "it is not an import path: double slash",
		"a/":                          "it is not an import path: trailing slash",
		`C:\a`:                        `it is not an import path: invalid char '\\'`,
		"a/nul":                       `it is not an import path: "nul" disallowed as path element component on Windows`,
		"exаmple.com/a":               "it is not an import path: invalid char 'а'", // a Cyrillic letter
		"x@":                          "its version query is empty",
		"x@-v1":                       `its version query starts with "-"`,
		"x@/etc":                      `its version query starts with "/"`,
		"x@../../etc/evil":            `its version query "../../etc/evil" holds what no version or branch can`,
		"x@v1@v2":                     `its version query "v1@v2" holds what no version or branch can`,
		"x@v1.0.0+incompatible/../..": `its version query "v1.0.0+incompatible/../.." holds what no version or branch can`,
		"x@v1.2.3\n":                  "it holds the control character U+000A",
		"x@v1.2.3\u202e":              "it holds the character U+202E, which does not show",
		"x@--upload-pack=x":           `its version query starts with "-"`,
		`x@..\..\evil`:                `its version query "..\\..\\evil" holds what no version or branch can`,
		"x@C:":                        `its version query "C:" holds what no version or branch can`,
		"x/..@v1":                     `it is not an import path: invalid path element ".."`,
		"x/.../y":                     `it is not an import path: invalid path element "..."`,
		"https://a/\u200bx.zip":       "it holds the character U+200B, which does not show",
		"./a\u2066b":                  "it holds the character U+2066, which does not show",
		":x":                          "its registry is empty",
		"company:":                    "it is not an import path: empty string",
		"--upload-pack=x::https://a/": `its alias starts with "-"`,
	} {
		_, err := find.ParseName(in)
		var name *find.NameError
		require.ErrorAs(t, err, &name)
		assert.Equal(t, in, name.Name)
		assert.Equal(t, want, name.Reason)
	}
}

func FuzzParseName(f *testing.F) {
	for _, seed := range []string{
		"strings", "tax=./rules", "a=b=c", "github.com/google/uuid@>=v1", "git::ssh://x", "company:team/auth@v2", "a==b", "a=/../x", "x@=v1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := find.ParseName(s)
		if err != nil {
			return
		}
		again, err := find.ParseName(n.String())
		n.Alias = ""
		assert.NoErrorf(t, err, "ParseName(%q) is %+v; its text %q", s, n, n.String())
		assert.Equalf(t, n, again, "ParseName(%q) is %+v; its text %q", s, n, n.String())
	})
}

// TestSecretInName: credentials in a URL are refused, and no error repeats them.
func TestSecretInName(t *testing.T) {
	t.Parallel()
	l, err := load.New(load.Config{})
	require.NoError(t, err)
	const refused = ": invalid module name: it holds a user or a password: keep them in the netrc file, or where git finds them"
	for name, want := range map[string]string{
		"https://me:secret@h/x.zip":         "load https://…@h/x.zip" + refused,
		"git::https://secret@h/r.git":       "load git::https://…@h/r.git" + refused,
		"git::ssh://git:secret@h/r.git":     "load git::ssh://git:…@h/r.git" + refused,
		"git::HTTPS://secret@h/r.git":       "load git::HTTPS://…@h/r.git" + refused,
		"a=https://me:secret@h?x=/":         "load a=https://…@h?x=/" + refused,
		"https://me:sec@ret@h/x.zip":        "load https://…@h/x.zip" + refused,
		"https://me:secret@h/x.zip\x00":     "load \"https://…@h/x.zip\\x00\": invalid module name: it holds the control character U+0000",
		"https://me:secret@h/x.zip?a b=c#d": "load \"https://…@h/x.zip?a b=c#d\": invalid module name: it holds a space",
	} {
		_, err := l.Load(t.Context(), name)
		assert.EqualError(t, err, want, name)
	}
	for _, name := range []string{"git::ssh://git@h/r.git", "git::git@h:r.git", "https://h/a@b?c=d@e"} {
		_, err := find.ParseName(name)
		assert.NoError(t, err)
	}
}
