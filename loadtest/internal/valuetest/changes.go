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
)

func (s suite) testChanges(t *testing.T) {
	m := s.values(t)
	n := 1
	if err := gosuite.Bound[func(*int) error](t, m, "SetInt")(&n); n != 7 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	type point struct{ X, Y int }
	p := point{1, 2}
	if err := gosuite.Bound[func(*point) error](t, m, "Fill")(&p); p != (point{2, 9}) || err != nil {
		t.Errorf("got %v, %v", p, err)
	}
	p = point{3, 4}
	if _, err := m.Call(t.Context(), "Fill", []any{&p}); p != (point{4, 9}) || err != nil {
		t.Errorf("by name: %v, %v", p, err)
	}
	if err := gosuite.Bound[func(*point) error](t, m, "Leave")(&p); p != (point{4, 9}) || err != nil {
		t.Errorf("got %v, %v", p, err)
	}
	if err := gosuite.Bound[func(*point) error](t, m, "Leave")(nil); err != nil {
		t.Error(err)
	}
	type options struct {
		Name  string
		Count int
		Inner *options
	}
	o := options{Name: "x"}
	if err := gosuite.Bound[func(*options) error](t, m, "FillOptions")(&o); o.Count != 1 || o.Inner == nil || o.Inner.Name != "inner" || err != nil {
		t.Errorf("got %+v, %v", o, err)
	}
	type account struct{ Owner string }
	a := account{"ann"}
	if err := gosuite.Bound[func(*account) error](t, m, "FillAccount")(&a); a.Owner != "ann!" || err != nil {
		t.Errorf("got %+v, %v", a, err)
	}
	v := []int{3, 1, 2}
	if err := gosuite.Bound[func([]int) error](t, m, "SortInts")(v); !slices.Equal(v, []int{1, 2, 3}) || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
	v = []int{2, 1}
	if err := gosuite.Bound[func([]int) error](t, m, "SortAll")(v); !slices.Equal(v, []int{1, 2}) || err != nil {
		t.Errorf("without the variadic part: %v, %v", v, err)
	}
	b := make([]byte, 8)
	if n, err := gosuite.Bound[func([]byte) (int, error)](t, m, "FillBytes")(b); n != 6 || string(b) != "filled\x00\x00" || err != nil {
		t.Errorf("got %d, %q, %v", n, b, err)
	}
	large := make([]byte, 1<<20)
	if _, err := gosuite.Bound[func([]byte) (int, error)](t, m, "FillBytes")(large); string(large[:6]) != "filled" || err != nil {
		t.Errorf("got %q, %v", large[:6], err)
	}
	counts := map[string]int{"a": 1}
	if err := gosuite.Bound[func(map[string]int) error](t, m, "AddKey")(counts); counts["added"] != 1 || counts["a"] != 1 || err != nil {
		t.Errorf("got %v, %v", counts, err)
	}
	v = []int{1, 2}
	if text, err := gosuite.Bound[func([]int) (string, error)](t, m, "Total")(v); text != "kept" || v[0] != 0 || err != nil {
		t.Errorf("a slice changes whatever the results are: %v, %v", v, err)
	}
	ages := []struct{ Age int }{{3}, {1}, {2}}
	sorted := gosuite.Bound[func(any, func(i, j int) bool) error](t, m, "SortAny")
	if err := sorted(ages, func(i, j int) bool { return false }); err != nil {
		t.Error(err)
	}
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
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	out, err := gosuite.Bound[func(any) (string, error)](t, m, "Marshal")(got)
	back, _ := json.Marshal(got)
	if err != nil || out != string(back) {
		t.Errorf("got %s, %v\nwant %s", out, err, back)
	}
	var loose map[string]any
	if err := unmarshal([]byte(`{"a":[1,{"b":null}]}`), &loose); err != nil || !reflect.DeepEqual(loose, map[string]any{"a": []any{1.0, map[string]any{"b": nil}}}) {
		t.Errorf("got %v, %v", loose, err)
	}
	before := got
	if err := unmarshal([]byte(`{"host": 7}`), &got); err == nil || got.Host != before.Host {
		t.Errorf("a wrong type: %v, %v", got.Host, err)
	}
	var n int
	var word string
	if _, err := gosuite.Bound[func(string, ...any) (int, error)](t, m, "Scan")("12 abc", &n, &word); n != 12 || word != "abc" || err != nil {
		t.Errorf("got %d, %q, %v", n, word, err)
	}
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
	if err != nil || got != "ANN a-b 3 1099511627776 ::1" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := execute(`{{fail 1}}`, funcs, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if len(funcs) != 4 {
		t.Errorf("the functions changed: %v", funcs)
	}
	for name, f := range funcs {
		if reflect.TypeOf(f).Kind() != reflect.Func {
			t.Errorf("%s became %T", name, f)
		}
	}
}

func (s suite) testAssignments(t *testing.T) {
	m := s.values(t)
	out, err := m.Call(t.Context(), "Open", []any{"ann"})
	if err != nil {
		t.Fatal(err)
	}
	o := out[0].(*engine.Object)
	if err := o.SetField(t.Context(), "Owner", "bob"); err != nil {
		t.Error(err)
	}
	if owner, err := o.Field(t.Context(), "Owner"); owner != "bob" || err != nil {
		t.Errorf("got %v, %v", owner, err)
	}
	gosuite.WantError(t, o.SetField(t.Context(), "Owner", 5), "int does not fit string")
	gosuite.WantError(t, o.SetField(t.Context(), "Ownr", "x"), "did you mean Owner?")
	a, ok := m.(engine.Assigner)
	if !ok {
		t.Fatal("the instance sets no variables")
	}
	if err := a.Assign(t.Context(), "Counter", 41); err != nil {
		t.Error(err)
	}
	if v, err := m.Bind("Counter", reflect.TypeFor[int]()); err != nil || v.Int() != 41 {
		t.Errorf("got %v, %v", v, err)
	}
	gosuite.WantError(t, a.Assign(t.Context(), "Answer", 1), "it is not a variable that can be set")
	other, err := m.Call(t.Context(), "Open", []any{"bob"})
	if err != nil {
		t.Fatal(err)
	}
	if same, err := o.Equal(t.Context(), other[0].(*engine.Object)); same || err != nil {
		t.Errorf("two accounts: %v, %v", same, err)
	}
}

func (s suite) testErrorTrees(t *testing.T) {
	m := s.values(t)
	base, err := m.Bind("ErrBase", reflect.TypeFor[error]())
	if err != nil {
		t.Fatal(err)
	}
	failed := gosuite.Bound[func(int) error](t, m, "FailWith")(7)
	if failed == nil || failed.Error() != "outer: code 7: base" || !errors.Is(failed, base.Interface().(error)) {
		t.Errorf("got %v", failed)
	}
	inner, ok := engine.AsType(failed, "*values.CodeError")
	if !ok || inner.Object == nil {
		t.Fatalf("got %v", inner)
	}
	if code, err := inner.Object.Field(t.Context(), "Code"); code != 7 || err != nil {
		t.Errorf("got %v, %v", code, err)
	}
	if _, ok := engine.AsType(failed, "*values.OtherError"); ok {
		t.Error("found a type that is not there")
	}
	if err := gosuite.Bound[func() error](t, m, "FailOpen")(); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
	if err := gosuite.Bound[func() error](t, m, "FailEOF")(); err != io.EOF {
		t.Errorf("got %#v", err)
	}
	closed, _ := m.Bind("ErrClosed", reflect.TypeFor[error]())
	joined := gosuite.Bound[func() error](t, m, "FailJoined")()
	if !errors.Is(joined, closed.Interface().(error)) || !errors.Is(joined, fs.ErrPermission) || errors.Is(joined, base.Interface().(error)) {
		t.Errorf("got %v", joined)
	}
	forward := gosuite.Bound[func(func() error) error](t, m, "Forward")
	own := errors.New("own")
	if err := forward(func() error { return own }); !errors.Is(err, own) || err.Error() != "forwarded: own" {
		t.Errorf("got %v", err)
	}
	isBase := gosuite.Bound[func(func() error) (bool, bool, error)](t, m, "IsBase")
	if b, e, err := isBase(func() error { return base.Interface().(error) }); !b || e || err != nil {
		t.Errorf("the module's sentinel: %v, %v, %v", b, e, err)
	}
	if b, e, err := isBase(func() error { return errors.Join(own, io.EOF) }); b || !e || err != nil {
		t.Errorf("a wrapped io.EOF: %v, %v, %v", b, e, err)
	}
	// Sentinels of packages that the module does not contain.
	message := gosuite.Bound[func(error) (string, error)](t, m, "Message")
	for _, sentinel := range []error{http.ErrServerClosed, http.ErrAbortHandler, net.ErrClosed, bufio.ErrTooLong} {
		if text, err := message(sentinel); text != sentinel.Error() || err != nil {
			t.Errorf("%v: %q, %v", sentinel, text, err)
		}
		if err := forward(func() error { return sentinel }); !errors.Is(err, sentinel) || err.Error() != "forwarded: "+sentinel.Error() {
			t.Errorf("%v came back as %v", sentinel, err)
		}
	}
	if b, _, err := isBase(func() error { return failed }); err != nil || b {
		t.Logf("an error without a handle is itself no more: %v", b)
	}
}

func (s suite) testTextForms(t *testing.T) {
	m := s.values(t)
	got, err := gosuite.Bound[func(*big.Int) (*big.Int, error)](t, m, "Square2")(big.NewInt(1 << 40))
	if err != nil || got.String() != "1208925819614629174706176" {
		t.Errorf("got %v, %v", got, err)
	}
	u, _ := url.Parse("https://example.com/a?b=c")
	if host, err := gosuite.Bound[func(*url.URL) (string, error)](t, m, "Host")(u); host != "example.com" || err != nil {
		t.Errorf("got %q, %v", host, err)
	}
	if next, err := gosuite.Bound[func(url.URL, string) (*url.URL, error)](t, m, "WithPath")(*u, "/z"); err != nil || next.String() != "https://example.com/z?b=c" {
		t.Errorf("got %v, %v", next, err)
	}
	addr := netip.MustParseAddr("10.0.0.1")
	if next, err := gosuite.Bound[func(netip.Addr) (netip.Addr, error)](t, m, "Next")(addr); next.String() != "10.0.0.2" || err != nil {
		t.Errorf("got %v, %v", next, err)
	}
	nexts, err := gosuite.Bound[func(...netip.Addr) (map[string]netip.Addr, error)](t, m, "Nexts")(addr)
	if err != nil || nexts["next"].String() != "10.0.0.2" {
		t.Errorf("got %v, %v", nexts, err)
	}
	if out, err := m.Call(t.Context(), "Host", []any{u}); err != nil || out[0] != "example.com" {
		t.Errorf("by name: %v, %v", out, err)
	}
	if raw, err := gosuite.Bound[func(json.RawMessage) (json.RawMessage, error)](t, m, "Raw")(json.RawMessage("1")); string(raw) != "[1]" || err != nil {
		t.Errorf("got %q, %v", raw, err)
	}
}

func (s suite) testChannels(t *testing.T) {
	m := s.values(t)
	numbers, err := gosuite.Bound[func(int) (iter.Seq[int], error)](t, m, "Numbers")(200)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(numbers); len(got) != 200 || got[199] != 199 {
		t.Errorf("got %v", got)
	}
	numbers, _ = gosuite.Bound[func(int) (iter.Seq[int], error)](t, m, "Numbers")(200)
	for n := range numbers {
		if n == 3 {
			break
		}
	}
	type point struct{ X, Y int }
	points, err := gosuite.Bound[func() (iter.Seq[point], error)](t, m, "Names")()
	if err != nil || !slices.Equal(slices.Collect(points), []point{{1, 1}, {2, 2}}) {
		t.Errorf("got %v", err)
	}
}
