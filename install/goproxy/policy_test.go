package goproxy_test

import (
	"fmt"
	"maps"
	"regexp"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const aged = `
-- example.com/aged@v1.0.0/go.mod --
module example.com/aged
-- example.com/aged@v1.0.0/a.go --
package aged
-- example.com/aged@v1.1.0/go.mod --
module example.com/aged
-- example.com/aged@v1.1.0/a.go --
package aged
-- example.com/aged@v1.2.0-rc1/go.mod --
module example.com/aged
-- example.com/aged@v1.2.0-rc1/a.go --
package aged
-- example.com/aged@v1.2.0/go.mod --
module example.com/aged

retract v1.1.0 // broken
-- example.com/aged@v1.2.0/a.go --
package aged
`

// published makes the registry say when a version was published; a zero time is left out.
func published(p *loadtest.ProxyServer, version string, at time.Time) {
	text := fmt.Sprintf(`{"Version":%q}`, version)
	if !at.IsZero() {
		text = fmt.Sprintf(`{"Version":%q,"Time":%q}`, version, at.UTC().Format(time.RFC3339))
	}
	p.SetFile("/example.com/aged/@v/"+version+".info", []byte(text))
}

// A version that is too young is passed over for an older release: not for a pre-release, and not
// for one that the young version's go.mod retracts.
func TestAge(t *testing.T) {
	t.Parallel()
	rules := &policy.Policy{MinAge: 72 * time.Hour}
	minutes := regexp.MustCompile(`1h\d+m ago`) // that a busy machine took
	young, old := time.Now().Add(-time.Hour), time.Now().Add(-1000*time.Hour)
	const refused = "(Config.Policies: age 3d)"
	for name, test := range map[string]struct {
		asked       string
		v100, v120  time.Time
		want, error string
	}{
		"all old":         {"example.com/aged", old, old, "v1.2.0", ""},
		"young":           {"example.com/aged@latest", old, young, "v1.0.0", ""},
		"no date":         {"example.com/aged", old, time.Time{}, "v1.0.0", ""},
		"future":          {"example.com/aged", old, time.Now().Add(time.Hour), "v1.0.0", ""},
		"all young":       {"example.com/aged", young, young, "", "load example.com/aged: v1.2.0 was published 1h ago, less than 3d " + refused + "\n\task for an older version, or wait"},
		"exact":           {"example.com/aged@v1.2.0", old, young, "", "load example.com/aged@v1.2.0: v1.2.0 was published 1h ago, less than 3d " + refused + "\n\task for an older version, or wait"},
		"exact, no date":  {"example.com/aged@v1.2.0", old, time.Time{}, "", "load example.com/aged@v1.2.0: it is not known when v1.2.0 was published " + refused + "\n\task for a version whose time is known, or make an exception: age 3d except example.com/aged"},
		"exact retracted": {"example.com/aged@v1.1.0", old, young, "", "load example.com/aged@v1.1.0: v1.1.0 is retracted by the module's author: broken (Config.Policies: retracted refuse)\n\task for another version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := loadtest.Proxy(t, aged)
			published(proxy, "v1.0.0", test.v100)
			published(proxy, "v1.2.0", test.v120)
			l, err := load.New(load.Config{
				Store: loadtest.OpenStore(t), Installers: []install.Installer{goproxy.New(config(proxy))}, Policies: []*policy.Policy{rules},
				LockFile: t.TempDir() + "/load.lock",
			})
			require.NoError(t, err)
			spec, err := l.Locks().Add(t.Context(), test.asked)
			switch {
			case test.error != "":
				var refused *install.PolicyError
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, test.error, minutes.ReplaceAllString(err.Error(), "1h ago"))
			case err != nil || spec.Version != test.want:
				t.Errorf("got %+v, %v, want %s", spec, err, test.want)
			}
		})
	}
}

// What is too large is refused before it is unpacked.
func TestMaxSize(t *testing.T) {
	t.Parallel()
	proxy := loadtest.Proxy(t, aged)
	s := loadtest.OpenStore(t)
	l, err := load.New(load.Config{
		Store: s, Installers: []install.Installer{goproxy.New(config(proxy))}, Policies: []*policy.Policy{{MaxSize: 100}},
		LockFile: t.TempDir() + "/load.lock",
	})
	require.NoError(t, err)
	_, err = l.Locks().Add(t.Context(), "example.com/aged")
	var refused *install.PolicyError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "Config.Policies: max-size 100B", refused.Rule)
	assert.Empty(t, maps.Collect(s.AllRecords("linux_amd64")))
}
