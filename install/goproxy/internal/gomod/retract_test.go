package gomod_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/install/goproxy/internal/gomod"
)

// TestRetractions: a version is withdrawn if one of the intervals holds it, in whatever order they
// stand, also where they overlap or hold nothing; the first that does says why.
func TestRetractions(t *testing.T) {
	t.Parallel()
	f, err := gomod.Parse("example.com/m", []byte(`module example.com/m

retract (
	[v1.4.0, v1.6.0] // late
	v1.0.0 // first
	[v1.2.0, v1.5.0] // early
	[v1.2.1, v1.2.2] // within
	[v1.9.0, v1.8.0] // nothing
	v2.0.0-rc.1
	[v1.6.0, v1.6.1]
)
`))
	require.NoError(t, err)
	for version, why := range map[string]string{
		"v0.9.0": "", "v1.0.0": ": first", "v1.0.1": "", "v1.1.9": "", "v1.2.0": ": early", "v1.2.1": ": early", "v1.3.0": ": early", "v1.4.0": ": late", "v1.5.0": ": late",
		"v1.5.1": ": late", "v1.6.0": ": late", "v1.6.1": "!", "v1.6.2": "", "v1.8.0": "", "v1.8.5": "", "v1.9.0": "", "v2.0.0-rc.1": "!", "v2.0.0": "", "main": "",
	} {
		want := ""
		if why != "" {
			want = "retracted by the module's author" + strings.TrimPrefix(why, "!")
		}
		assert.Equal(t, want, f.Retract.Why(version), version)
		assert.Equal(t, want != "", f.Retract.Has(version), version)
	}
	assert.False(t, gomod.Retractions{}.Has("v1.0.0"))
}

// TestManyRetractions: what is asked for each version does not go through everything that is
// withdrawn. It took minutes.
func TestManyRetractions(t *testing.T) {
	t.Parallel()
	const many = 100_000
	var b strings.Builder
	b.WriteString("module example.com/m\nretract (\n")
	for i := range many {
		fmt.Fprintf(&b, "\tv0.%d.0\n", i)
	}
	f, err := gomod.Parse("example.com/m", []byte(b.String()+")\n"))
	require.NoError(t, err)
	withdrawn := 0
	for i := range many {
		if f.Retract.Has(fmt.Sprintf("v0.%d.0", i)) {
			withdrawn++
		}
		if f.Retract.Has(fmt.Sprintf("v0.%d.1", i)) {
			withdrawn++
		}
	}
	assert.Equal(t, many, withdrawn)
}
