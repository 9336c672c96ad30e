package plan_test

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/policy"
)

// TestUnsigned: what has to be signed does not run in place, where nothing signs it, nor is it read
// there by another build.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	_, key, err := note.GenerateKey(rand.Reader, "team")
	require.NoError(t, err)
	place, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	folder := func(dir string, parts ...find.Part) *find.Spec {
		return &find.Spec{Name: dir, Parts: parts, Source: find.Source{Kind: find.KindGo, Dir: dir, Go: &find.GoSource{}}}
	}
	script := &find.Spec{Name: place + "/x.star", Source: find.Source{Kind: find.KindStarlark, Dir: place, File: "x.star"}}
	part := func(dir string) find.Part {
		return find.Part{Name: "example.com/part", Place: dir, Files: []string{dir + "/x.go"}}
	}
	by := ""
	permit := func(pattern string, spec *find.Spec) error {
		rules := []*policy.Policy{{Signers: []policy.Signer{{Pattern: pattern, Key: key}}}}
		return plan.Permit(rules, find.Name{Target: spec.Name, Form: find.FormDir}, spec, by, nil, func(d policy.Decision) policy.Decision { return d })
	}
	var refused *install.PolicyError
	for pattern, spec := range map[string]*find.Spec{
		place: folder(place), "file:" + place: folder(place + "/below"), place + "/x.star": script, "*": folder(place),
		place + "/part": folder(place, part(place), part(place+"/part")),
	} {
		require.ErrorAs(t, permit(pattern, spec), &refused, pattern)
		assert.Contains(t, refused.Reason, " has to be signed, and is used in place", pattern)
	}
	for pattern, spec := range map[string]*find.Spec{
		"example.com": folder(place), place + "/other": folder(place, part(place+"/part")), place + "/y.star": script,
		"*": {Name: "strings", Version: "go1.26.8", Source: find.Source{Kind: find.KindGo, Go: &find.GoSource{ImportPath: "strings"}}},
	} {
		require.NoError(t, permit(pattern, spec), pattern)
	}
	by = "getter" // a directory that it links to
	require.ErrorAs(t, permit(place, folder(place)), &refused)
	copied := folder(place, part(place))
	copied.Version = "h1:x" // its sum is signed
	require.NoError(t, permit(place, copied))
}
