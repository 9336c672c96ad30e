package valuetest

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"iter"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (s suite) testChanges(t *testing.T) {
	m := s.values(t)
	n := 1
	err := gosuite.Bound[func(*int) error](t, m, "SetInt")(&n)
	assert.Equal(t, 7, n)
	assert.NoError(t, err)
	type point struct{ X, Y int }
	p := point{1, 2}
	err = gosuite.Bound[func(*point) error](t, m, "Fill")(&p)
	assert.Equal(t, point{2, 9}, p)
	assert.NoError(t, err)
	p = point{3, 4}
	_, err = m.Call(t.Context(), "Fill", []any{&p})
	assert.Equal(t, point{4, 9}, p)
	assert.NoError(t, err)
	err = gosuite.Bound[func(*point) error](t, m, "Leave")(&p)
	assert.Equal(t, point{4, 9}, p)
	assert.NoError(t, err)
	assert.NoError(t, gosuite.Bound[func(*point) error](t, m, "Leave")(nil))
	type options struct {
		Name  string
		Count int
		Inner *options
	}
	o := options{Name: "x"}
	err = gosuite.Bound[func(*options) error](t, m, "FillOptions")(&o)
	assert.Equal(t, 1, o.Count)
	require.NotNil(t, o.Inner)
	assert.Equal(t, "inner", o.Inner.Name)
	assert.NoError(t, err)
	type account struct{ Owner string }
	a := account{"ann"}
	err = gosuite.Bound[func(*account) error](t, m, "FillAccount")(&a)
	assert.Equal(t, "ann!", a.Owner)
	assert.NoError(t, err)
	v := []int{3, 1, 2}
	err = gosuite.Bound[func([]int) error](t, m, "SortInts")(v)
	assert.Equal(t, []int{1, 2, 3}, v)
	assert.NoError(t, err)
	v = []int{2, 1}
	err = gosuite.Bound[func([]int) error](t, m, "SortAll")(v)
	assert.Equal(t, []int{1, 2}, v, "without the variadic part")
	assert.NoError(t, err, "without the variadic part")
	b := make([]byte, 8)
	n, err = gosuite.Bound[func([]byte) (int, error)](t, m, "FillBytes")(b)
	assert.Equal(t, 6, n)
	assert.Equal(t, "filled\x00\x00", string(b))
	assert.NoError(t, err)
	large := make([]byte, 1<<20)
	_, err = gosuite.Bound[func([]byte) (int, error)](t, m, "FillBytes")(large)
	assert.Equal(t, "filled", string(large[:6]))
	assert.NoError(t, err)
	counts := map[string]int{"a": 1}
	err = gosuite.Bound[func(map[string]int) error](t, m, "AddKey")(counts)
	assert.Equal(t, 1, counts["added"])
	assert.Equal(t, 1, counts["a"])
	assert.NoError(t, err)
	v = []int{1, 2}
	text, err := gosuite.Bound[func([]int) (string, error)](t, m, "Total")(v)
	assert.Equal(t, "kept", text, "a slice changes whatever the results are")
	assert.Zero(t, v[0], "a slice changes whatever the results are")
	assert.NoError(t, err, "a slice changes whatever the results are")
	ages := []struct{ Age int }{{3}, {1}, {2}}
	sorted := gosuite.Bound[func(any, func(i, j int) bool) error](t, m, "SortAny")
	assert.NoError(t, sorted(ages, func(i, j int) bool { return false }))
}

func (s suite) testDecoders(t *testing.T) {
	m := s.values(t)
	unmarshal := gosuite.Bound[func([]byte, any) error](t, m, "Unmarshal")
	type node struct {
		Name     string  `json:"n"`
		Children []*node `json:"c"`
	}
	type config struct {
		Host    string            `json:"host"`
		Ports   []int             `json:"ports"`
		Labels  map[string]string `json:"labels"`
		Timeout time.Duration     `json:"timeout"`
		Since   time.Time         `json:"since"`
		Tree    node              `json:"tree"`
		Any     any               `json:"any"`
		Skipped string            `json:"-"`
		hidden  int
	}
	got := config{Skipped: "kept", hidden: 5, Labels: map[string]string{"old": "o"}}
	err := unmarshal([]byte(`{"host":"h","ports":[1,2],"labels":{"a":"b"},"timeout":3,"since":"2026-01-02T03:04:05Z",
		"tree":{"n":"root","c":[{"n":"leaf"}]},"any":[1,"x"],"Skipped":"no"}`), &got)
	want := config{
		Host: "h", Ports: []int{1, 2}, Labels: map[string]string{"a": "b", "old": "o"}, Timeout: 3, Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Tree: node{Name: "root", Children: []*node{{Name: "leaf"}}}, Any: []any{1.0, "x"}, Skipped: "kept", hidden: 5,
	}
	assert.NoError(t, err)
	assert.Equal(t, want, got)
	out, err := gosuite.Bound[func(any) (string, error)](t, m, "Marshal")(got)
	back, _ := json.Marshal(got)
	assert.NoError(t, err)
	assert.Equal(t, string(back), out)
	var loose map[string]any
	err = unmarshal([]byte(`{"a":[1,{"b":null}]}`), &loose)
	assert.NoError(t, err)
	assert.Equal(t, map[string]any{"a": []any{1.0, map[string]any{"b": nil}}}, loose)
	before := got
	err = unmarshal([]byte(`{"host": 7}`), &got)
	assert.Error(t, err)
	assert.Equal(t, before.Host, got.Host)
	var n int
	var word string
	_, err = gosuite.Bound[func(string, ...any) (int, error)](t, m, "Scan")("12 abc", &n, &word)
	assert.Equal(t, 12, n)
	assert.Equal(t, "abc", word)
	assert.NoError(t, err)
}

// testFunctionsInAny: functions and types with a text form inside values of type any.
func (s suite) testFunctionsInAny(t *testing.T) {
	m := s.values(t)
	execute := gosuite.Bound[func(string, map[string]any, any) (string, error)](t, m, "Execute")
	funcs := map[string]any{
		"upper": strings.ToUpper,
		"join":  func(sep string, parts ...string) string { return strings.Join(parts, sep) },
		"fail":  func(n int) (string, error) { return "", io.ErrUnexpectedEOF },
		"add":   func(a, b int) int { return a + b },
	}
	data := map[string]any{"Name": "ann", "Big": big.NewInt(1 << 40), "Addr": netip.MustParseAddr("::1")}
	got, err := execute(`{{upper .Name}} {{join "-" "a" "b"}} {{add 1 2}} {{.Big}} {{.Addr}}`, funcs, data)
	assert.NoError(t, err)
	assert.Equal(t, "ANN a-b 3 1099511627776 ::1", got)
	_, err = execute(`{{fail 1}}`, funcs, nil)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Len(t, funcs, 4)
	for name, f := range funcs {
		assert.Equal(t, reflect.Func, reflect.TypeOf(f).Kind(), name)
	}
}

func (s suite) testAssignments(t *testing.T) {
	m := s.values(t)
	out, err := m.Call(t.Context(), "Open", []any{"ann"})
	require.NoError(t, err)
	o := out[0].(*engine.Object)
	assert.NoError(t, o.SetField(t.Context(), "Owner", "bob"))
	owner, err := o.Field(t.Context(), "Owner")
	assert.Equal(t, "bob", owner)
	assert.NoError(t, err)
	gosuite.WantError(t, o.SetField(t.Context(), "Owner", 5), "int does not fit string")
	gosuite.WantError(t, o.SetField(t.Context(), "Ownr", "x"), "did you mean Owner?")
	a, ok := m.(engine.Assigner)
	require.True(t, ok, "the instance sets no variables")
	assert.NoError(t, a.Assign(t.Context(), "Counter", 41))
	v, err := m.Bind("Counter", reflect.TypeFor[int]())
	assert.NoError(t, err)
	assert.Equal(t, int64(41), v.Int())
	gosuite.WantError(t, a.Assign(t.Context(), "Answer", 1), "it is not a variable that can be set")
	other, err := m.Call(t.Context(), "Open", []any{"bob"})
	require.NoError(t, err)
	if same, err := o.Equal(t.Context(), other[0].(*engine.Object)); same || err != nil {
		t.Errorf("two accounts: %v, %v", same, err)
	}
}

func (s suite) testErrorTrees(t *testing.T) {
	m := s.values(t)
	base, err := m.Bind("ErrBase", reflect.TypeFor[error]())
	require.NoError(t, err)
	failed := gosuite.Bound[func(int) error](t, m, "FailWith")(7)
	assert.EqualError(t, failed, "outer: code 7: base")
	assert.ErrorIs(t, failed, base.Interface().(error))
	inner, ok := engine.AsType(failed, "*values.CodeError")
	require.Truef(t, ok, "got %v", inner)
	require.NotNilf(t, inner.Object, "got %v", inner)
	code, err := inner.Object.Field(t.Context(), "Code")
	assert.Equal(t, 7, code)
	assert.NoError(t, err)
	_, ok = engine.AsType(failed, "*values.OtherError")
	assert.False(t, ok, "found a type that is not there")
	err = gosuite.Bound[func() error](t, m, "FailOpen")()
	assert.Falsef(t, !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission), "got %v", err)
	assert.ErrorIs(t, gosuite.Bound[func() error](t, m, "FailEOF")(), io.EOF)
	closed, _ := m.Bind("ErrClosed", reflect.TypeFor[error]())
	joined := gosuite.Bound[func() error](t, m, "FailJoined")()
	assert.ErrorIs(t, joined, closed.Interface().(error))
	assert.ErrorIs(t, joined, fs.ErrPermission)
	assert.NotErrorIs(t, joined, base.Interface().(error))
	forward := gosuite.Bound[func(func() error) error](t, m, "Forward")
	own := errors.New("own")
	err = forward(func() error { return own })
	assert.ErrorIs(t, err, own)
	assert.Equal(t, "forwarded: own", err.Error())
	isBase := gosuite.Bound[func(func() error) (bool, bool, error)](t, m, "IsBase")
	b, e, err := isBase(func() error { return base.Interface().(error) })
	assert.Truef(t, b, "the module's sentinel: %v, %v, %v", b, e, err)
	assert.Falsef(t, e, "the module's sentinel: %v, %v, %v", b, e, err)
	assert.NoErrorf(t, err, "the module's sentinel: %v, %v, %v", b, e, err)
	b, e, err = isBase(func() error { return errors.Join(own, io.EOF) })
	assert.Falsef(t, b, "a wrapped io.EOF: %v, %v, %v", b, e, err)
	assert.Truef(t, e, "a wrapped io.EOF: %v, %v, %v", b, e, err)
	assert.NoErrorf(t, err, "a wrapped io.EOF: %v, %v, %v", b, e, err)
	// Sentinels of packages that the module does not contain.
	message := gosuite.Bound[func(error) (string, error)](t, m, "Message")
	for _, sentinel := range []error{http.ErrServerClosed, http.ErrAbortHandler, net.ErrClosed, bufio.ErrTooLong} {
		if text, err := message(sentinel); text != sentinel.Error() || err != nil {
			t.Errorf("%v: %q, %v", sentinel, text, err)
		}
		err := forward(func() error { return sentinel })
		assert.ErrorIs(t, err, sentinel)
		assert.Equal(t, "forwarded: "+sentinel.Error(), err.Error())
	}
	if b, _, err := isBase(func() error { return failed }); err != nil || b {
		t.Logf("an error without a handle is itself no more: %v", b)
	}
}

func (s suite) testTextForms(t *testing.T) {
	m := s.values(t)
	got, err := gosuite.Bound[func(*big.Int) (*big.Int, error)](t, m, "Square2")(big.NewInt(1 << 40))
	require.NoError(t, err)
	assert.Equal(t, "1208925819614629174706176", got.String())
	u, _ := url.Parse("https://example.com/a?b=c")
	host, err := gosuite.Bound[func(*url.URL) (string, error)](t, m, "Host")(u)
	assert.Equal(t, "example.com", host)
	assert.NoError(t, err)
	next, err := gosuite.Bound[func(url.URL, string) (*url.URL, error)](t, m, "WithPath")(*u, "/z")
	require.NoError(t, err)
	assert.Equal(t, "https://example.com/z?b=c", next.String())
	addr := netip.MustParseAddr("10.0.0.1")
	if next, err := gosuite.Bound[func(netip.Addr) (netip.Addr, error)](t, m, "Next")(addr); next.String() != "10.0.0.2" || err != nil {
		t.Errorf("got %v, %v", next, err)
	}
	nexts, err := gosuite.Bound[func(...netip.Addr) (map[string]netip.Addr, error)](t, m, "Nexts")(addr)
	require.NoError(t, err)
	assert.Equal(t, "10.0.0.2", nexts["next"].String())
	out, err := m.Call(t.Context(), "Host", []any{u})
	require.NoError(t, err)
	assert.Equal(t, "example.com", out[0])
	raw, err := gosuite.Bound[func(json.RawMessage) (json.RawMessage, error)](t, m, "Raw")(json.RawMessage("1"))
	assert.Equal(t, "[1]", string(raw))
	assert.NoError(t, err)
}

func (s suite) testChannels(t *testing.T) {
	m := s.values(t)
	numbers, err := gosuite.Bound[func(int) (iter.Seq[int], error)](t, m, "Numbers")(200)
	require.NoError(t, err)
	got := slices.Collect(numbers)
	require.Len(t, got, 200)
	assert.Equal(t, 199, got[199])
	numbers, _ = gosuite.Bound[func(int) (iter.Seq[int], error)](t, m, "Numbers")(200)
	for n := range numbers {
		if n == 3 {
			break
		}
	}
	type point struct{ X, Y int }
	points, err := gosuite.Bound[func() (iter.Seq[point], error)](t, m, "Names")()
	assert.NoError(t, err)
	assert.Equal(t, []point{{1, 1}, {2, 2}}, slices.Collect(points))
}
