package goproxy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
)

// renamed are modules whose newest release goes by another path and speaks for the old one.
const renamed = `
-- example.com/old@v1.0.0-bad/go.mod --
module example.com/old

go 1.20
-- example.com/old@v1.0.0-bad/o.go --
package old
-- example.com/old@v0.9.0/go.mod --
module example.com/old

go 1.20
-- example.com/old@v0.9.0/o.go --
package old
-- example.com/old@v1.9.0/go.mod --
module example.com/new

retract v1.0.0-bad // it leaks
-- example.com/old@v1.9.0/o.go --
package old
-- example.com/range@v1.1.0/go.mod --
module example.com/range

go 1.20
-- example.com/range@v1.2.0/go.mod --
module example.com/range

go 1.20
-- example.com/range@v1.3.0/go.mod --
module example.com/range

go 1.20

retract v1.1.0 // 1.4.0 takes this back
-- example.com/range@v1.4.0/go.mod --
module example.com/elsewhere

retract [v1.2.0, v1.3.0]
-- example.com/range@v1.1.0/r.go --
package range_
-- example.com/range@v1.2.0/r.go --
package range_
-- example.com/range@v1.3.0/r.go --
package range_
-- example.com/range@v1.4.0/r.go --
package range_
-- example.com/gone@v1.0.0/go.mod --
module example.com/gone
-- example.com/gone@v1.0.0/g.go --
package gone
-- example.com/gone@v1.1.0/go.mod --
// Deprecated: use example.com/stays.
module example.com/stays

retract v1.0.0
-- example.com/gone@v1.1.0/g.go --
package gone
-- example.com/major@v1.0.0/go.mod --
module example.com/major

go 1.20
-- example.com/major@v1.0.0/m.go --
package major
-- example.com/major@v1.1.0/go.mod --
module example.com/major

go 1.20
-- example.com/major@v1.1.0/m.go --
package major
-- example.com/major@v1.2.0/go.mod --
module example.com/major/v2

retract v1.1.0
-- example.com/major@v1.2.0/m.go --
package major
`

// TestRetractedByRenamed: what the newest release retracts is retracted, whatever path that release
// declares.
func TestRetractedByRenamed(t *testing.T) {
	t.Parallel()
	in := goproxy.New(config(loadtest.Proxy(t, renamed)))
	for _, test := range []struct{ name, version, retracted string }{
		{"example.com/old", "v0.9.0", ""},
		{"example.com/old@latest", "v0.9.0", ""},
		{"example.com/old@<v1.9.0", "v0.9.0", ""},
		{"example.com/old@v1.0.0-bad", "v1.0.0-bad", "retracted by the module's author: it leaks"},
		{"example.com/range", "v1.1.0", ""},
		{"example.com/range@v1.3.0", "v1.3.0", "retracted by the module's author"},
		{"example.com/range@v1.1.0", "v1.1.0", ""},
		{"example.com/gone@v1.0.0", "v1.0.0", "retracted by the module's author"},
		{"example.com/major", "v1.0.0", ""},
		{"example.com/major@>=v1.0.0", "v1.0.0", ""},
	} {
		release, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, test.name))
		require.NoError(t, err, test.name)
		assert.Equal(t, test.version, release.Version, test.name)
		assert.Equal(t, test.retracted, release.Retracted, test.name)
	}
	_, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "example.com/gone"))
	assert.EqualError(t, err, "v1.1.0: its go.mod declares its path as example.com/stays\n\task for example.com/stays instead")
}
