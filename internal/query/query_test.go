package query_test

import (
	"slices"
	"testing"

	"github.com/loadgo/load/internal/query"
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
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.text, err)
			continue
		}
		if q.Kind() != tt.kind || q.String() != tt.text {
			t.Errorf("Parse(%q) = %q of kind %q, want kind %q", tt.text, q, q.Kind(), tt.kind)
		}
		if got, _ := q.Select(known); got != tt.choice {
			t.Errorf("%q selects %q, want %q", tt.text, got, tt.choice)
		}
		if got, _ := q.Highest(known); got != tt.highest {
			t.Errorf("%q is highest at %q, want %q", tt.text, got, tt.highest)
		}
	}
}

func TestPreReleaseWithoutRelease(t *testing.T) {
	t.Parallel()
	q, err := query.Parse("latest")
	if err != nil {
		t.Fatal(err)
	}
	got := q.Rank([]string{"v0.0.0-20250102030405-0123456789ab", "v0.1.0-alpha", "v0.1.0-beta"})
	want := []string{"v0.1.0-beta", "v0.1.0-alpha", "v0.0.0-20250102030405-0123456789ab"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
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
		if _, err := query.Parse(text); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v, want %s", text, err, want)
		}
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
		if q.String() != text {
			t.Errorf("Parse(%q) prints as %q", text, q)
		}
		selected, ok := q.Select([]string{version})
		if ok != q.Match(version) || ok && selected != version {
			t.Errorf("%q: Match(%q) is %v and Select answers %q, %v", text, version, q.Match(version), selected, ok)
		}
		if ok && !semver.IsValid(version) {
			t.Errorf("%q allows %q, which is no version", text, version)
		}
	})
}
