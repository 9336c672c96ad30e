package wire

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRules checks that every zone of the Go release has the same times after it has crossed.
func TestRules(t *testing.T) {
	t.Parallel()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	r, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	longest := 0
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		l, err := time.LoadLocation(f.Name)
		require.NoError(t, err, f.Name)
		var e Encoder
		e.Place(l)
		require.NoError(t, e.Err)
		longest = max(longest, e.Size())
		rules, err := makeRules(l)
		require.NoError(t, err)
		if rules == "" {
			continue
		}
		made, err := time.LoadLocationFromTZData(f.Name, []byte(rules))
		require.NoError(t, err, f.Name)
		assert.Equal(t, l.String(), made.String())
		for at := time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2199; at = at.Add(1000 * time.Hour) {
			a, b := at.In(l), at.In(made)
			require.Equal(t, b.String(), a.String(), f.Name)
			require.Equal(t, b.IsDST(), a.IsDST(), f.Name)
		}
	}
	assert.Less(t, longest, 4<<10, "bytes of the longest rules")
}

// TestLongRules: the table of locations, which outlives modules, keeps short rules and no part of a
// message. Longer ones are refused by both sides.
func TestLongRules(t *testing.T) {
	t.Parallel()
	rules := zoneData([]period{{name: "LONG"}, {from: 1000, name: "LONGER", offset: 7200, summer: true}}, "")
	message := func(name string, padding int) []byte {
		e := Encoder{Buf: []byte{placeRules}}
		e.Uint(uint64(len(name)))
		e.Buf = append(e.Buf, name...)
		e.Uint(uint64(len(rules) + padding))
		return append(append(e.Buf, rules...), make([]byte, padding)...)
	}
	for name, c := range map[string]struct {
		message []byte
		fine    bool
	}{
		"short":        {message("Long/Short", 0), true},
		"longest":      {message("Long/Longest", maxRules-len(rules)-len("Long/Longest")), true},
		"too long":     {message("Long/Longest", maxRules-len(rules)-len("Long/Longest")+1), false},
		"much longer":  {message("Long/Longer", 8<<20), false},
		"a long name":  {message(strings.Repeat("n", maxRules), 0), false},
		"a huge name":  {message(strings.Repeat("n", 8<<20), 0), false},
		"both are big": {message(strings.Repeat("n", maxRules-1), maxRules), false},
	} {
		d := NewOwner(c.message)
		l := d.Place()
		assert.Equal(t, c.fine, l != nil && d.Err() == nil, name)
	}
	all := []period{{name: "MANY"}}
	for n := range 5000 {
		all = append(all, period{from: int64(n+1) * 1e6, name: "MANY", offset: n % 2 * 3600})
	}
	l, err := time.LoadLocationFromTZData("Long/Many", []byte(zoneData(all, "")))
	require.NoError(t, err)
	var e Encoder
	e.Place(l)
	require.ErrorContains(t, e.Err, "the rules of the location \"Long/Many\" cannot be carried: there are too many changes in them")
	places.mu.Lock()
	defer places.mu.Unlock()
	for _, kept := range places.byPlace {
		assert.LessOrEqual(t, len(kept), maxRules)
	}
}

// TestRulesAtAllTimes: a location whose yearly rule holds from the beginning, twice two thousand
// changes, crosses as that rule.
func TestRulesAtAllTimes(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"<OWN>-1<SUM>-2,M3.5.0,M10.4.6/3", "<OWN>5<SUM>,M10.1.0,M3.2.0"} {
		l, err := time.LoadLocationFromTZData("Own", []byte(zoneData([]period{{name: "OWN"}}, rule)))
		require.NoError(t, err)
		var e Encoder
		e.Place(l)
		require.NoError(t, e.Err, rule)
		assert.Less(t, len(e.Buf), 200, rule)
		d := NewDecoder(e.Buf)
		got := d.Place()
		require.NoError(t, d.End(), rule)
		for year := 2; year < 2200; year += 33 {
			for month := time.January; month <= time.December; month++ {
				at := time.Date(year, month, 15, 12, 0, 0, 0, l)
				assert.Equal(t, at.String(), at.In(got).String(), rule)
			}
		}
	}
}

// BenchmarkPlace measures what a location with rules costs.
func BenchmarkPlace(b *testing.B) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(b, err)
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, berlin)
	b.Run("rules", func(b *testing.B) {
		for b.Loop() {
			_, _ = makeRules(berlin)
		}
	})
	for name, t := range map[string]time.Time{"utc": now.UTC(), "berlin": now, "fixed": now.In(time.FixedZone("X", 3600))} {
		b.Run(name, func(b *testing.B) {
			var e Encoder
			for b.Loop() {
				e.Truncate(0)
				e.Time(t)
				d := NewDecoder(e.Buf)
				d.Time()
			}
			b.ReportMetric(float64(e.Size()), "B/message")
		})
	}
}
