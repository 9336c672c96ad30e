package api

import (
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sampleAPI() *API {
	return &API{
		Package: "example.com/a",
		Types: []Type{
			{},
			{Kind: KindInt, Text: "int"},
			{Kind: KindStruct, Class: Both, Text: "a.T", Fields: []Field{{Name: "N", Type: 1, Tag: `json:"n"`, Embedded: true, Get: 1}}, Methods: []Method{{Name: "M", Doc: "M is.", Func: 2}}},
		},
		Funcs:   []Func{{Receiver: 2, Out: []int{1}}, {Text: "(n ...int)", Receiver: 2, In: []int{1}, Variadic: true, NoVariadic: true}},
		Symbols: []Symbol{{Name: "C", Kind: engine.KindConst, Text: "const C = 1", Const: "i1"}, {Name: "T", Kind: engine.KindType, Text: "type T struct{N int}", Doc: "T is.", Type: 2, Limit: "none"}},
	}
}

func TestAPIRoundTrip(t *testing.T) {
	t.Parallel()
	want := sampleAPI()
	got, err := DecodeAPI(want.Encode())
	require.NoError(t, err)
	assert.Equal(t, string(want.Encode()), string(got.Encode()))
	assert.Equal(t, want.Symbols, got.Symbols)
	assert.Equal(t, want.Types[2].Methods[0], got.Types[2].Methods[0])
}
