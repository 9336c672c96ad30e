package policy_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/policy"
)

func quoted(s string) string { return strconv.Quote(s) }

// places makes directories and links below a directory without links, and returns that.
func places(t *testing.T) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(root, "srv", "denied", "sub"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "srv", "own"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(root, "srv", "denied"), filepath.Join(root, "srv", "link")))
	require.NoError(t, os.Symlink("../denied/sub", filepath.Join(root, "srv", "own", "sub")))
	require.NoError(t, os.Symlink("srv", filepath.Join(root, "above")))
	return root
}

// A rule about a directory holds for every way that leads there.
func TestDeniedPlaces(t *testing.T) {
	root := places(t)
	t.Chdir(filepath.Join(root, "srv"))
	denied := filepath.Join(root, "srv", "denied")
	ways := []string{
		denied, denied + "/sub", denied + "/none/yet", root + "/srv/link", root + "/srv/link/sub", root + "/above/denied", root + "/srv/own/sub",
		root + "/srv/own/../denied", root + "/srv//denied", root + "/srv/Denied", "./denied", "./link", "../srv/denied", "../above/link/sub",
		"file::./denied", "file::./link/sub", "file::" + denied, "file://" + denied, "file:///" + denied, "file://" + root + "/above/denied//sub",
		"file::./denied?link=true", "git::file://" + denied + "/sub", "git::FILE://" + denied, "git::File://" + root + "/srv/link", "git::fiLE://" + root + "/above/denied//sub", "git::file://" + root + "/srv/%64enied", "./denied//sub", "./denied.zip/../denied",
	}
	if _, err := os.Stat("/proc/self/cwd"); err == nil {
		ways = append(ways, "/proc/self/cwd/denied", "/proc/self/cwd/link", "/proc/self/root"+denied, "file:///proc/self/cwd/denied")
	}
	for _, pattern := range []string{denied, root + "/srv/link", root + "/above/denied", root + "/srv/den?ed", "file://" + denied, "file::" + denied} {
		p := &policy.Policy{Deny: []string{pattern}}
		require.NoError(t, p.Check())
		for _, way := range ways {
			assert.False(t, p.Name(way).Allowed, "deny %s, %s", pattern, way)
			assert.False(t, p.Asked(policy.Subject{Package: way}).Allowed, "deny %s, %s", pattern, way)
		}
		for _, other := range []string{root + "/srv/own", root + "/srv/denied2", root + "/srv", "./own", "file::./own", "denied", "example.com/denied"} {
			assert.True(t, p.Name(other).Allowed, "deny %s, %s", pattern, other)
		}
	}
}

// What is allowed is where something really is: a link that lies in an allowed directory allows
// nothing.
func TestAllowedPlaces(t *testing.T) {
	root := places(t)
	t.Chdir(filepath.Join(root, "srv"))
	for _, pattern := range []string{root + "/srv/own", root + "/above/own", root + "/*/own"} {
		p := &policy.Policy{Allow: []string{pattern}}
		for way, allowed := range map[string]bool{
			root + "/srv/own": true, root + "/above/own": true, "./own": true, "file::./own": true, root + "/srv/own/new": true,
			root + "/srv/own/sub": false, "./own/sub": false, "file::./own/sub": false, root + "/srv": false, root + "/srv/denied": false, root + "/srv/owner": false,
			root + "/srv/OWN": false, "own": false, "strings": false,
		} {
			assert.Equal(t, allowed, p.Asked(policy.Subject{Package: way}).Allowed, "allow %s, %s", pattern, way)
		}
	}
	// A directory that is named like a repository is none.
	p := &policy.Policy{Allow: []string{"github.com/google", "own"}}
	assert.False(t, p.Asked(policy.Subject{Package: root + "/github.com/google/uuid"}).Allowed)
	assert.False(t, p.Asked(policy.Subject{Package: root + "/srv/own", Also: []string{"own", "github.com/google/x"}}).Allowed)
}

// What is given for a place is given to what is really there.
func TestGrantedPlaces(t *testing.T) {
	t.Parallel()
	root := places(t)
	list := []*policy.Policy{{Grants: []policy.Grant{{Pattern: root + "/srv/own", Grants: policy.Grants{Network: true}}}, Isolation: []string{root + "/srv/denied"}}}
	for way, network := range map[string]bool{root + "/srv/own": true, root + "/above/own": true, root + "/srv/own/sub": false, root + "/srv/link": false} {
		granted, _ := policy.Granted(list, way)
		assert.Equal(t, network, granted.Network, way)
		_, isolated := list[0].Isolated(way)
		assert.Equal(t, !network, isolated, way)
	}
}

// Only what is named runs: the standard library has a word of its own.
func TestStandard(t *testing.T) {
	t.Parallel()
	library := policy.Subject{Package: "net/http", Standard: true}
	for pattern, allowed := range map[string]bool{"std": true, "net/http": true, "net": true, "*": true, "github.com/x": false, "strings": false, "st": false} {
		p := &policy.Policy{Allow: []string{pattern}}
		assert.Equal(t, allowed, p.Asked(library).Allowed, "allow %s", pattern)
		p = &policy.Policy{Deny: []string{pattern}}
		assert.Equal(t, !allowed, p.Asked(library).Allowed, "deny %s", pattern)
	}
	d := (&policy.Policy{Allow: []string{"github.com/x"}}).Asked(library)
	assert.Equal(t, policy.Decision{Rule: "Config.Policies: allow github.com/x", Reason: "net/http is not among what is allowed", Fix: `add the rule "allow std" if you trust it`}, d)
	d = (&policy.Policy{Deny: []string{"std"}}).Asked(library)
	assert.Equal(t, policy.Decision{Rule: "Config.Policies: deny std", Reason: "net/http is denied"}, d)
	assert.True(t, (&policy.Policy{Deny: []string{"std"}}).Asked(policy.Subject{Package: "example.com/a"}).Allowed)
	assert.False(t, (&policy.Policy{Allow: []string{"std"}}).Asked(policy.Subject{Package: "/srv/std"}).Allowed)
}

// Another package of the module that holds an allowed one is not allowed with it; the module, as a
// part, is.
func TestAskedPackage(t *testing.T) {
	t.Parallel()
	p := &policy.Policy{Allow: []string{"example.com/a/sub"}}
	for pkg, allowed := range map[string]bool{"example.com/a/sub": true, "example.com/a/sub/x": true, "example.com/a/other": false, "example.com/a": false} {
		assert.Equal(t, allowed, p.Asked(policy.Subject{Package: pkg, Module: "example.com/a"}).Allowed, pkg)
	}
	assert.True(t, p.Asked(policy.Subject{Module: "example.com/a"}).Allowed)
	assert.False(t, (&policy.Policy{Allow: []string{"/srv/plugins"}}).Asked(policy.Subject{Package: "/srv"}).Allowed)
}

// What looks like a getter after the "://" of a URL is none: the host is who is asked.
func TestGetterWithinURL(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"https://evil.com/x::example.com/y.zip", "https://evil.com/a?x=git::https://example.com/y.zip", "git::https://evil.com/x::example.com/y"} {
		assert.False(t, (&policy.Policy{Deny: []string{"evil.com"}}).Name(name).Allowed, name)
		assert.False(t, (&policy.Policy{Allow: []string{"example.com"}}).Name(name).Allowed, name)
	}
}
