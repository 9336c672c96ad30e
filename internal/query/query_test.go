package query_test

import (
	"testing"

	"github.com/loadgo/load/internal/query"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/semver"
)

var known = []string{
	"v0.9.0", "v1.0.0", "v1.2.0-rc1", "v1.2.0", "v1.2.3", "v1.10.0", "v1.11.0-beta",
	"v0.0.0-20240102030405-0123456789ab", "v2.0.0+incompatible", "junk", "v1.3",
}

func TestSelect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text    string
		kind    query.Kind
		choice  string
		highest string
	}{
		{"", query.Any, "v2.0.0+incompatible", "v2.0.0+incompatible"},
		{"latest", query.Latest, "v2.0.0+incompatible", "v2.0.0+incompatible"},
		{"upgrade", query.Upgrade, "v2.0.0+incompatible", "v2.0.0+incompatible"},
		{"patch", query.Patch, "v2.0.0+incompatible", "v2.0.0+incompatible"},
		{"v1", query.Prefix, "v1.10.0", "v1.10.0"},
		{"v1.2", query.Prefix, "v1.2.3", "v1.2.3"},
		{"v1.11", query.Prefix, "", ""}, // its only version is a pre-release of v1.11.0
		{"v3", query.Prefix, "", ""},
		{"v1.2.3", query.Exact, "v1.2.3", "v1.2.3"},
		{"v1.2.0-rc1", query.Exact, "v1.2.0-rc1", "v1.2.0-rc1"},
		{"v2.0.0", query.Exact, "v2.0.0+incompatible", "v2.0.0+incompatible"},
		{"v0.0.0-20240102030405-0123456789ab", query.Exact, "v0.0.0-20240102030405-0123456789ab", "v0.0.0-20240102030405-0123456789ab"},
		{"v1.2.4", query.Exact, "", ""},
		{"<v1.2.3", query.Less, "v1.2.0", "v1.2.0"},
		{"<v1.2", query.Less, "v1.0.0", "v1.0.0"},
		{"<=v1.2.3", query.LessEqual, "v1.2.3", "v1.2.3"},
		{">v1.2.0", query.Greater, "v1.2.3", "v2.0.0+incompatible"},
		{">=v1.2.0", query.GreaterEqual, "v1.2.0", "v2.0.0+incompatible"},
		{">=v1.2", query.GreaterEqual, "v1.2.0", "v2.0.0+incompatible"},
		{"main", query.Revision, "", ""},
		{"0123456789ab", query.Revision, "", ""},
		{"v1.2.3.4", query.Revision, "", ""},
		{"V1", query.Revision, "", ""},
	} {
		q, err := query.Parse(tt.text)
		if !assert.NoError(t, err, tt.text) {
			continue
		}
		assert.Equalf(t, tt.kind, q.Kind(), "Parse(%q) = %q of kind %q", tt.text, q, q.Kind())
		assert.Equalf(t, tt.text, q.String(), "Parse(%q) = %q of kind %q", tt.text, q, q.Kind())
		got, _ := q.Select(known)
		assert.Equal(t, tt.choice, got, tt.text)
		got, _ = q.Highest(known)
		assert.Equal(t, tt.highest, got, tt.text)
	}
}

func TestPreReleaseWithoutRelease(t *testing.T) {
	t.Parallel()
	q, err := query.Parse("latest")
	require.NoError(t, err)
	got := q.Rank([]string{"v0.0.0-20250102030405-0123456789ab", "v0.1.0-alpha", "v0.1.0-beta"})
	want := []string{"v0.1.0-beta", "v0.1.0-alpha", "v0.0.0-20250102030405-0123456789ab"}
	assert.Equal(t, want, got)
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		">":        `invalid semantic version "" in range ">"`,
		"<=":       `invalid semantic version "" in range "<="`,
		">=1.2.3":  `invalid semantic version "1.2.3" in range ">=1.2.3"`,
		"<=v1.2":   `ambiguous semantic version "v1.2" in range "<=v1.2"`,
		">v1":      `ambiguous semantic version "v1" in range ">v1"`,
		"<latest":  `invalid semantic version "latest" in range "<latest"`,
		">=v1.2.x": `invalid semantic version "v1.2.x" in range ">=v1.2.x"`,
	} {
		_, err := query.Parse(text)
		assert.EqualError(t, err, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "latest", "v1", "v1.2", "v1.2.3", ">=v1.5.0", "<v2.0.0", "main", "<=v1.2", "v1.2.3-rc1+meta"} {
		f.Add(text, "v1.2.3")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		q, err := query.Parse(text)
		if err != nil {
			return
		}
		assert.Equal(t, text, q.String())
		selected, ok := q.Select([]string{version})
		assert.Equalf(t, q.Match(version), ok, "%q: Match(%q) is %v and Select answers %q, %v", text, version, q.Match(version), selected, ok)
		assert.Falsef(t, ok && selected != version, "%q: Match(%q) is %v and Select answers %q, %v", text, version, q.Match(version), selected, ok)
		assert.Falsef(t, ok && !semver.IsValid(version), "%q allows %q, which is no version", text, version)
	})
}
