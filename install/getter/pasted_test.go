package getter_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/getter"
)

// TestPasted: the address of a web page is answered by the name that was meant, and each of these
// names is valid.
func TestPasted(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"https://github.com/user/repo":                           "write github.com/user/repo for the Go package, or gh:user/repo for the repository",
		"https://github.com/user/repo/":                          "write github.com/user/repo for the Go package, or gh:user/repo for the repository",
		"https://github.com/user/repo.git":                       "write github.com/user/repo for the Go package, or gh:user/repo for the repository",
		"https://github.com/user/repo/tree/v1.2.0/a/b":           "write github.com/user/repo/a/b@v1.2.0 for the Go package, or gh:user/repo//a/b@v1.2.0 for the repository",
		"https://github.com/user/repo/tree/main":                 "write github.com/user/repo@main for the Go package, or gh:user/repo@main for the repository",
		"https://gitlab.com/user/repo/-/tree/main/a":             "write gitlab.com/user/repo/a@main for the Go package, or gl:user/repo//a@main for the repository",
		"https://codeberg.org/user/repo/src/branch/main/a":       "write codeberg.org/user/repo/a@main for the Go package, or git::https://codeberg.org/user/repo//a?ref=main for the repository",
		"https://bitbucket.org/user/repo":                        "write bitbucket.org/user/repo for the Go package, or git::https://bitbucket.org/user/repo for the repository",
		"https://pkg.go.dev/golang.org/x/text@v0.14.0/unicode":   "write golang.org/x/text/unicode@v0.14.0 for the Go package",
		"https://pkg.go.dev/github.com/user/repo/sub?tab=readme": "write github.com/user/repo/sub for the Go package",
		"https://github.com/user":                                "",
		"https://github.com/user/repo/issues/3":                  "",
		"https://example.com/user/repo":                          "",
	} {
		name, err := find.ParseName(page)
		require.NoError(t, err)
		_, err = getter.New(getter.Config{}).Resolve(t.Context(), new(install.Session), name)
		var invalid *find.NameError
		require.ErrorAs(t, err, &invalid, page)
		if want == "" {
			assert.NotContains(t, invalid.Reason, "write", page)
			continue
		}
		assert.Equal(t, "it is a web page: "+want, invalid.Reason, page)
		for _, meant := range regexp.MustCompile(`(\S+) for the`).FindAllStringSubmatch(want, -1) {
			_, err := find.ParseName(meant[1])
			assert.NoError(t, err, page)
		}
	}
}
