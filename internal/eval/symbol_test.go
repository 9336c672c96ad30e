package eval

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shop is a module with a companion "paint" and with instantiations.
var shop = natives{
	"Table":             {engine.KindVar, "var Table []string", []string{"zero", "one"}},
	"First":             {engine.KindConst, "const First Key", 1},
	"Uniq":              {engine.KindFunc, "func Uniq[T comparable](list []T) []T", nil},
	"Uniq[int]":         {engine.KindFunc, "func Uniq[int](list []int) []int", func(list []int) []int { return list[:1] }},
	"Pair":              {engine.KindType, "type Pair[A any, B any] struct{First A; Second B}", nil},
	"Pair[int, string]": {engine.KindType, "type Pair[int, string] struct{First int; Second string}", nil},
	"paint.Brush":       {engine.KindType, "type paint.Brush struct{Colour string}", nil},
	"paint.Max":         {engine.KindConst, "const paint.Max untyped int", 1 << 40},
	"paint.Describe":    {engine.KindFunc, "func paint.Describe(b paint.Brush) string", func(b struct{ Colour string }) string { return b.Colour }},
	"paint.Palette":     {engine.KindVar, "var paint.Palette []string", []string{"red"}},
	"paint.Same":        {engine.KindFunc, "func paint.Same[T any](v T) T", nil},
	"paint.Same[int]":   {engine.KindFunc, "func paint.Same[int](v int) int", func(v int) int { return v }},
}

func TestCompanionsAndInstantiations(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"Uniq[int]([]int{7, 8})":                       "[7]",
		"Uniq[ int ]([]int{7, 8})[0] + 1":              "8",
		"Table[First]":                                 "one",
		"Pair[int,string]{1, \"a\"}.Second":            "a",
		"[]Pair[int, string]{{1, \"a\"}}[0].First":     "1",
		"paint.Describe(paint.Brush{Colour: \"red\"})": "red",
		"paint.Describe(paint.Brush{\"red\"})":         "red",
		"paint.Max / (1 << 40) + 0.5":                  "1.5",
		"paint.Palette[0]":                             "red",
		"paint.Same[int](3)":                           "3",
		"[]paint.Brush{{\"a\"}}[0].Colour":             "a",
	} {
		x, err := Parse(src)
		if !assert.NoError(t, err, src) {
			continue
		}
		got, err := x.Eval(t.Context(), Scope{Module: shop})
		assert.NoError(t, err, src)
		assert.Equal(t, want, strings.TrimSuffix(fmt.Sprintln(got...), "\n"), src)
	}
	for src, want := range map[string]string{
		"paint.Descrbe(1)":     "eval: 1:1: undefined: paint.Descrbe (did you mean paint.Describe?)",
		"[]paint.Brsh{}":       "eval: 1:3: undefined: paint.Brsh (did you mean paint.Brush?)",
		"[]other.Brush{}":      "eval: 1:3: undefined: other.Brush (an expression has the names of its module and of its companions)",
		"Uniq[string](nil)":    "eval: 1:1: the module is not built with Uniq[string]",
		"Uniq[1](nil)":         "eval: 1:6: invalid type arguments: 1 is not a type",
		"Pair[int](nil)":       "eval: 1:1: the module is not built with Pair[int]",
		"Pair[int, 1]{1, 2}":   "eval: 1:11: expected type, found 1",
		"paint.Same[bool](1)":  "eval: 1:1: the module is not built with paint.Same[bool]",
		"Uniq[int]":            "eval: 1:1: Uniq[int] is a function: call it\n\tfunc Uniq[int](list []int) []int",
		"paint.Max.Colour":     "eval: 1:11: paint.Max.Colour undefined (paint.Max (untyped int constant 1099511627776) has no field or method Colour)",
		"Uniq[int](1, 2)":      "eval: 1:14: too many arguments in call to Uniq[int]\n\thave (number, number)\n\twant ([]int)",
		"paint.Palette[First]": "eval: 1:15: index out of range [1] with length 1",
	} {
		x, err := Parse(src)
		if err == nil {
			_, err = x.Eval(t.Context(), Scope{Module: shop})
		}
		assert.EqualError(t, err, want, src)
	}
}

func TestInstantiations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ src, certain, all string }{
		{"Uniq[int](Uniq[ map[string]int ](nil))", "Uniq[int] Uniq[map[string]int]", "Uniq[int] Uniq[map[string]int]"},
		{"Uniq[Key](nil)[Table[First]]", "", "Uniq[Key]"},
		{"Table[First]", "", ""},
		{"Table[0] + f()[int] + string(Names[\"x\"])", "", ""},
		{"[]Pair[int,string]{}", "Pair[int, string]", "Pair[int, string]"},
		{"Uniq[Pair[int,string]](nil)", "Uniq[Pair[int, string]]", "Uniq[Pair[int, string]]"},
		{"Uniq[paint.Brush](nil)", "", "Uniq[paint.Brush]"},
		{"paint.Same[int](1)", "paint.Same[int]", "paint.Same[int]"},
	} {
		x, err := Parse(test.src)
		if !assert.NoError(t, err, test.src) {
			continue
		}
		certain, all := strings.Join(x.Instantiations("", nil), " "), strings.Join(x.Instantiations("", shop.Symbols()), " ")
		assert.Equal(t, test.certain, certain, test.src)
		assert.Equal(t, test.all, all, test.src)
	}
}

// A context of the module that is written as an argument takes a compiler; one that is left out, or
// the host's, does not.
func TestContextArguments(t *testing.T) {
	t.Parallel()
	context := []engine.Symbol{
		{Name: "Background", Kind: engine.KindFunc, Signature: "func Background() Context"},
		{Name: "Context", Kind: engine.KindType, Signature: "type Context interface{Deadline() (time.Time, bool); Err() error}"},
		{Name: "WithValue", Kind: engine.KindFunc, Signature: "func WithValue(parent Context, key any, val any) Context"},
	}
	alias := []engine.Symbol{
		context[0],
		{Name: "Cause", Kind: engine.KindFunc, Signature: "func Cause(c Context) error"},
		{Name: "Context", Kind: engine.KindType, Signature: "type Context = context.Context"},
	}
	client := []engine.Symbol{
		{Name: "Get", Kind: engine.KindFunc, Signature: "func Get(ctx context.Context, urls ...string) error"},
		{Name: "New", Kind: engine.KindFunc, Signature: "func New() *Client"},
	}
	other := []engine.Symbol{context[0], {Name: "Context", Kind: engine.KindType, Signature: "type Context struct{N int}"}, context[2]}
	for _, test := range []struct {
		symbols   []engine.Symbol
		src, want string
	}{
		{context, `WithValue(Background(), "k", 1)`, "eval: 1:11: cannot use Background(): a context of the module cannot be an argument"},
		{context, `len(WithValue((Background()), "k", 1))`, "eval: 1:15: cannot use (Background()): a context of the module cannot be an argument"},
		{context, `WithValue(WithValue("a", 2), "k", 1)`, `eval: 1:11: cannot use WithValue("a", 2): a context of the module cannot be an argument`},
		{context, `WithValue("k", 1)`, ""},
		{context, `WithValue(mine, "k", 1)`, ""},
		{alias, `Cause(Background())`, "eval: 1:7: cannot use Background(): a context of the module cannot be an argument"},
		{client, `Get(New().Context(), "a")`, "eval: 1:5: cannot use New().Context(): a context of the module cannot be an argument"},
		{client, `Get("a", "b")`, ""},
		{other, `WithValue(Background(), "k", 1)`, ""},
	} {
		x, err := Parse(test.src)
		require.NoError(t, err)
		message := ""
		if limit := x.Beyond("", test.symbols); limit != nil {
			message = limit.Error()
		}
		assert.Equal(t, test.want, message, test.src)
	}
}
