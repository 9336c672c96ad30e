package dynamic_test

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/internal/wire/dynamic"
	"github.com/stretchr/testify/require"
)

// holder is a peer that holds what it cannot copy in a list.
type holder struct {
	held   []any
	module bool
}

func (h *holder) Hold(e *wire.Encoder, v reflect.Value) error {
	if v.Kind() == reflect.Chan {
		return errors.New("no channels")
	}
	h.held = append(h.held, v.Interface())
	e.Uint(uint64(len(h.held) - 1))
	return nil
}

func (h *holder) Take(d *wire.Decoder) any {
	n := d.Uint()
	if n >= uint64(len(h.held)) {
		d.Fail(wire.ErrTag)
		return nil
	}
	return h.held[n]
}

func (h *holder) Give(e *wire.Encoder, v reflect.Value) error {
	e.Byte(wire.TagHost)
	return h.Hold(e, v)
}

func (h *holder) Func(d *wire.Decoder, t reflect.Type) reflect.Value {
	if f := reflect.ValueOf(h.Take(d)); f.IsValid() && f.Type() == t {
		return f
	}
	return reflect.Zero(t)
}

func (h *holder) TextName(t reflect.Type) string {
	return map[reflect.Type]string{reflect.TypeFor[netip.Addr](): "addr", reflect.TypeFor[netip.Prefix](): "unknown"}[t]
}

func (h *holder) Named(name string) encoding.TextUnmarshaler {
	if name == "addr" {
		return new(netip.Addr)
	}
	return nil
}

func (h *holder) StandardName(t reflect.Type) string {
	if t == reflect.TypeFor[time.Month]() {
		return "month"
	}
	return ""
}

func (h *holder) Standard(name string) any {
	if name == "month" && h.module {
		return new(time.Month)
	}
	return nil
}

func (h *holder) Stands(reflect.Type) string                 { return "" }
func (h *holder) PutTyped(*wire.Encoder, reflect.Value) bool { return false }
func (h *holder) Typed(d *wire.Decoder) any                  { d.Fail(wire.ErrTag); return nil }

func (h *holder) Forms() bool                    { return !h.module }
func (h *holder) Form(reflect.Type, bool) string { return "" }
func (h *holder) Refused(reflect.Type) string    { return "" }

func (h *holder) Lend(e *wire.Encoder, v reflect.Value)        { _ = h.Hold(e, v) }
func (h *holder) LendTarget(*wire.Encoder, reflect.Value) bool { return false }
func (h *holder) LendWhole(e *wire.Encoder, v reflect.Value)   { _ = h.Give(e, v) }

func (h *holder) GiveError(e *wire.Encoder, v reflect.Value) bool {
	e.Byte(wire.TagError)
	e.String(v.Interface().(error).Error())
	return true
}

func (h *holder) Own(handle uint64, _ bool) (v reflect.Value) {
	if handle < uint64(len(h.held)) {
		v = reflect.ValueOf(h.held[handle])
	}
	return v
}

func (h *holder) Borrow(d *wire.Decoder) dynamic.Reference { return &reference{handle: d.Uint()} }
func (h *holder) BorrowWhole(d *wire.Decoder) any          { return h.Borrow(d) }
func (h *holder) TakeError(d *wire.Decoder) any            { return errors.New(d.String()) }

func (h *holder) HandleOf(v reflect.Value) (uint64, bool) {
	ref, ok := v.Interface().(*reference)
	if !ok || !h.module {
		return 0, false
	}
	return ref.handle, true
}

type reference struct {
	handle uint64
	tied   any
}

func (r *reference) HostHandle() uint64 { return r.handle }

func (r *reference) Tie(v any) any {
	if r.tied == nil {
		r.tied = v
	}
	return r.tied
}

func (h *holder) Opaque(t reflect.Type) bool { return t == reflect.TypeFor[secret]() }

type secret struct{ s string }

// cross gives a value of the host to a module.
func cross(v any) (any, error) {
	host := &holder{}
	return move(v, dynamic.New(host), func() *dynamic.Codec { return dynamic.New(&holder{host.held, true}) })
}

func move(v any, from *dynamic.Codec, to func() *dynamic.Codec) (any, error) {
	var e wire.Encoder
	from.Encode(&e, v)
	if e.Err != nil {
		return nil, e.Err
	}
	var b bytes.Buffer
	_ = e.Send(0, func(p []byte) error { b.Write(p); return nil })
	d := wire.NewDecoder(b.Bytes())
	got := to().Decode(&d)
	return got, d.End()
}

func TestSameTypes(t *testing.T) {
	t.Parallel()
	n := 7
	for _, v := range []any{
		nil, true, int8(-5), uint16(9), uintptr(1), float32(1.5), complex64(1i), "x", []byte("x"), []byte(nil),
		[0]int{},
		struct{}{},
		[]struct {
			A int    `json:"a"`
			B *int   `json:"b"`
			C []bool `json:"c"`
		}{{1, &n, []bool{true}}, {}},
		map[string]map[int][]any{"a": {1: {nil, "b", 2.5}}},
		time.Unix(1, 2).UTC(), time.Second,
		secret{"s"},
		[]any{secret{"t"}, func() {}}[:1],
	} {
		got, err := cross(v)
		assert.NoError(t, err)
		assert.Equal(t, v, got)
	}
}

func TestNamesStayBehind(t *testing.T) {
	t.Parallel()
	type Inner struct{ X int }
	type Outer struct {
		Inner  `yaml:",inline"`
		Self   *Outer
		hidden int
		Level  fmt.Stringer
	}
	got, err := cross(Outer{Inner: Inner{3}, Self: &Outer{}, hidden: 1})
	require.NoError(t, err)
	want := "interface {}"
	for range 4 { // a type inside itself crosses as any, a few levels deeper
		want = `struct { struct { X int } "yaml:\",inline\""; Self *` + want + `; Level interface {} }`
	}
	want = strings.TrimSuffix(want, " }") + "; _ *dynamic.kept }" // which value it is: it has a hidden part
	assert.Equal(t, want, reflect.TypeOf(got).String())
	x := reflect.ValueOf(got).FieldByName("X")
	assert.Truef(t, x.IsValid(), "the embedded field is not promoted: %v", x)
	assert.Equalf(t, int64(3), x.Int(), "the embedded field is not promoted: %v", x)
}

// TestOptionsInTags: a field that has nothing but a tag crosses with its struct, whose encoders it
// tells what to do.
func TestOptionsInTags(t *testing.T) {
	t.Parallel()
	type pair struct {
		_    struct{} `cbor:",toarray"`
		A, B int
		none struct{}
	}
	got, err := cross(pair{A: 1, B: 2, none: struct{}{}})
	require.NoError(t, err)
	assert.Equal(t, `struct { A int; B int; _ struct {} "cbor:\",toarray\""; _ *dynamic.kept }`, reflect.TypeOf(got).String())
	assert.EqualValues(t, 2, reflect.ValueOf(got).Field(1).Int())
}

func TestErrorsCrossAsErrors(t *testing.T) {
	t.Parallel()
	got, err := cross(&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist})
	e, ok := got.(error)
	require.NoErrorf(t, err, "got %#v, %v", got, err)
	require.Truef(t, ok, "got %#v, %v", got, err)
	assert.Equalf(t, "open x: file does not exist", e.Error(), "got %#v, %v", got, err)
}

func TestEmbeddedTime(t *testing.T) {
	t.Parallel()
	now := time.Unix(3, 0).UTC()
	got, err := cross(struct{ time.Time }{now})
	require.NoErrorf(t, err, "got %#v, %v", got, err)
	assert.Truef(t, reflect.ValueOf(got).Field(0).Interface().(time.Time).Equal(now), "got %#v, %v", got, err)
}

func TestTextForms(t *testing.T) {
	t.Parallel()
	type both struct {
		A netip.Addr
		P *netip.Prefix
	}
	prefix := netip.MustParsePrefix("10.0.0.0/8")
	got, err := cross(both{netip.MustParseAddr("::1"), &prefix})
	require.NoError(t, err)
	v := reflect.ValueOf(got)
	assert.Falsef(t, v.Field(0).Interface() != netip.MustParseAddr("::1"), "got %#v", got)
	assert.Equalf(t, "10.0.0.0/8", v.Field(1).Elem().Interface(), "got %#v", got)
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	got, err := cross(map[string]any{"f": strings.ToUpper, "none": (func())(nil)})
	require.NoError(t, err)
	m := got.(map[string]any)
	f, ok := m["f"].(func(string) string)
	assert.Truef(t, ok, "got %#v", m)
	assert.Equalf(t, "A", f("a"), "got %#v", m)
	none, ok := m["none"].(func())
	assert.True(t, ok)
	assert.Nil(t, none)
}

func TestWhatCannotCross(t *testing.T) {
	t.Parallel()
	_, err := cross(make(chan int))
	assert.EqualError(t, err, "no channels")
	loop := map[string]any{}
	loop["x"] = loop
	_, err = cross(loop)
	assert.ErrorIs(t, err, wire.ErrDepth)
}

func TestHostileDescriptions(t *testing.T) {
	t.Parallel()
	huge := "\x02" + strings.Repeat("\x11\x40", 8) + "\x03" + strings.Repeat("\x00", 100)
	for _, message := range []string{huge, "\x02\x15\x17\x02\x02\x01", "\x02\x19\x01\x01a\x00\x00\x02", "\x02\x63", "\x02" + strings.Repeat("\x16", 5000), "\x02\x15\x14\x02\x02\x02\x17\x02\x01\x02\x00"} {
		c := dynamic.New(&holder{})
		d := wire.NewDecoder([]byte(message))
		d.Limit(nil)
		_ = c.Decode(&d)
		assert.Error(t, d.Err(), message)
	}
}

// FuzzDecode decodes any message; what it makes crosses again unchanged in type.
func FuzzDecode(f *testing.F) {
	for _, v := range []any{1, "a", []int{1}, map[string]any{"a": nil}, struct{ A int }{1}, [2]bool{}, time.Now()} {
		var e wire.Encoder
		dynamic.New(&holder{}).Encode(&e, v)
		f.Add(e.Buf)
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		c := dynamic.New(&holder{held: []any{1}, module: true})
		d := wire.NewDecoder(message)
		d.Limit(nil)
		v := c.Decode(&d)
		if d.Err() != nil || v == nil {
			return
		}
		again, err := cross(v)
		require.NoErrorf(t, err, "%v", v)
		_, isError := v.(error)
		assert.Falsef(t, !isError && reflect.TypeOf(again) != reflect.TypeOf(v), "%T became %T", v, again)
	})
}

// The name of a type has the names of all types inside, so a hostile peer may not nest them as deep
// as values.
func TestDeepTypes(t *testing.T) {
	c := dynamic.New(&holder{})
	for depth, fine := range map[int]bool{900: true, 1100: false} {
		message := append([]byte{wire.TagValue}, bytes.Repeat([]byte{byte(reflect.Slice)}, depth)...)
		message = append(message, byte(reflect.Int), 0)
		d := wire.NewDecoder(message)
		c.Decode(&d)
		assert.Equalf(t, fine, d.Err() == nil, "%v", depth)
	}
}

// TestTypesAreBounded: a type that was made is never freed, and its name has those of all its
// parts. So a hostile peer could make gigabytes of descriptions that are short.
func TestTypesAreBounded(t *testing.T) {
	t.Parallel()
	field := func(e *wire.Encoder, name, tag string) {
		e.Byte(byte(reflect.Struct))
		e.Uint(0) // it is no type of the host
		e.Uint(1)
		e.String(name)
		e.String(tag)
		e.Bool(false)
	}
	const depth = 450
	for name, put := range map[string]func(e *wire.Encoder, n int){
		"tags":   func(e *wire.Encoder, n int) { field(e, "A", fmt.Sprint(n, strings.Repeat("\x01", 100))) },
		"fields": func(e *wire.Encoder, n int) { field(e, fmt.Sprint(strings.Repeat("A", 100), n), "") },
		"lists": func(e *wire.Encoder, n int) {
			field(e, fmt.Sprint(strings.Repeat("A", 100), n), "")
			e.Byte(byte(reflect.Slice))
		},
		"functions": func(e *wire.Encoder, n int) {
			e.Byte(byte(reflect.Func))
			e.Uint(0)
			e.Uint(1)
			field(e, fmt.Sprint(strings.Repeat("A", 100), n), "")
		},
	} {
		c := dynamic.New(&holder{})
		made := 0
		for n := range 30 {
			e := wire.Encoder{Buf: []byte{wire.TagValue}}
			for range depth {
				put(&e, n)
			}
			e.Byte(byte(reflect.Int))
			e.Buf = append(e.Buf, make([]byte, depth)...) // none has options
			if name == "functions" {
				e.Buf = append(e.Buf, make([]byte, depth)...) // none is variadic
			}
			d := wire.NewDecoder(append(e.Buf, 0))
			if c.Decode(&d); d.Err() != nil {
				assert.ErrorContains(t, d.Err(), "too many different types", name)
				break
			}
			made++
		}
		assert.Less(t, made, 3, name) // 20 MB each, at least
	}
}

// TestForgedForms: a module cannot make the host ask a value for forms that it does not have.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	type plain struct{ N int }
	for _, name := range []string{".", ".t", ".tbj", ".T", ".x", ".b", ".tw", ".w"} {
		host := dynamic.New(&holder{})
		var e wire.Encoder
		host.Encode(&e, plain{}) // the host's type has a number now
		forged := wire.Encoder{Buf: []byte{wire.TagValue, byte(reflect.Struct)}}
		forged.Uint(1)
		forged.Uint(1)
		forged.String("N")
		forged.String("")
		forged.Bool(false)
		forged.Byte(67) // a text
		forged.String(name)
		forged.Uint(0)
		forged.Bytes([]byte("7"))
		d := wire.NewDecoder(forged.Buf)
		host.Decode(&d)
		assert.Error(t, d.Err(), name)
	}
}

// TestUnknownTextGoesBack: what crosses as text to a side that has no such type is written there as
// the text that it is.
func TestUnknownTextGoesBack(t *testing.T) {
	t.Parallel()
	host := &holder{}
	prefix := netip.MustParsePrefix("10.0.0.0/8")
	var e wire.Encoder
	dynamic.New(host).Encode(&e, &prefix)
	module := dynamic.New(&holder{host.held, true})
	d := wire.NewDecoder(e.Buf)
	text, ok := module.Decode(&d).(*string)
	require.True(t, ok)
	require.NoError(t, d.End())
	*text = "192.0.2.0/24"
	var back wire.Encoder
	module.Encode(&back, text)
	require.NoError(t, back.Err)
	assert.Contains(t, string(back.Buf), "192.0.2.0/24")
}
