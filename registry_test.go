package load_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/policy"
)

func company() []*policy.Policy {
	return []*policy.Policy{{Registries: []policy.Registry{{Name: "company", URL: "https://modules.corp.example.com", Prefix: "corp.example.com"}}}}
}

// Both spellings are one name, also behind an alias and for companions.
func TestRegistryNames(t *testing.T) {
	t.Parallel()
	l, err := load.New(load.Config{Policies: company(), Aliases: map[string]string{"auth": "company:team/auth", "old": "corp.example.com/old"}})
	if err != nil {
		t.Fatal(err)
	}
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
		if text != want {
			t.Errorf("%s: got  %s\nwant %s", asked, text, want)
		}
	}
	e, err := l.Explain(t.Context(), "company:team/auth")
	if !errors.Is(err, load.ErrNotFound) || e.Registry != "company" || len(e.Policy) == 0 || e.Policy[0] != (load.Ruling{
		Allowed: true, Rule: "Config.Policies: registry company", Reason: "owns corp.example.com: nobody else is asked",
	}) {
		t.Errorf("got %+v, %v", e, err)
	}
	var loop *load.AliasError
	if err := l.Alias("corp.example.com/loop", "company:loop"); !errors.As(err, &loop) {
		t.Errorf("an alias of itself: %v", err)
	}
}

func TestNoRegistry(t *testing.T) {
	t.Parallel()
	l, err := load.New(load.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "load company:auth: invalid module name: there is no registry \"company\"; add one to the policy: registry company https://HOST PREFIX"
	if _, err := l.Load(t.Context(), "company:auth"); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	var config *load.ConfigError
	_, err = load.New(load.Config{Policies: append(company(), company()...)})
	if !errors.As(err, &config) || err.Error() != "Config.Policies: registry company: there is a registry company already (Config.Policies: registry company)" {
		t.Errorf("got %v", err)
	}
}
