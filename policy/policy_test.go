package policy_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var now = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)

const sample = `# ours
load.policy 1

allow example.com github.com/ourorg # and what they hold
deny  example.com/evil *.example.com/attic
age 3d except github.com/ourorg
retracted refuse
deprecated refuse
max-size 64MiB
max-modules 20
grant example.com/fetch network
grant example.com/fetch read /etc/ssl "/srv/my data"
grant example.com env TZ HOME=/tmp
grant example.com/fetch memory 1GiB
grant example.com/fetch time 2m
isolation example.com/fetch
`

func parse(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("load.policy", []byte(text))
	require.NoError(t, err)
	return p
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	p := parse(t, sample)
	old := now.Add(-100 * time.Hour)
	subject := func(pkg string, at time.Time) policy.Subject {
		return policy.Subject{Package: pkg, Module: pkg, Version: "v1.0.0", Time: at}
	}
	retracted, deprecated := subject("example.com/a", old), subject("example.com/a", old)
	retracted.Retracted, deprecated.Deprecated = "retracted by the module's author", "use b"
	for name, test := range map[string]struct {
		decision policy.Decision
		want     string // "+" for allowed, the rule, the reason
	}{
		"allowed":     {p.Version(subject("example.com/a/b", old), now), "+ load.policy:4: allow example.com; example.com/a/b is allowed"},
		"not allowed": {p.Version(subject("example.org/a", old), now), "- load.policy:4: allow example.com github.com/ourorg; example.org/a is not among what is allowed"},
		"sibling":     {p.Version(subject("example.community/a", old), now), "- load.policy:4: allow example.com github.com/ourorg; example.community/a is not among what is allowed"},
		"denied":      {p.Version(subject("example.com/evil/x", old), now), "- load.policy:5: deny example.com/evil; example.com/evil/x is denied"},
		"glob":        {p.Name("a.example.com/attic"), "- load.policy:5: deny *.example.com/attic; a.example.com/attic is denied"},
		"young":       {p.Version(subject("example.com/a", now.Add(-2*time.Hour)), now), "- load.policy:6: age 3d; v1.0.0 was published 2h ago, less than 3d"},
		"exception":   {p.Version(subject("github.com/ourorg/x", now.Add(-2*time.Hour)), now), "+ load.policy:4: allow github.com/ourorg; github.com/ourorg/x is allowed"},
		"no date":     {p.Version(subject("example.com/a", time.Time{}), now), "- load.policy:6: age 3d; it is not known when v1.0.0 was published"},
		"future":      {p.Version(subject("example.com/a", now.Add(time.Hour)), now), "- load.policy:6: age 3d; v1.0.0 claims to be published in the future, at 2026-01-10T13:00:00Z"},
		"retracted":   {p.Version(retracted, now), "- load.policy:7: retracted refuse; v1.0.0 is retracted by the module's author"},
		"deprecated":  {p.Version(deprecated, now), "- load.policy:8: deprecated refuse; it is deprecated: use b"},
		"size":        {p.Size("example.com/a", "v1.0.0", 65<<20), "- load.policy:9: max-size 64MiB; example.com/a@v1.0.0 is 65MiB large"},
		"small":       {p.Size("example.com/a", "v1.0.0", 64<<20), "+ ; "},
		"modules":     {p.Modules(21), "- load.policy:10: max-modules 20; it is built of 21 modules"},
		"default":     {parse(t, "load.policy 1\n").Version(retracted, now), "- load.policy: retracted refuse is the default; v1.0.0 is retracted by the module's author"},
		"value":       {(&policy.Policy{Deny: []string{"example.com"}}).Name("example.com/a"), "- Config.Policies: deny example.com; example.com/a is denied"},
		"zero":        {(&policy.Policy{}).Version(subject("example.com/a", time.Time{}), now), "+ Config.Policies: allow everything; nothing denies it"},
		"in place":    {p.Denies("example.org/x"), "+ load.policy: allow everything is the default; nothing denies it"},
		"install":     {parse(t, "load.policy 1\ninstall off\n").Install(), "- load.policy:2: install off; nothing may be installed"},
		"its module":  {parse(t, "load.policy 1\nallow example.com/a/sub\n").Name("example.com/a"), "+ load.policy:2: allow example.com/a/sub; example.com/a may hold what is allowed"},
	} {
		mark := "- "
		if test.decision.Allowed {
			mark = "+ "
		}
		got := mark + test.decision.Rule + "; " + test.decision.Reason
		assert.Equal(t, test.want, got, name)
	}
}

func TestGranted(t *testing.T) {
	t.Parallel()
	p := parse(t, sample)
	more := &policy.Policy{Grants: []policy.Grant{{Pattern: "example.com/fetch", Grants: policy.Grants{Programs: true, ReadWrite: []string{"/var/x"}}}}}
	granted, rules := policy.Granted([]*policy.Policy{p, more}, "example.com/fetch")
	want := []string{"env HOME", "env TZ", "memory 1GiB", "network", "programs", "read /etc/ssl", "read /srv/my data", "time 2m", "write /var/x"}
	got := granted.Capabilities()
	assert.Equal(t, want, got)
	assert.Equal(t, int64(1<<30), granted.Memory)
	assert.Equal(t, 2*time.Minute, granted.CallTime)
	text := strings.Join(rules, "\n")
	assert.Contains(t, text, "load.policy:13: grant example.com env HOME\n")
	assert.Contains(t, text, "Config.Policies: grant example.com/fetch programs")
	assert.NotContains(t, text, "/tmp")
	rule, ok := p.Isolated("example.com/fetch/sub")
	assert.Truef(t, ok, "got %q, %v", rule, ok)
	assert.Equalf(t, "load.policy:16: isolation example.com/fetch", rule, "got %q, %v", rule, ok)
	granted, _ = policy.Granted([]*policy.Policy{p}, "example.org/x")
	assert.Truef(t, granted.Zero(), "a stranger is granted %+v", granted)
}

// A limit that is raised or taken away is more than was granted, one that is set or lowered is not.
func TestBeyond(t *testing.T) {
	t.Parallel()
	locked := policy.Grants{ReadOnly: []string{"/a"}, Memory: 64 << 20, CallTime: 30 * time.Second}.Capabilities()
	for _, test := range []struct {
		now  policy.Grants
		want []string
	}{
		{policy.Grants{Memory: 64 << 20, CallTime: 30 * time.Second}, nil},
		{policy.Grants{ReadOnly: []string{"/a"}, Memory: 1 << 20, CallTime: time.Second}, nil},
		{policy.Grants{ReadOnly: []string{"/b"}, Memory: 1 << 30, CallTime: time.Minute}, []string{"read /b", "memory 1GiB instead of 64MiB", "time 1m instead of 30s"}},
		{policy.Grants{}, []string{"memory without limit instead of 64MiB", "time without limit instead of 30s"}},
	} {
		assert.Equal(t, test.want, test.now.Beyond(locked))
	}
	// Limits that an older version wrote wrongly, 30s as 3, are unknown: they are asked for again.
	assert.Equal(t, []string{"memory 1KiB instead of much", "time 30s instead of 3"},
		policy.Grants{Memory: 1 << 10, CallTime: 30 * time.Second}.Beyond([]string{"memory much", "time 3"}))
	got := (policy.Grants{Memory: 1, CallTime: 1}).Beyond(nil)
	assert.Nil(t, got, "limits where there were none")
}

func TestSyntax(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("x", 3)
	for text, want := range map[string]string{
		"":                                                         `load.policy:1: there is no line "load.policy 1"`,
		"load.policy 2":                                            `load.policy:1: its format is "2", and this program knows format 1`,
		"\nallow x":                                                `load.policy:2: the first line is not "load.policy 1"`,
		"load.policy 1\nalow x":                                    `load.policy:2: "alow" is no rule; rules are allow, deny, install, toolchain, age, retracted, deprecated, max-size, max-modules, sign, signatures, artifacts, grant, isolation, registry`,
		"load.policy 1\nallow":                                     `load.policy:2: allow takes at least one pattern`,
		"load.policy 1\ndeny a[":                                   `load.policy:2: "a[" is no pattern: a "[" is not closed, or a "\" stands before nothing`,
		"load.policy 1\ndeny a/":                                   `load.policy:2: "a/" is no pattern: no name is written so: write "a"`,
		"load.policy 1\ndeny a,b":                                  `load.policy:2: "a,b" is no pattern: spaces, not commas, are between patterns`,
		"load.policy 1\nallow example.com/...":                     `load.policy:2: "example.com/..." is no pattern: a pattern is a prefix: write "example.com"`,
		"load.policy 1\nage":                                       `load.policy:2: want age DURATION [except PATTERN...]`,
		"load.policy 1\nage -1h":                                   `load.policy:2: "-1h" is no duration such as 72h or 3d, of 292 years at most`,
		"load.policy 1\nage 1h\nage 2h":                            `load.policy:3: there is a rule "age" in line 2 already`,
		"load.policy 1\ninstall maybe":                             `load.policy:2: want install off or install on`,
		"load.policy 1\nmax-size 12":                               ``,
		"load.policy 1\nmax-size 12XB":                             `load.policy:2: "12XB" is no size such as 64MiB`,
		"load.policy 1\nmax-size 99999999999GiB":                   `load.policy:2: "99999999999GiB" is no size such as 64MiB`,
		"load.policy 1\ngrant a read etc":                          `load.policy:2: "etc" is no absolute path`,
		"load.policy 1\ngrant a fly":                               `load.policy:2: want grant PATTERN, and then network, programs, read PATH..., write PATH..., env NAME[=VALUE]..., memory SIZE or time DURATION`,
		"load.policy 1\ngrant a env =x":                            `load.policy:2: "=x" is no variable`,
		"load.policy 1\ngrant a read \"/x":                         `load.policy:2: a quote is not closed`,
		"load.policy 1\ngrant a read \"/x\"y":                      `load.policy:2: there is no space after "/x"`,
		"load.policy 1\ngrant a read \"/x\\n\"":                    `load.policy:2: "/x\n" holds what does not show`,
		"load.policy 1\nsign a " + key:                             `load.policy:2: "xxx" is no key such as NAME+HASH+KEY`,
		"load.policy 1\nsignatures":                                `load.policy:2: want signatures DIRECTORY`,
		"load.policy 1\nallow a\u202eb":                            "load.policy:2: \"a\\u202eb\" holds what does not show",
		"load.policy 1\n<<<<<<< HEAD\nallow a\n=======\n>>>>>>> b": `load.policy:2: "<<<<<<<" is no rule; rules are allow, deny, install, toolchain, age, retracted, deprecated, max-size, max-modules, sign, signatures, artifacts, grant, isolation, registry`,
	} {
		_, err := policy.Parse("load.policy", []byte(text))
		var syntax *policy.SyntaxError
		if want == "" && err == nil {
			continue
		}
		require.ErrorAs(t, err, &syntax, text)
		assert.Equal(t, want, err.Error(), text)
	}
}

func TestSigned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := func(name string) (note.Signer, string) {
		secret, public, err := note.GenerateKey(rand.Reader, name)
		require.NoError(t, err)
		signer, err := note.NewSigner(secret)
		require.NoError(t, err)
		return signer, public
	}
	team, teamKey := key("team")
	other, _ := key("other")
	write := func(path, version string, data []byte) {
		name, err := policy.SignatureFile(path, version)
		require.NoError(t, err)
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, data, 0o644))
	}
	sign := func(path, version, sum string, signer note.Signer) []byte {
		data, err := policy.Sign(path, version, sum, nil, signer)
		require.NoError(t, err)
		return data
	}
	write("example.com/good", "v1.0.0", sign("example.com/good", "v1.0.0", "h1:a", team))
	write("example.com/wrong", "v1.0.0", sign("example.com/wrong", "v1.0.0", "h1:a", other))
	write("example.com/moved", "v1.0.0", sign("example.com/good", "v1.0.0", "h1:a", team))
	write("example.com/junk", "v1.0.0", []byte("junk"))
	p := parse(t, "load.policy 1\nsignatures "+dir+"\nsign example.com "+teamKey+" until 2026-02-01\n")
	for _, test := range []struct {
		path, sum string
		now       time.Time
		want      string
	}{
		{"example.com/good", "h1:a", now, "example.com/good@v1.0.0 is signed by team"},
		{"example.org/free", "h1:a", now, ""},
		{"example.com/good", "h1:b", now, "the signature of example.com/good@v1.0.0 is not good: it is of something else"},
		{"example.com/moved", "h1:a", now, "the signature of example.com/moved@v1.0.0 is not good: it is of something else"},
		{"example.com/wrong", "h1:a", now, "the signature of example.com/wrong@v1.0.0 is not good: none of the keys made it"},
		{"example.com/junk", "h1:a", now, "the signature of example.com/junk@v1.0.0 is not good: malformed note"},
		{"example.com/none", "h1:a", now, "the signature of example.com/none@v1.0.0 is not good: there is none"},
		{"example.com/good", "h1:a", now.AddDate(0, 1, 0), "the key of team has expired, and example.com/good@v1.0.0 is new"},
	} {
		d := p.Signed(test.path, "v1.0.0", test.sum, test.now)
		allowed := !strings.Contains(test.want, " not good") && !strings.Contains(test.want, "expired")
		assert.Equal(t, allowed, d.Allowed, test.path)
		assert.Equal(t, test.want, d.Reason, test.path)
		assert.Falsef(t, d.Reason != "" && d.Rule != "load.policy:3: sign example.com team", "%s: decided by %q", test.path, d.Rule)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("load.policy 1\nregistry company https://m.example.com corp.example.com *.example.com/[a-c]?\nregistry lab http://l:1/x lab.example.com a/*b insecure\n"))
	f.Add([]byte("load.policy 1\ngrant a read \"/x y\" /z\nage 3d except a b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := policy.Parse("load.policy", data)
		if err != nil {
			var syntax *policy.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.GreaterOrEqual(t, syntax.Line, 1)
			require.Nil(t, p)
			return
		}
		s := policy.Subject{Package: "example.com/a/b", Module: "example.com/a", Version: "v1.0.0", Time: now}
		require.NotEmpty(t, p.Version(s, now).Rule)
		policy.Granted([]*policy.Policy{p}, "example.com/a/b")
		all, err := policy.NewRegistries([]*policy.Policy{p})
		require.NoError(t, err, "a registry of the file is refused afterwards")
		for _, r := range p.Registries {
			owner, ok := all.Owner(r.Prefix)
			require.Truef(t, ok, "nobody owns the prefix of %+v", r)
			require.NotEmptyf(t, owner.Rule, "nobody owns the prefix of %+v", r)
		}
	})
}

// A pattern means a host and path, however a name spells them.
func TestLocations(t *testing.T) {
	t.Parallel()
	p := &policy.Policy{Deny: []string{"github.com/evil", "example.com/*/rules/tax", "git::https://git.example.org/team", "file:/srv/shared"}}
	for name, denied := range map[string]bool{
		"github.com/evil/x":                                     true,
		"gh:evil/x":                                             true,
		"gh:evil/x@v1":                                          true,
		"gh:evil/x//dir?ref=v1":                                 true,
		"gh:good/x":                                             false,
		"gh:evilish/x":                                          false,
		"gl:evil/x":                                             false,
		"git::https://github.com/evil/x.git":                    true,
		"git::https://GitHub.com:443/evil/x":                    true,
		"git::https://github.com./evil/x":                       true,
		"git::https://github.com//evil/x":                       true,
		"git::https://github.com/%65vil/x":                      true,
		"git::ssh://git@github.com/evil/x":                      true,
		"git::ssh://git@github.com:22/evil/x":                   true,
		"git::git@github.com:evil/x.git":                        true,
		"https://github.com/evil/x/archive/v1.zip//x?checksum=": true,
		"https://github.com.example.com/evil/x.zip":             false,
		"https://example.com/?github.com/evil":                  false,
		"git::https://example.com/team/rules.git//tax?ref=v1":   true,
		"git::https://example.com/team/rules.git//toll?ref=v1":  false,
		"git::https://git.example.org/team/x":                   true,
		"git.example.org/team/x":                                true,
		"file:///srv/shared/x.zip":                              true,
		"file::/srv/shared/x.zip":                               true,
		"file:///srv/own/x.zip":                                 false,
	} {
		assert.NotEqual(t, denied, p.Name(name).Allowed)
	}
}

// What a repository says of itself can be denied, and allows nothing.
func TestDeclared(t *testing.T) {
	t.Parallel()
	s := policy.Subject{Package: "git::https://example.com/r.git", Module: "git::https://example.com/r.git", Declares: "github.com/team/r", Version: "c0ffee"}
	d := (&policy.Policy{Allow: []string{"github.com/team"}}).Version(s, time.Now())
	assert.Falsef(t, d.Allowed, "%+v", d)
	d = (&policy.Policy{Deny: []string{"github.com/team"}}).Version(s, time.Now())
	assert.Falsef(t, d.Allowed, "%+v", d)
	assert.Equalf(t, "github.com/team/r is denied", d.Reason, "%+v", d)
	d = (&policy.Policy{Allow: []string{"example.com"}}).Version(s, time.Now())
	assert.Truef(t, d.Allowed, "%+v", d)
}
