package policy_test

import (
	"slices"
	"testing"

	"github.com/loadgo/load/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRegistrySyntax(t *testing.T) {
	t.Parallel()
	const company = "registry company https://modules.corp.example.com corp.example.com"
	for text, want := range map[string]string{
		company: "",
		company + " git.example.com/*/private insecure":                                            "",
		"registry company oci://r.example.com/go/modules e.com":                                    "",
		"registry company oci://r.example.com:5000/go,https://m.example.com,oci://l/go e.com":      "",
		"registry company oci://r.example.com e.com":                                               `its URL "oci://r.example.com" is not of the form oci://host/repository, without a tag`,
		"registry company oci://r.example.com/go:v1 e.com":                                         `its URL "oci://r.example.com/go:v1" is not of the form oci://host/repository, without a tag`,
		"registry company oci://r.example.com/Go e.com":                                            `its URL "oci://r.example.com/Go" is not of the form oci://host/repository, without a tag`,
		"registry company oci://r.example.com/go/ e.com":                                           `its URL "oci://r.example.com/go/" is not of the form oci://host/repository, without a tag`,
		"registry company oci://me:secret@r.example.com/go e.com":                                  `its URL holds a user or a password: keep them in the variable LOAD_TOKEN_COMPANY or in the docker configuration`,
		"registry company https://m.example.com,http://n.example.com e.com":                        `its URL http://n.example.com is not safe: write https, or "insecure" at the end of the rule`,
		"registry company https://m.example.com,https://m.example.com e.com":                       `it has the URL https://m.example.com twice`,
		"registry company https://m.example.com, e.com":                                            `its URL is not one of https or oci`,
		"registry lab http://127.0.0.1:8080 lab.example.com insecure":                              "",
		"registry company https://m.example.com":                                                   `want registry NAME URL[,MIRROR...] PREFIX [PATTERN...] [insecure]`,
		"registry gh https://m.example.com e.com":                                                  `the name "gh" means something else in front of a colon`,
		"registry https https://m.example.com e.com":                                               `the name "https" means something else in front of a colon`,
		"registry c https://m.example.com e.com":                                                   `"c" is not a registry name: it takes two or more of a-z, 0-9 and "-", from a letter on`,
		"registry Company https://m.example.com e.com":                                             `"Company" is not a registry name: it takes two or more of a-z, 0-9 and "-", from a letter on`,
		"registry a_b https://m.example.com e.com":                                                 `"a_b" is not a registry name: it takes two or more of a-z, 0-9 and "-", from a letter on`,
		"registry company modules.example.com e.com":                                               `its URL is not one of https or oci`,
		"registry company file:///srv e.com":                                                       `its URL is not one of https or oci`,
		"registry company https://%zz e.com":                                                       `its URL is not one of https or oci`,
		"registry company https://me:secret@m.example.com e.com":                                   `its URL holds a user or a password: keep them in the variable LOAD_TOKEN_COMPANY or in the netrc file`,
		"registry my-team https://secret@m.example.com e.com":                                      `its URL holds a user or a password: keep them in the variable LOAD_TOKEN_MY_TEAM or in the netrc file`,
		"registry company https:///x e.com":                                                        `its URL "https:///x" is not of the form https://host/path`,
		"registry company https://m.example.com?x=y e.com":                                         `its URL "https://m.example.com?x=y" is not of the form https://host/path`,
		"registry company http://m.example.com e.com":                                              `its URL http://m.example.com is not safe: write https, or "insecure" at the end of the rule`,
		"registry company https://m.example.com *.example.com":                                     `its prefix "*.example.com" is no path such as corp.example.com/team`,
		"registry company https://m.example.com corp":                                              `its prefix "corp" is no path such as corp.example.com/team`,
		"registry company https://m.example.com e.com a[":                                          `"a[" is no pattern: a "[" is not closed, or a "\" stands before nothing`,
		"registry company https://m.example.com e.com x e.com":                                     `it owns e.com twice`,
		company + "\nregistry company https://m.example.com e.com":                                 `there is a registry company already (load.policy:2: registry company)`,
		company + "\nregistry lab https://m.example.com corp.example.com":                          `it owns corp.example.com, which company owns already (load.policy:2: registry company)`,
		company + " x.com/*a\nregistry lab https://m.example.com lab.example.com x.com/b*":         `it owns x.com/b*, and company owns x.com/*a: neither says more about what both match (load.policy:2: registry company)`,
		company + " x.com/a*\nregistry lab https://m.example.com lab.example.com x.com/b*":         "",
		company + "\nregistry lab https://m.example.com lab.example.com corp.example.com/lab":      "",
		company + " *.example.com\nregistry lab https://m.example.com lab.example.com *.lab.com/x": "",
		"grant a env LOAD_TOKEN_COMPANY":                                                           `LOAD_TOKEN_COMPANY holds the token of a registry, which no module gets`,
	} {
		_, err := policy.Parse("load.policy", []byte("load.policy 1\n"+text))
		line := "load.policy:2: "
		if slices.Contains([]byte(text), '\n') {
			line = "load.policy:3: "
		}
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || err.Error() != line+want):
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, line+want)
		}
	}
}

// Registries of several policies must agree, too.
func TestRegistriesOfPolicies(t *testing.T) {
	t.Parallel()
	file := parse(t, "load.policy 1\nregistry company https://m.example.com corp.example.com\n")
	value := &policy.Policy{Registries: []policy.Registry{{Name: "other", URL: "https://o.example.com", Prefix: "corp.example.com"}}}
	const want = "registry other: it owns corp.example.com, which company owns already (load.policy:2: registry company)"
	_, err := policy.NewRegistries([]*policy.Policy{file, value})
	assert.EqualErrorf(t, err, want, "%v", want)
	_, err = policy.NewRegistries([]*policy.Policy{file, file})
	assert.Error(t, err, "the same registry twice is no error")
}

// A token of a registry is given to no module, also where a program's policy says so.
func TestTokenIsNotGranted(t *testing.T) {
	t.Setenv("LOAD_TOKEN_COMPANY", "secret")
	t.Setenv("GREETING", "hi")
	assert.Equal(t, []string{"GREETING=hi"}, (policy.Grants{Env: []string{"LOAD_TOKEN_COMPANY", "GREETING"}}).Environ())
}

func TestOwner(t *testing.T) {
	t.Parallel()
	p := parse(t, `load.policy 1
registry company https://m.example.com corp.example.com *.example.com git.example.com/*/private
registry lab https://l.example.com lab.example.com/x corp.example.com/lab *.lab.example.com
`)
	all, err := policy.NewRegistries([]*policy.Policy{p})
	require.NoError(t, err)
	for name, want := range map[string]string{
		"corp.example.com":                "company corp.example.com",
		"corp.example.com/team/auth":      "company corp.example.com",
		"corp.example.com/lab":            "lab corp.example.com/lab",
		"corp.example.com/lab/sub":        "lab corp.example.com/lab",
		"corp.example.com/labor":          "company corp.example.com",
		"git.example.com/a/private/b":     "company git.example.com/*/private",
		"git.example.com/a":               "company *.example.com",
		"a.lab.example.com/b":             "lab *.lab.example.com",
		"example.com/a":                   "",
		"corp.example.com.evil.test/team": "",
		"evil.test/corp.example.com":      "",
	} {
		got := ""
		if owner, ok := all.Owner(name); ok {
			got = owner.Name + " " + owner.Pattern
		}
		assert.Equal(t, want, got, name)
	}
	owner, _ := all.Owner("corp.example.com/lab")
	assert.Equal(t, "load.policy:3: registry lab", owner.Rule)
	assert.Equal(t, "https://l.example.com", owner.URL)
}
