package load_test

import (
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/report"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func company() []*policy.Policy {
	return []*policy.Policy{{Registries: []policy.Registry{{Name: "company", URL: "https://modules.corp.example.com", Prefix: "corp.example.com"}}}}
}

// Both spellings are one name, also behind an alias and for companions.
func TestRegistryNames(t *testing.T) {
	t.Parallel()
	l, err := load.New(load.Config{Policies: company(), Aliases: map[string]string{"auth": "company:team/auth", "old": "corp.example.com/old"}})
	require.NoError(t, err)
	for asked, want := range map[string]string{
		"company:team/auth":          "load corp.example.com/team/auth: not found",
		"company:team/auth@v1.2.0":   "load corp.example.com/team/auth@v1.2.0: not found",
		"auth":                       "load corp.example.com/team/auth: not found",
		"corp.example.com/team/auth": "load corp.example.com/team/auth: not found",
		"compony:team/auth":          "load compony:team/auth: invalid module name: there is no registry \"compony\"; there is company",
		"company:":                   "load company:: invalid module name: it is not an import path: empty string",
		"company:../x":               "load company:../x: invalid module name: it is not an import path: invalid path element \"..\"",
		"x=company:a":                "load corp.example.com/a: not found",
	} {
		_, err := l.Load(t.Context(), asked)
		text, _, _ := strings.Cut(err.Error(), "\n")
		assert.Equal(t, want, text, asked)
	}
	e, err := l.Explain(t.Context(), "company:team/auth")
	assert.ErrorIs(t, err, load.ErrNotFound)
	assert.Equal(t, "company", e.Registry)
	require.NotEmpty(t, e.Policy)
	assert.Equal(t, report.Ruling{
		Allowed: true, Rule: "Config.Policies: registry company", Reason: "owns corp.example.com: nobody else is asked",
	}, e.Policy[0])
	var loop *load.AliasError
	assert.ErrorAs(t, l.Alias("corp.example.com/loop", "company:loop"), &loop)
}

func TestNoRegistry(t *testing.T) {
	t.Parallel()
	l, err := load.New(load.Config{})
	require.NoError(t, err)
	const want = "load company:auth: invalid module name: there is no registry \"company\"; add one to the policy: registry company https://HOST PREFIX"
	_, err = l.Load(t.Context(), "company:auth")
	assert.EqualErrorf(t, err, want, "%v", want)
	var config *load.ConfigError
	_, err = load.New(load.Config{Policies: append(company(), company()...)})
	require.ErrorAs(t, err, &config)
	assert.Equal(t, "Config.Policies: registry company: there is a registry company already (Config.Policies: registry company)", err.Error())
}
