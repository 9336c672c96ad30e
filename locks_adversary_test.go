package load_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/policy"
)

// A reload goes by the lock file as a load does: neither what the registry has now nor a line that
// somebody changed takes the place of what runs.
func TestReloadLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	d := &depot{version: "v1.0.0", sum: sumA}
	w := &world{modules: map[string]fake{"depot.com/a": {}}}
	l := lockLoader(t, d, path, func(c *load.Config) { c.Engines = []engine.Engine{w} })
	old := mustLoad(t, l, "depot.com/a")
	held, err := os.ReadFile(path)
	require.NoError(t, err)
	const mismatch = "checksum mismatch for depot.com/a@v1.0.0\n\tdownloaded: " + sumB + "\n\tload.lock: " + sumA +
		"\n\tsomebody changed a published version, or load.lock is wrong; find out which before you remove the line\n\tthe module that runs stays"
	d.sum = sumB
	_, err = l.Reload(t.Context(), "depot.com/a")
	assert.EqualError(t, err, "reload depot.com/a: "+mismatch)
	// The other way round: the line is wrong.
	d.sum = sumA
	forged := "load.lock 1\ndepot.com/a at v1.0.0 depot depot.com/a -\ndepot.com/a needs depot.com/a v1.0.0 " + sumB + "\n"
	require.NoError(t, os.WriteFile(path, []byte(forged), 0o600))
	_, err = l.Reload(t.Context(), "depot.com/a")
	assert.EqualError(t, err, "reload depot.com/a: checksum mismatch for depot.com/a@v1.0.0\n\tdownloaded: "+sumA+"\n\tload.lock: "+sumB+
		"\n\tsomebody changed a published version, or load.lock is wrong; find out which before you remove the line\n\tthe module that runs stays")
	assert.Same(t, old, mustLoad(t, l, "depot.com/a"))
	data, err := os.ReadFile(path)
	assert.Equal(t, forged, string(data), "the lock file was changed")
	assert.NoError(t, err, "the lock file was changed")
	require.NoError(t, os.WriteFile(path, held, 0o600))
	_, err = l.Reload(t.Context(), "depot.com/a")
	assert.NoError(t, err)
}

// What was accepted is accepted for the name: another version is given it too, more of it needs to
// be accepted again, and an upgrade writes down less where the policy grants less, whether the
// version changes or not. A load writes down neither more nor less.
func TestLockedGrants(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	d := &depot{version: "v1.0.0", sum: sumA}
	granting := func(g policy.Grants) load.Locks {
		return lockLoader(t, d, path, func(c *load.Config) {
			c.Policies = []*policy.Policy{{Grants: []policy.Grant{{Pattern: "depot.com", Grants: g}}}}
		}).Locks()
	}
	const refused = "load depot.com/a: the policy grants it more than it had when it was locked: %s (load.lock)\n" +
		"\trun `load lock -accept depot.com/a` if it should have that"
	add := func(k load.Locks) error { _, err := k.Add(t.Context(), "depot.com/a"); return err }
	upgrade := func(k load.Locks) error { _, _, err := k.Upgrade(t.Context(), "depot.com/a"); return err }
	accept := func(k load.Locks) error { return k.Accept(t.Context(), "depot.com/a") }
	network, both := policy.Grants{Network: true}, policy.Grants{Network: true, Programs: true}
	wide, narrow := policy.Grants{Memory: 64 << 20}, policy.Grants{Memory: 32 << 20}
	for i, step := range []struct {
		version string
		policy  policy.Grants
		do      func(load.Locks) error
		beyond  string
		want    []string // what the lock file grants afterwards
	}{
		{"v1.0.0", network, add, "", []string{"network"}},
		{"v1.1.0", both, add, "programs", []string{"network"}},
		{"v1.1.0", both, upgrade, "programs", []string{"network"}},
		{"v1.1.0", network, upgrade, "", []string{"network"}},
		{"v1.1.0", policy.Grants{}, add, "", []string{"network"}},
		{"v1.1.0", network, add, "", []string{"network"}},
		{"v1.1.0", policy.Grants{}, upgrade, "", nil}, // the same version
		{"v1.1.0", network, add, "network", nil},
		{"v1.1.0", both, accept, "", []string{"network", "programs"}},
		{"v1.2.0", network, upgrade, "", []string{"network"}},
		{"v1.2.0", both, upgrade, "programs", []string{"network"}},
		{"v1.2.0", wide, accept, "", []string{"memory 64MiB"}},
		{"v1.3.0", narrow, upgrade, "", []string{"memory 32MiB"}},
		{"v1.3.0", wide, upgrade, "memory 64MiB instead of 32MiB", []string{"memory 32MiB"}},
		{"v1.4.0", policy.Grants{}, upgrade, "memory without limit instead of 32MiB", []string{"memory 32MiB"}},
	} {
		d.version = step.version
		err := step.do(granting(step.policy))
		if step.beyond == "" {
			require.NoError(t, err, "step %d", i)
		} else {
			require.EqualError(t, err, fmt.Sprintf(refused, step.beyond), "step %d", i)
		}
		file, err := lockfile.Read(path)
		require.NoError(t, err)
		entry, _ := file.Entry("depot.com/a")
		require.Equal(t, step.want, entry.Grants, "step %d", i)
	}
}

// Nothing writes a frozen lock file, and a grant can be accepted where the module is not yet
// installed.
func TestFrozenGrants(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	d := &depot{version: "v1.0.0", sum: sumA}
	_, err := lockLoader(t, d, path).Locks().Add(t.Context(), "depot.com/a")
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	grants := func(c *load.Config) {
		c.Policies = []*policy.Policy{{Grants: []policy.Grant{{Pattern: "depot.com", Grants: policy.Grants{Network: true}}}}}
	}
	k := lockLoader(t, d, path, grants, frozen).Locks()
	const refused = "load depot.com/a: load.lock is not to be changed (Config.Frozen)\n\tset Config.Frozen to false"
	require.EqualError(t, k.Accept(t.Context(), "depot.com/a"), refused)
	_, err = k.Remove(t.Context(), "depot.com/a")
	require.EqualError(t, err, refused)
	_, _, err = k.Upgrade(t.Context(), "depot.com/a")
	require.EqualError(t, err, refused)
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(now))

	k = lockLoader(t, d, path, grants).Locks()
	require.ErrorContains(t, k.Accept(t.Context(), "depot.com/b"), "it is not in load.lock")
	require.NoError(t, k.Accept(t.Context(), "depot.com/a")) // by an empty store
	file, err := lockfile.Read(path)
	require.NoError(t, err)
	entry, _ := file.Entry("depot.com/a")
	assert.Equal(t, []string{"network"}, entry.Grants)
}
