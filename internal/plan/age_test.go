package plan_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
)

// TestAgeOfPrepared: a minimum age holds for each part of what was prepared elsewhere, and what is
// not known is refused; a lock file that has a part, and a go.sum file, were reviewed.
func TestAgeOfPrepared(t *testing.T) {
	t.Parallel()
	old, young := time.Now().Add(-1000*time.Hour), time.Now().Add(-time.Minute)
	part := find.ModuleVersion{Path: "example.com/part", Version: "v1.0.0", Sum: "h1:x"}
	spec := func(published ...time.Time) *find.Spec {
		return &find.Spec{
			Name: "example.com/a", Module: "example.com/a", Version: "v1.0.0", Time: old, Published: published,
			BuildList: []find.ModuleVersion{{Path: "example.com/a", Version: "v1.0.0"}, part}, Source: find.Source{Kind: find.KindGo, Prepared: true, Go: &find.GoSource{}},
		}
	}
	rules := []*policy.Policy{{MinAge: 24 * time.Hour}}
	permit := func(s *find.Spec, locked *lockfile.Entry, rules []*policy.Policy) error {
		return plan.Permit(rules, find.Name{Target: s.Name, Form: find.FormPath}, s, "goproxy", locked, func(d policy.Decision) policy.Decision { return d })
	}
	require.NoError(t, permit(spec(old, old), nil, rules))
	var refused *install.PolicyError
	require.ErrorAs(t, permit(spec(old, young), nil, rules), &refused)
	assert.Regexp(t, `^example.com/part: v1.0.0 was published \S+ ago, less than 1d$`, refused.Reason)
	for _, unknown := range []*find.Spec{spec(), spec(old, time.Time{})} {
		require.ErrorAs(t, permit(unknown, nil, rules), &refused)
		assert.Equal(t, "example.com/part: it is not known when v1.0.0 was published", refused.Reason)
	}
	require.NoError(t, permit(spec(), &lockfile.Entry{Needs: []lockfile.Module{lockfile.Module(part)}}, rules))
	other := lockfile.Module(part)
	other.Sum = "h1:y"
	require.Error(t, permit(spec(), &lockfile.Entry{Needs: []lockfile.Module{other}}, rules), "it is held with another sum")
	require.NoError(t, permit(spec(), nil, []*policy.Policy{{MinAge: time.Hour, AgeExcept: []string{"example.com/part"}}}))
	local := spec()
	local.Version = ""
	require.NoError(t, permit(local, nil, []*policy.Policy{{MinAge: time.Hour, AgeExcept: []string{"example.com/a"}}}), "its go.sum file has them")
	here := spec()
	here.Source.Prepared = false
	require.NoError(t, permit(here, nil, rules), "the installer asked")
}
