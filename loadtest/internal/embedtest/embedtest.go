// Package embedtest holds the rules about structs that embed others: what crosses is all that they
// show, whatever methods they get from what they embed.
package embedtest

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// suite are the rules, as tests of one engine.
type suite struct{ gosuite.Suite }

// Tests lists the rules by the names of their tests.
func Tests(kit gosuite.Suite) map[string]func(*testing.T) {
	s := suite{kit}
	return map[string]func(*testing.T){
		"EmbeddedTimes":  s.testTimes,
		"EmbeddedForms":  s.testForms,
		"EmbeddedHidden": s.testHidden,
	}
}

// These are the types of package embedded.
type (
	date   struct{ time.Time }
	expiry struct {
		time.Time
		Soft bool
	}
	optional struct{ *time.Time }
	layout   struct {
		time.Time
		_ string
	}
	host struct {
		netip.Addr
		Name string
	}
	Date  = date
	outer struct {
		Date
		N int
	}
	stamp  time.Time
	claims struct {
		At   *date
		List [2]date
		By   map[string]expiry
	}
)

func (d date) MarshalJSON() ([]byte, error) { return []byte(d.Format(`"` + time.RFC3339 + `"`)), nil }

// testTimes: the methods by which a type is written count only where they are its own. Those of an
// embedded time.Time leave out its location, and those of any other all that stands beside it.
func (s suite) testTimes(t *testing.T) {
	m := s.Testdata(t, "embedded", 0)
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	at := time.Date(2026, 10, 24, 9, 0, 0, 1, paris)
	far := at.In(time.FixedZone("far", 30*3600)) // no text has this offset
	for _, at := range []time.Time{at, far, at.UTC(), {}} {
		assert.Equal(t, date{at}, gosuite.Bound[func(date) date](t, m, "SameDate")(date{at}))
		e := &expiry{at, true}
		assert.Same(t, e, gosuite.Bound[func(*expiry) *expiry](t, m, "SameExpiry")(e))
		assert.Equal(t, e, gosuite.Bound[func(expiry) *expiry](t, m, "CopyExpiry")(*e))
		o := gosuite.Bound[func(optional) optional](t, m, "SameOptional")(optional{&at})
		assert.Equal(t, at, *o.Time)
		assert.Equal(t, outer{date{at}, 7}, gosuite.Bound[func(outer) outer](t, m, "SameOuter")(outer{date{at}, 7}))
		c := claims{&date{at}, [2]date{{at}, {at.UTC()}}, map[string]expiry{"a": {at, true}}}
		assert.Equal(t, &c, gosuite.Bound[func(claims) *claims](t, m, "CopyClaims")(c))
		moved := date{at}
		gosuite.Bound[func(*date, int)](t, m, "Move")(&moved, 1)
		assert.Equal(t, date{at.AddDate(0, 0, 1)}, moved)
	}
	assert.Equal(t, optional{}, gosuite.Bound[func(optional) optional](t, m, "SameOptional")(optional{}))
	hosts := []host{{netip.MustParseAddr("::1"), "here"}, {}}
	assert.Equal(t, hosts, gosuite.Bound[func(...host) []host](t, m, "SameHosts")(hosts...))

	// What they hide stays in the module, with the rest.
	l := gosuite.Bound[func(time.Time, string) *engine.Object](t, m, "NewLayout")(at, time.DateOnly)
	assert.Equal(t, "2026-10-24", gosuite.Bound[func(*engine.Object) string](t, m, "LayoutOf")(l))
	kept := gosuite.Bound[func(time.Time) *engine.Object](t, m, "NewStamp")(at)
	assert.Equal(t, at.String(), gosuite.Bound[func(*engine.Object) string](t, m, "StampOf")(kept))
	for symbol, as := range map[string]any{
		"NewLayout": func(time.Time, string) layout { return layout{} }, "NewStamp": func(time.Time) stamp { return stamp{} },
		"StampOf": func(stamp) string { return "" }, "SameDate": func(time.Time) time.Time { return time.Time{} },
	} {
		_, err := m.Bind(symbol, reflect.TypeOf(as))
		assert.Error(t, err, symbol)
	}
}

// span and level are only read.
type (
	span  struct{ time.Duration }
	level int
)

func (s *span) UnmarshalText(text []byte) (err error) {
	s.Duration, err = time.ParseDuration(string(text))
	return err
}

func (l *level) UnmarshalText(text []byte) (err error) {
	n, err := strconv.Atoi(string(text))
	*l = level(n)
	return err
}

type dated struct {
	D    date
	E    *expiry `json:",omitempty"`
	O    optional
	H    host
	By   map[string]date
	List []expiry
	Bare struct{ time.Time }
}

// testForms: what is written as a part of it comes home whole, and is filled as in Go.
func (s suite) testForms(t *testing.T) {
	m := s.Testdata(t, "embedded", 0)
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	at := time.Date(2026, 10, 24, 9, 0, 0, 1, paris)
	same := gosuite.Bound[func(any) any](t, m, "Same")
	write := gosuite.Bound[func(any) (string, error)](t, m, "JSON")
	fill := gosuite.Bound[func(string, any) error](t, m, "FromJSON")
	v := dated{
		date{at},
		&expiry{at, true},
		optional{&at},
		host{netip.MustParseAddr("::1"), "here"},
		map[string]date{"a": {at}},
		[]expiry{{at, true}, {at.UTC(), false}},
		struct{ time.Time }{at},
	}
	assert.Equal(t, v, same(v))
	assert.Equal(t, []any{v, v.D, *v.E, v.H}, same([]any{v, v.D, *v.E, v.H}))
	for _, v := range []any{v, &v, []any{v}, v.Bare, v.H, []host{v.H}} {
		want, err := json.Marshal(v)
		require.NoError(t, err)
		got, err := write(v)
		require.NoError(t, err)
		assert.Equal(t, string(want), got)
	}
	text := `{"D":"2026-10-24T09:00:00Z","E":"2026-10-24T09:00:00+02:00","H":"::2","By":{"b":"2026-10-24T09:00:00Z"},"List":["2026-10-24T09:00:00Z"]}`
	for _, to := range []func() *dated{func() *dated { return &dated{} }, func() *dated { w := v; w.List = slices.Clone(v.List); w.E = &expiry{at, true}; return &w }} {
		want, got := to(), to()
		require.NoError(t, json.Unmarshal([]byte(text), want))
		require.NoError(t, fill(text, got))
		assert.Equal(t, want.D.String(), got.D.String())
		assert.Equal(t, want.E.String(), got.E.String())
		assert.Equal(t, want.E.Soft, got.E.Soft)
		assert.Equal(t, want.H, got.H)
		assert.Len(t, got.List, 1)
		assert.Equal(t, want.Bare.String(), got.Bare.String())
		assert.Equal(t, len(want.By), len(got.By))
	}
	read := struct {
		S []span
		L []level
	}{[]span{{time.Second}}, []level{7}}
	assert.Equal(t, read, same(read))
	require.NoError(t, fill(`{"S":["1h","2h"],"L":["8"]}`, &read))
	assert.Equal(t, []span{{time.Hour}, {2 * time.Hour}}, read.S)
	assert.Equal(t, []level{8}, read.L)
	_, err = write(&read)
	assert.ErrorContains(t, err, "is only read from this form")
}

type (
	base struct {
		Origin string
		own    int
	}
	mid struct {
		*base
		N int
	}
	top struct {
		*mid
		Name string
	}
	loop struct {
		*loop
		N int
	}
	valued struct {
		base
		N int
	}
)

// testHidden: an embedded pointer to a struct whose type is not exported crosses with the fields
// that it promotes, in an any. As Flat it is refused, because its fields would be other ones.
func (s suite) testHidden(t *testing.T) {
	m := s.Testdata(t, "embedded", 0)
	same := gosuite.Bound[func(any) any](t, m, "Same")
	write := gosuite.Bound[func(any) (string, error)](t, m, "JSON")
	fill := gosuite.Bound[func(string, any) error](t, m, "FromJSON")
	v := top{&mid{&base{"here", 1}, 2}, "x"}
	for _, v := range []any{v, &v, []top{v}, map[string]*top{"a": &v}, top{}, &top{mid: &mid{}}, valued{base{"a", 1}, 2}} {
		want, err := json.Marshal(v)
		require.NoError(t, err)
		got, err := write(v)
		require.NoError(t, err)
		assert.Equal(t, string(want), got)
		assert.Equal(t, v, same(v))
	}
	assert.Same(t, v.mid, same(v).(top).mid, "a struct that hides something comes home as itself")
	assert.Equal(t, []any{v.mid, v}, same([]any{v.mid, v}))

	before, inner := v.mid, v.base
	require.NoError(t, fill(`{"Origin":"there","N":3,"Name":"y"}`, &v))
	assert.Equal(t, top{&mid{&base{"there", 1}, 3}, "y"}, v)
	assert.Same(t, before, v.mid)
	assert.Same(t, inner, v.base)
	for text, to := range map[string]any{`{"N":3}`: &top{}, `{"N":4,"Origin":"there"}`: &top{mid: &mid{}}} {
		require.Error(t, json.Unmarshal([]byte(text), to))
		assert.ErrorContains(t, fill(text, to), "cannot set embedded pointer to unexported struct: embedtest.")
	}
	require.NoError(t, fill(`{"Name":"z"}`, &top{}))
	_, err := write(loop{&loop{N: 1}, 2})
	assert.ErrorContains(t, err, "a value of type embedtest.loop cannot be given to a module")
	for _, as := range []any{func(valued) valued { return valued{} }, func(mid) mid { return mid{} }} {
		_, err := m.Bind("SameFlat", reflect.TypeOf(as))
		assert.ErrorContains(t, err, "whose type is not exported: its fields would stay behind")
	}
}
