package valuetest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testStandardTypes: types of the standard library keep their names in an any, so that a module
// writes them as Go does.
func (s suite) testStandardTypes(t *testing.T) {
	m := s.values(t)
	type record struct {
		M      time.Month
		Months []time.Month
		Days   map[time.Month]time.Weekday
		Raw    json.RawMessage
		Raws   []json.RawMessage
		ByName map[string]json.RawMessage
		Number json.Number
		Bigs   []*big.Int
		BigOf  map[string]*big.Int
		IP     net.IP
		Mode   fs.FileMode
		Level  slog.Level
		Query  url.Values
		Header http.Header
		Addrs  map[netip.Addr]int
		Any    any
	}
	raw := json.RawMessage(`{"a":1}`)
	v := record{
		M: 3, Months: []time.Month{3, 4}, Days: map[time.Month]time.Weekday{5: 1}, Raw: raw, Raws: []json.RawMessage{raw, nil}, ByName: map[string]json.RawMessage{"a": raw},
		Number: "1.50", Bigs: []*big.Int{big.NewInt(8)}, BigOf: map[string]*big.Int{"x": big.NewInt(9)}, IP: net.IPv4(10, 0, 0, 1), Mode: 0o755 | fs.ModeDir, Level: slog.LevelWarn,
		Query: url.Values{"q": {"1"}}, Header: http.Header{"A": {"b"}}, Addrs: map[netip.Addr]int{netip.MustParseAddr("::1"): 1}, Any: raw,
	}
	marshal := gosuite.Bound[func(any) (string, error)](t, m, "Marshal")
	sprintf := gosuite.Bound[func(string, ...any) string](t, m, "Sprintf")
	for _, x := range []any{
		v, &v, v.M, v.Months, v.Days, raw, &raw, v.Raws, v.ByName, v.Number, v.IP, v.Mode, v.Level, v.Query, v.Header, big.NewInt(7),
		map[string]any{"raw": raw, "number": v.Number, "big": big.NewInt(7), "month": v.M, "ip": v.IP, "list": []any{v.M, raw}},
		[]any{raw, v.Number, big.NewInt(7), v.M, v.Level, nil},
		map[string]time.Month{"a": 3},
		[2]time.Weekday{1, 2},
		struct{ Inner struct{ Month *time.Month } }{struct{ Month *time.Month }{&v.M}},
	} {
		want, err := json.Marshal(x)
		require.NoError(t, err)
		got, err := marshal(x)
		require.NoError(t, err)
		assert.Equal(t, string(want), got, "%T", x)
	}
	for _, x := range []any{v.M, v.Months, v.Days, v.Number, v.IP, v.Mode, v.Level, v.Query, map[string]any{"m": v.M, "l": v.Level}, []any{v.M, v.IP}, raw} {
		assert.Equal(t, fmt.Sprintf("%v %T", x, x), sprintf("%v %T", x, x))
		assert.Equal(t, x, gosuite.Call(t, m, "Any", x), "it comes back as itself")
	}
	assert.Equal(t, v, gosuite.Call(t, m, "Any", v))
	var got, want record
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &want))
	require.NoError(t, gosuite.Bound[func([]byte, any) error](t, m, "Unmarshal")(text, &got))
	assert.Equal(t, want, got, "a decoder fills them")
}
