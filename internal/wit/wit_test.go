package wit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/wit"
)

func TestParse(t *testing.T) {
	t.Parallel()
	want := []wit.Func{
		{Name: "price-of", Params: []wit.Param{{Name: "order", Type: wit.String}, {Name: "type", Type: "u32"}}, Result: wit.Bytes},
		{Name: "export", Params: nil, Result: ""},
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
		"a: func(":                              "it is cut off",
		"a: func(b: option<string>);":           "the type option is not supported",
		"a: func() -> list<string>;":            `"string" is in the place of "u8"`,
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
