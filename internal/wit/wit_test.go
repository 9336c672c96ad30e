package wit_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/wit"
)

// doubling is a type of two to the power of 40 parts.
var doubling = "record t0 { a: u8 }" + steps("record t%d { a: t%d, b: t%d }")

// nesting is a type of 40 within each other, each with a name.
var nesting = "type t0 = u16;" + steps("type t%d = list<list<t%d>>;")

func steps(format string) (text string) {
	for i := range 40 {
		text += fmt.Sprintf(strings.Replace(format, "b: t%d", "b: t"+fmt.Sprint(i), 1), i+1, i)
	}
	return text
}

func TestParse(t *testing.T) {
	t.Parallel()
	want := []wit.Func{
		{Name: "price-of", Params: []wit.Param{{Name: "order", Type: wit.String}, {Name: "type", Type: wit.U32}}, Result: wit.Bytes},
		{Name: "export", Params: nil, Result: nil},
	}
	for _, text := range []string{
		"package a:b@1.0.0;\n\nworld w { // of\n  export price-of: func(order: string, %type: u32) -> list<u8>; /* c\n */ export: func(); }",
		"price-of: func(order:string,%type:u32)->list<u8>;export export: func();",
	} {
		got, err := wit.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
	}
	documented, err := wit.Parse("world w {\n/// Adds the tax.\n// not this\n/// In cents.\nexport a: func(/* x */ b: u8 /// no\n);\nexport c: func(); /// for nobody\n}")
	require.NoError(t, err)
	assert.Equal(t, []string{"Adds the tax.\nIn cents.", ""}, []string{documented[0].Doc, documented[1].Doc})
	for text, reason := range map[string]string{
		"a: func(":                        "it is cut off",
		"a: func(b: tuple<string>);":      "the type tuple is not supported",
		"a: func(b: list<c>);":            "the type c is not supported, or not declared before",
		"a: func(b: option<result<u8>>);": "a result<…> is what a function returns",
		"variant a { b(u8) }":             "variant a: of the types with names, records, enums",
		"record a { b: u8, b: u8 }":       "a: b is there twice",
		"record a { } b: func();":         "a: it has no fields",
		"enum a { }":                      "a: it has 0 values",
		"enum a { b, b }":                 "a: b is there twice",
		"record a { b: a }":               "the type a is not supported, or not declared before",
		"enum a { b } record a { c: u8 }": "the type a is there twice",
		"record a { b: u8 c: u8 }":        `"c" is in the place of "}"`,
		"record a { b: u8,":               "it is cut off",
		doubling:                          "its values consist of more than 1000 numbers",
		"a: func(b: " + strings.Repeat("list<", 40) + "u8" + strings.Repeat(">", 40) + ");": "its types nest more than 32 deep",
		nesting:                                 "its types nest more than 32 deep",
		"a: func() -> (x: u8);":                 "the type ( is not supported",
		"a: func() b: func();":                  `"b" is in the place of ";"`,
		"world w { a: func();":                  "it is cut off",
		"world w { a: func(); } b":              "something follows the world: b",
		"import a: func();":                     "import is for components",
		"interface a { b: func(); }":            "interface is for components",
		"a: func(); a: func();":                 "a is there twice",
		"1: func();":                            `"1" is in the place of a name`,
		"a: func(b: u8 c: u8);":                 `"c" is in the place of ","`,
		"package":                               "",
		"":                                      "",
		"/* never closed \n a: func(b: wrong);": `"/" is in the place of a name`,
	} {
		_, err := wit.Parse(text)
		if reason == "" {
			assert.NoError(t, err, text)
			continue
		}
		assert.ErrorContains(t, err, reason, text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("package a:b; world w { export price: func(order: string, n: u32) -> list<u8>; }")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := wit.Parse(text)
		if err != nil {
			require.Empty(t, all)
		}
	})
}

// memory is a module's memory, in which room is made from the beginning.
type memory struct {
	data []byte
	used uint32
}

func (m *memory) Room(size, align uint32) (uint32, error) {
	at := (m.used + align - 1) / align * align
	if uint64(at)+uint64(size) > uint64(len(m.data)) {
		return 0, errors.New("no room")
	}
	m.used = at + size
	return at, nil
}

func (m *memory) Read(at, size uint32) ([]byte, bool) {
	if uint64(at)+uint64(size) > uint64(len(m.data)) {
		return nil, false
	}
	return m.data[at : at+size], true
}

func (m *memory) Write(at uint32, data []byte) bool {
	to, ok := m.Read(at, uint32(len(data)))
	return ok && copy(to, data) == len(data)
}

type texts struct{}

func (texts) Encode(v reflect.Value) ([]byte, error) {
	if v.Kind() != reflect.String {
		return nil, errors.New("it is no text")
	}
	return []byte(v.String()), nil
}

func (texts) Decode(data []byte, to reflect.Value) error {
	to.SetString(string(data))
	return nil
}

const everything = `enum e { a, b }
record r { a: u8, b: list<string>, c: option<e>, d: f32, f: list<list<s16>>, g: bool, h: char, i: option<u64>, k: list<u8> }
f: func(a: r, b: r) -> r;
g: func() -> result<list<option<r>>, r>;`

// TestRound: what is lowered is lifted as the same.
func TestRound(t *testing.T) {
	t.Parallel()
	functions, err := wit.Parse(everything)
	require.NoError(t, err)
	m := &memory{data: make([]byte, 1<<16), used: 8}
	c := wit.Crossing{Guest: m, Texts: texts{}, Left: 1 << 20}
	want := map[string]any{
		"a": uint8(1), "b": []string{"x", ""}, "c": "b", "d": float32(0.5), "f": []any{[]int16{-1, 2}, []int16{}},
		"g": true, "h": 'ß', "i": nil, "k": []byte("bytes"),
	}
	args := reflect.ValueOf(map[string]any{"a": 1, "b": []string{"x", ""}, "c": "b", "d": 0.5, "f": [][]int{{-1, 2}, {}}, "g": true, "h": 'ß', "k": "bytes"})
	flat, err := c.Lower(&functions[0], []reflect.Value{args, args})
	require.NoError(t, err)
	require.Len(t, flat, 1, "it takes more than 16 numbers, which lie in the memory")
	var got any
	require.NoError(t, c.Lift(flat[0], functions[0].Params[0].Type, reflect.ValueOf(&got).Elem()))
	assert.Equal(t, want, got)
}

// FuzzLift: whatever lies in the memory, it is taken or refused, and what it takes is bounded.
func FuzzLift(f *testing.F) {
	functions, err := wit.Parse(everything)
	require.NoError(f, err)
	f.Add([]byte{0, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1}, uint32(0))
	f.Add(binary.LittleEndian.AppendUint64(nil, 1<<63), uint32(1<<32-4))
	f.Fuzz(func(t *testing.T, data []byte, at uint32) {
		for _, function := range functions {
			c := wit.Crossing{Guest: &memory{data: data}, Texts: texts{}, Left: 1 << 16}
			var got any
			if err := c.Lift(uint64(at), function.Result, reflect.ValueOf(&got).Elem()); !errors.Is(err, wit.ErrTooLarge) {
				require.GreaterOrEqual(t, c.Left, int64(0), err)
			}
		}
	})
}
