package askedtest

import (
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// id has a text, as a uuid.UUID has.
type id [4]byte

func (i id) MarshalText() ([]byte, error) { return []byte("id-" + hex.EncodeToString(i[:])), nil }
func (i *id) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.TrimPrefix(string(text), "id-"))
	if err != nil || len(b) != len(i) {
		return fmt.Errorf("%s is no id", text)
	}
	copy(i[:], b)
	return nil
}

// rank has its text by its pointer.
type rank int

func (r *rank) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "rank %d", int(*r)), nil }
func (r *rank) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "rank %d", r)
	return err
}

// amount shows nothing but its forms.
type amount struct{ cents int }

func (a amount) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%02d", a.cents/100, a.cents%100), nil
}

func (a *amount) UnmarshalText(text []byte) error {
	var whole, rest int
	_, err := fmt.Sscanf(string(text), "%d.%d", &whole, &rest)
	a.cents = whole*100 + rest
	return err
}

// mood has JSON, and no text.
type mood bool

func (m mood) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[mood]string{true: "good", false: "bad"}[m])
}

func (m *mood) UnmarshalJSON(text []byte) error {
	*m = string(text) == `"good"`
	return nil
}

// span is only read from a text.
type span struct{ time.Duration }

func (s *span) UnmarshalText(text []byte) (err error) {
	s.Duration, err = time.ParseDuration(string(text))
	return err
}

// told only writes its text.
type told string

func (t told) MarshalText() ([]byte, error) { return []byte("told " + t), nil }

type base struct{ Origin string }

type order struct {
	base
	ID    id            `json:"id"`
	Next  *id           `json:"next,omitempty"`
	Rank  rank          `json:"rank,omitempty"`
	Sum   amount        `json:"sum"`
	By    map[id]amount `json:"by"`
	All   []id          `json:"all"`
	Moods []mood        `json:"moods" xml:"-"`
	Said  told          `json:"said"`
}

func newOrder() order {
	return order{base{"here"}, id{1, 2, 3, 4}, &id{5}, 3, amount{150}, map[id]amount{{7}: {1}}, []id{{8}, {9}}, []mood{true, false}, "x"}
}

type (
	inner  struct{ Deep, Base int }
	middle struct {
		inner
		Level rank
	}
)

// promoting embeds what is not exported, beside a field whose name is close.
type promoting struct {
	*base
	middle
	Base, Middle string
	hidden       int
}

type stamped struct {
	XMLName xml.Name `xml:"order"`
	ID      id       `xml:"id,attr"`
	Sum     amount
	Rank    rank
}

// testForms: encoders and decoders of a module find the text and the JSON of the host's values, and
// fill them by these.
func (s suite) testForms(t *testing.T) {
	m := s.Testdata(t, "forms", 0)
	write := gosuite.Bound[func(any) (string, error)](t, m, "JSON")
	o := newOrder()
	for _, v := range []any{o, &o, []order{o}, map[string]any{"a": o, "id": o.ID, "sum": o.Sum}, o.ID, &o.ID, o.Sum, &o.Sum, o.Moods, mood(true), told("y"), order{}, &order{}} {
		want, err := json.Marshal(v)
		require.NoError(t, err)
		got, err := write(v)
		require.NoError(t, err, "%T", v)
		assert.Equal(t, string(want), got, "%T", v)
	}
	fill := gosuite.Bound[func(string, any) error](t, m, "FromJSON")
	text := `{"Origin":"there","id":"id-0a0b0c0d","next":"id-00000001","rank":"rank 9","sum":"2.05","by":{"id-01010101":"7.00"},"all":["id-02020202"],"moods":["good"]}`
	var want, got order
	require.NoError(t, json.Unmarshal([]byte(text), &want))
	require.NoError(t, fill(text, &got))
	assert.Equal(t, want, got)
	got, want = newOrder(), newOrder()
	next := got.Next
	require.NoError(t, json.Unmarshal([]byte(text), &want))
	require.NoError(t, fill(text, &got))
	assert.Equal(t, want, got)
	assert.Same(t, next, got.Next)
	assert.ErrorContains(t, fill(`{"id":"nonsense"}`, &got), "nonsense is no id")
	assert.ErrorContains(t, fill(`{"said":"y"}`, &got), "askedtest.told")
	alone := id{}
	require.NoError(t, fill(`"id-0a0b0c0d"`, &alone))
	assert.Equal(t, id{10, 11, 12, 13}, alone)
	sum := amount{}
	require.NoError(t, fill(`"1.10"`, &sum))
	assert.Equal(t, amount{110}, sum)
	config := struct{ Wait, Rest span }{Rest: span{time.Hour}}
	require.NoError(t, fill(`{"Wait":"3s"}`, &config))
	assert.Equal(t, 3*time.Second, config.Wait.Duration)
	assert.Equal(t, time.Hour, config.Rest.Duration)
	_, err := write(&config)
	assert.ErrorContains(t, err, "MarshalText")

	e, filledE := promoting{middle: middle{inner{1, 2}, 3}, Base: "b", Middle: "m", hidden: 4}, promoting{}
	for _, v := range []any{e, &e} {
		want, err := json.Marshal(v)
		require.NoError(t, err)
		got, err := write(v)
		require.NoError(t, err)
		assert.Equal(t, string(want), got)
	}
	require.NoError(t, fill(`{"Deep":1,"Level":"rank 3","Base":"b","Middle":"m"}`, &filledE))
	e.inner.Base, e.hidden = 0, 0
	assert.Equal(t, e, filledE)

	markup := gosuite.Bound[func(any) (string, error)](t, m, "XML")
	stamp := stamped{ID: id{1}, Sum: amount{5}, Rank: 2}
	for _, v := range []any{stamp, &stamp} {
		want, err := xml.Marshal(v)
		require.NoError(t, err)
		got, err := markup(v)
		require.NoError(t, err)
		assert.Equal(t, string(want), got)
	}
	fromXML := gosuite.Bound[func(string, any) error](t, m, "FromXML")
	var filled stamped
	require.NoError(t, fromXML(`<order id="id-01000000"><Sum>0.05</Sum><Rank>rank 2</Rank></order>`, &filled))
	stamp.XMLName.Local = "order"
	assert.Equal(t, stamp, filled)

	same := gosuite.Bound[func(any) any](t, m, "Same")
	assert.Equal(t, o, same(o))
	assert.Equal(t, e, same(e))
	assert.Same(t, &o, same(&o))
	assert.Equal(t, o.Sum, same(o.Sum))
	assert.Same(t, next, same(next))
	assert.Equal(t, "id-01020304", same(o.ID), "its form alone comes home")
}

// coded has several forms.
type coded [2]byte

func (c coded) MarshalText() ([]byte, error)       { return []byte("text"), nil }
func (c *coded) UnmarshalText([]byte) error        { return errors.New("not by text") }
func (c coded) MarshalBinary() ([]byte, error)     { return []byte{c[1], c[0], 7}, nil }
func (c *coded) UnmarshalBinary(data []byte) error { c[1], c[0] = data[0], data[1]; return nil }
func (c coded) MarshalJSON() ([]byte, error)       { return fmt.Appendf(nil, "%d", c[0]), nil }
func (c *coded) UnmarshalJSON(data []byte) error   { return json.Unmarshal(data, &c[0]) }

// testFormChoice: of several forms, a value has all that the module asks for; where it asks for
// none, a value is what it is made of.
func (s suite) testFormChoice(t *testing.T) {
	m := s.Testdata(t, "forms", 0)
	write := gosuite.Bound[func(any) (string, error)](t, m, "JSON")
	text := gosuite.Bound[func(any) (string, error)](t, m, "Text")
	again := gosuite.Bound[func(v, to any) error](t, m, "Gob")
	v := struct{ C coded }{coded{1, 2}}
	for _, given := range []any{v, &v} {
		got, err := write(given)
		require.NoError(t, err)
		assert.Equal(t, `{"C":1}`, got)
		got, err = text(given)
		require.NoError(t, err)
		assert.Equal(t, "C: text text; ", got)
		to := struct{ C coded }{}
		require.NoError(t, again(given, &to))
		assert.Equal(t, v, to)
	}
	same := gosuite.Bound[func(any) any](t, m, "Same")
	assert.Equal(t, "text", same(coded{1, 2}), "its first form alone comes home")
	assert.Equal(t, []any{coded{1, 2}}, same([]any{coded{1, 2}}))
	formless := s.Testdata(t, "formless", 0)
	kind := gosuite.Bound[func(any) string](t, formless, "Kind")
	assert.Equal(t, "array", kind(id{}))
	assert.Equal(t, "int", kind(&struct{ R rank }{}))
}

// These have methods for databases and for package gob.
type (
	cell   struct{ N int }
	column struct{ N int }
	packed struct{ N int }
)

func (c cell) Value() (driver.Value, error)        { return int64(c.N), nil }
func (c *column) Scan(any) error                   { c.N = 1; return nil }
func (p packed) GobEncode() ([]byte, error)        { return []byte{byte(p.N)}, nil }
func (p *packed) GobDecode(data []byte) error      { p.N = int(data[0]); return nil }
func (p packed) Value(other string) (string, bool) { return other, false }

// testRefused: a value that has a form which is not carried is refused where the module asks for
// it, also as a part of others.
func (s suite) testRefused(t *testing.T) {
	m := s.Testdata(t, "forms", 0)
	same := gosuite.Bound[func(any) (any, error)](t, m, "Same")
	for method, all := range map[string][]any{
		"Value":     {cell{1}, &cell{1}, []cell{{1}}, struct{ C cell }{}, map[string]any{"a": &cell{}}, sql.NullString{}},
		"Scan":      {&column{1}, column{1}, struct{ C *column }{&column{}}},
		"GobEncode": {packed{1}, []any{packed{1}}},
	} {
		for _, v := range all {
			_, err := same(v)
			assert.ErrorContains(t, err, "the module asks for its method "+method+", which does not cross", "%T", v)
		}
	}
	v := struct {
		ID id
		N  *big.Int
	}{id{1}, big.NewInt(7)}
	got, err := same(v)
	require.NoError(t, err)
	assert.Equal(t, v, got)
	formless := gosuite.Bound[func(any) string](t, s.Testdata(t, "formless", 0), "Kind")
	for _, v := range []any{cell{}, &column{}, packed{}} {
		assert.Equal(t, "int", formless(v))
	}
}
