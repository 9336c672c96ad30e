package valuetest

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testPlaces: a time crosses with the rules of its location, and a location is a value.
func (s suite) testPlaces(t *testing.T) {
	m := s.values(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	here, err := time.LoadLocationFromTZData("Nowhere/Own", tzData)
	require.NoError(t, err)
	addDays := gosuite.Bound[func(time.Time, int) time.Time](t, m, "AddDays")
	placeOf := gosuite.Bound[func(time.Time) string](t, m, "PlaceOf")
	for _, place := range []*time.Location{
		berlin, here, time.UTC, time.Local, time.FixedZone("X", -4000),
		time.FixedZone("", 3600), time.FixedZone("UTC", 0), time.FixedZone("far", 1<<40),
	} {
		before := time.Date(2026, 10, 24, 9, 0, 0, 0, place)
		assert.Equal(t, before.AddDate(0, 0, 1).String(), addDays(before, 1).String(), "over the change of clocks in %s", place)
		assert.Equal(t, before.AddDate(0, 6, 0).String(), addDays(addDays(before, 7), 175).String(), "there and back in %s", place)
		assert.Equal(t, place.String(), placeOf(before))
	}
	before := time.Date(2026, 10, 24, 9, 0, 0, 0, berlin)
	assert.Same(t, berlin, addDays(before, 1).Location(), "it comes back as itself")
	assert.True(t, before == addDays(before, 0), "so == holds")
	assert.Same(t, time.Local, addDays(time.Now(), 0).Location())
	assert.True(t, addDays(time.Time{}, 0) == time.Time{})
	now := time.Now()
	assert.Equal(t, time.Second, gosuite.Bound[func(a, b time.Time) time.Duration](t, m, "Elapsed")(now, now.Add(time.Second)))

	load := gosuite.Bound[func(string) (*time.Location, error)](t, m, "LoadPlace")
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "Etc/GMT+5"} {
		native, err := time.LoadLocation(name)
		require.NoError(t, err)
		loaded, err := load(name)
		require.NoError(t, err)
		assert.Equal(t, name, loaded.String())
		for year := 1980; year < 2100; year += 7 {
			at := time.Date(year, 7, 1, 0, 0, 0, 0, time.UTC)
			assert.Equal(t, at.In(native).Format("15:04 -0700"), at.In(loaded).Format("15:04 -0700"), "%s in %d", name, year)
		}
	}
	same := gosuite.Bound[func(*time.Location) *time.Location](t, m, "SamePlace")
	for _, place := range []*time.Location{berlin, here, time.UTC, time.Local, nil} {
		assert.Same(t, place, same(place))
		assert.Equal(t, place, gosuite.Call(t, m, "SamePlace", place))
		assert.Equal(t, place.String(), gosuite.Call(t, m, "PlaceName", place))
		assert.Equal(t, place, gosuite.Call(t, m, "Any", place), "as any")
		if place != nil {
			assert.Equal(t, before.In(place).String(), gosuite.Bound[func(time.Time, *time.Location) time.Time](t, m, "InPlace")(before, place).String())
		}
	}
	type schedule struct {
		Place *time.Location
		Hour  int
	}
	next := gosuite.Bound[func(schedule, time.Time) time.Time](t, m, "NextOf")
	assert.Equal(t, "2026-10-25 09:00:00 +0100 CET", next(schedule{berlin, 9}, before).String())
	assert.Equal(t, "2026-10-24 12:00:00 +0200 CEST", next(schedule{berlin, 12}, before.UTC()).String())
	assert.Equal(t, schedule{berlin, 9}, gosuite.Call(t, m, "Any", schedule{berlin, 9}))
	times := []time.Time{before, before.UTC(), before.In(here), before.AddDate(0, 6, 0)}
	assert.Equal(t, times, gosuite.Call(t, m, "Any", times))
	assert.Equal(t, before.AddDate(0, 0, 1), gosuite.Bound[func(map[string]time.Time, string) time.Time](t, m, "DayAfter")(map[string]time.Time{"a": times[2], "b": before}, "b"))
}

// testUnseenFields: a struct of the host of which nothing could cross is refused when it is bound.
func (s suite) testUnseenFields(t *testing.T) {
	m := s.values(t)
	type hidden struct{ _ int }
	for _, f := range []reflect.Type{
		reflect.TypeFor[func(*bytes.Buffer) int](), reflect.TypeFor[func(*hidden) int](), reflect.TypeFor[func(*time.Time) int](),
	} {
		_, err := m.Bind("BufferLen", f)
		require.Error(t, err)
		assert.Contains(t, err.Error(), "unexported fields only")
		assert.Contains(t, err.Error(), "*load.Object")
	}
	_, err := m.Call(t.Context(), "BufferLen", []any{bytes.NewBufferString("lost")})
	gosuite.WantError(t, err, "unexported fields only")
	assert.Zero(t, gosuite.Bound[func(*struct{}) int](t, m, "BufferLen")(&struct{}{}))
	assert.Equal(t, 4, gosuite.Call(t, m, "BufferLen", gosuite.Call(t, m, "NewBuffer", "kept").(*engine.Object)))
}

// tzData are the rules of a place that no list of zones has: an hour, and two in summer.
var tzData = append(make([]byte, 0, 128), "TZif2"+zeros(15)+zeros(24)+"TZif2"+zeros(15)+zeros(15)+"\x00"+
	zeros(3)+"\x01"+zeros(3)+"\x04"+"\x00\x00\x0e\x10\x00\x00"+"OWN\x00"+"\n<OWN>-1<SUM>-2,M3.5.0,M10.4.6/3\n"...)

func zeros(n int) string { return string(make([]byte, n)) }
