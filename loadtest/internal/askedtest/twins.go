package askedtest

import (
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type embedding struct {
	asn1.BitString
	Note string
}

// testTwins: a value of a type that the module has, too, is of that type there, also as a part of
// others, and what the module has filled and returned is of the host's.
func (s suite) testTwins(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	encode := gosuite.Bound[func(any) ([]byte, error)](t, m, "EncodeDER")
	decode := gosuite.Bound[func([]byte, any) error](t, m, "DecodeDER")
	same := gosuite.Bound[func(any) any](t, m, "SameAny")

	enumerate := gosuite.Bound[func(int) any](t, m, "Enumerate")
	assert.Equal(t, 1, enumerate(1), "the host has given none yet")

	type record struct {
		ID    asn1.ObjectIdentifier
		Bits  asn1.BitString
		Kind  asn1.Enumerated
		Names []asn1.ObjectIdentifier
		Whole asn1.RawValue
	}
	r := record{
		ID: asn1.ObjectIdentifier{1, 2, 840}, Bits: asn1.BitString{Bytes: []byte{0xa0}, BitLength: 3}, Kind: 2,
		Names: []asn1.ObjectIdentifier{{2, 5, 4}, {2, 5}}, Whole: asn1.RawValue{FullBytes: []byte{5, 0}, Tag: 5},
	}
	for _, v := range []any{r, r.ID, r.Bits, r.Kind, r.Names, []any{r.ID, r.Kind}} {
		want, wantErr := asn1.Marshal(v)
		der, err := encode(v)
		assert.Equal(t, wantErr == nil, err == nil, "%T: %v", v, err)
		assert.Equal(t, want, der, "%T", v)
		assert.Equal(t, v, same(v), "%T", v)
	}
	der, err := asn1.Marshal(r)
	require.NoError(t, err)
	var got, want record
	require.NoError(t, decode(der, &got))
	_, err = asn1.Unmarshal(der, &want)
	require.NoError(t, err)
	assert.Equal(t, want, got)

	names := gosuite.Bound[func(...any) []string](t, m, "TypesIn")
	assert.Equal(t, []string{"asn1.Enumerated", "[]asn1.BitString", "map[string]asn1.ObjectIdentifier", "asn1.Flag", "asn1.RawContent"},
		names(r.Kind, []asn1.BitString{r.Bits}, map[string]asn1.ObjectIdentifier{"a": r.ID}, asn1.Flag(true), asn1.RawContent("x")))
	assert.Equal(t, asn1.Enumerated(4), enumerate(4))
	mixed := embedding{r.Bits, "x"}
	assert.Equal(t, mixed, same(mixed))
}
