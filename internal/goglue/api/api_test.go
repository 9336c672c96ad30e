package api

import (
	"reflect"
	"testing"

	"github.com/loadgo/load/engine"
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
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Encode()) != string(want.Encode()) || !reflect.DeepEqual(got.Symbols, want.Symbols) || got.Types[2].Methods[0] != want.Types[2].Methods[0] {
		t.Errorf("got %+v", got)
	}
}
