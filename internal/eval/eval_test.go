package eval

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// print evaluates as the command does, with the error in place of results.
func print(src string) string {
	x, err := Parse(src)
	if err != nil {
		return err.Error()
	}
	results, err := x.Eval(context.Background(), Scope{Module: testModule()})
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(fmt.Sprintln(results...), "\n")
}

func TestEval(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ src, want string }{
		// Constants, exactly.
		{`1 + 2*3`, "7"},
		{`1 << 62`, "4611686018427387904"},
		{`1<<100 >> 98`, "4"},
		{`0.1 + 0.2`, "0.3"},
		{`7 / 2`, "3"},
		{`7 / 2.0`, "3.5"},
		{`'a'`, "97"},
		{`"a" + "b"`, "ab"},
		{`1i * 1i`, "(-1+0i)"},
		{`len("Wörld")`, "6"},
		{`min(3, 1, 2)`, "1"},
		{`int8(100) / 3`, "33"},
		{`uint64(1) << 63`, "9223372036854775808"},
		{`!true || 1 < 2`, "true"},
		{`string('x')`, "x"},
		{`nil`, "<nil>"},
		{"`raw\\n`", `raw\n`},
		// Constants of the module.
		{`MaxInt8 / 2.0`, "63.5"},
		{`MaxInt8 + 1`, "128"},
		{`Pi > 3`, "true"},
		{`Name + "!"`, "load!"},
		{`2 * Second`, "2s"},
		{`Second.Seconds() / 4`, "0.25"},
		{`Byte(MaxInt8 + 1)`, "128"},
		// Calls.
		{`Apply(Make, "x")`, "X"},
		{`Open("a") == Open("a")`, "false"},
		{`len(make([]byte, 3, 5)) + cap(make([]int, 2))`, "5"},
		{`make(map[string]int)`, "map[]"},
		{`*new(int)`, "0"},
		{`Pointer(new(Options))`, "0"},
		{`Grade(3).Text()`, "grade 3"},
		{`Show(Grade(3))`, "eval.grade grade 3"},
		{`Show([]any{Grade(3)})`, "[]interface {} [grade 3]"},
		{`Grade(3)`, "grade 3"},
		{`Grade(3) == Grade(3)`, "true"},
		{`Grade(2) + 1`, "grade 3"},
		{`1 + Grade(2)`, "grade 3"},
		{`Grade(2) * Grade(2) - Grade(1)`, "grade 3"},
		{`-Grade(2)`, "grade -2"},
		{`^Grade(2)`, "grade -3"},
		{`Grade(1) << 2`, "grade 4"},
		{`(Grade(6) &^ 2).Text()`, "grade 4"},
		{`Grade(2) > 1`, "true"},
		{`Grade(2) == Best() + 1`, "true"},
		{`Show(Grade(2) + 1)`, "eval.grade grade 3"},
		{`int(Grade(2)) + 1`, "3"},
		{`Best() + 1`, "grade 2"},
		{`Best() == 1`, "true"},
		{`int(Best()) * 2`, "2"},
		{`Add(Best(), 1)`, "2"},
		{`Make("x")`, "X"},
		{`Make("a" + Make("b"))`, "AB"},
		{`Add(1, len(Make("abc")))`, "4"},
		{`Half(3)`, "1.5"},
		{`Sum()`, "0"},
		{`Sum(1, 2, 3)`, "6"},
		{`Sum([]int{1, 2}...)`, "3"},
		{`Sum(nil...)`, "0"},
		{`Func("four")`, "4"},
		{`Handle("x")`, "X"},
		{`Cut("a=b", "=")`, "a b true"},
		{`Join(Cut("a=b", "="))`, "abtrue"},
		{`Parse("abc") + 1`, "4"},
		{`Fail("")`, ""},
		{`Fail("") == nil`, "true"},
		{`Fail("x") == nil`, "false"},
		{`Fail("x").Error() + "!"`, "x!"},
		{`Show(Fail("x"))`, "*engine.ModuleError x"},
		{`Must(Parse("ab"))`, "2"},
		{`Two("ab")`, "2 ab"},
		{`Two("ab") * 10`, "20"},
		{`Nothing()`, ""},
		{`(Make)("x")`, "X"},
		{`Nil()`, "<nil>"},
		{`Nil() == nil`, "true"},
		{`List() == nil`, "false"},
		// Data.
		{`List()[1]`, "b"},
		{`List()[1:]`, "[b c]"},
		{`List()[:2:2]`, "[a b]"},
		{`Make("hello")[1:3]`, "EL"},
		{`"hello"[1]`, "101"},
		{`"hello"[Limit-6:]`, "ello"},
		{`Map()["n"]`, "1"},
		{`Map()["l"][1]`, "x"},
		{`Map()["none"]`, "<nil>"},
		{`Map()["n"].(int) + 1`, "2"},
		{`map[string]int{"a": 1}["a"]`, "1"},
		{`[]int{1, 2, 3: 4}`, "[1 2 0 4]"},
		{`[...]string{2: "c"}`, "[  c]"},
		{`len([...]int{9: 1})`, "10"},
		{`[3]string{"a"}`, "[a  ]"},
		{`[][]int{{1}, {2, 3}}`, "[[1] [2 3]]"},
		{`map[string][]int{"a": {1}}`, "map[a:[1]]"},
		{`map[string]any{"a": []any{1, "x", nil, 1.5}}`, "map[a:[1 x <nil> 1.5]]"},
		{`struct{A int; B string}{1, "x"}`, "{1 x}"},
		{`struct{A, B int}{B: 2}.B`, "2"},
		{`[]*struct{A int}{{1}, nil}[0].A`, "1"},
		{`&struct{A int}{1}`, "&{1}"},
		{`*&[]int{1}`, "[1]"},
		{`append([]int{1}, 2, Limit)`, "[1 2 7]"},
		{`append([]byte("a"), "bc"...)`, "[97 98 99]"},
		{`len(List()) + cap(List())`, "6"},
		{`max(Limit, 3)`, "7"},
		{`min(Limit, 3)`, "3"},
		{`Options{Level: 1}.Level`, "1"},
		{`Configure(Options{Level: 2, Names: []string{"a"}})`, "2 [a] false"},
		{`Configure(Options{Next: &Options{}})`, "0 [] true"},
		{`Pointer(&Options{Level: 3})`, "3"},
		{`All([]Options{{Level: 4}, {}})`, "6"},
		{`Show([]*Options{{Level: 4}})`, "[]interface {} " + "[0x"},
		{`Headers{"a": {"b"}}`, "map[a:[b]]"},
		{`Loop{}`, "[]"},
		{`Unknown{A: 1}`, "{1}"},
		// Conversions.
		{`int64(Limit)`, "7"},
		{`float64(Limit) / 2`, "3.5"},
		{`[]byte("hi")`, "[104 105]"},
		{`string(Blob())`, "hi"},
		{`[]rune("ö")`, "[246]"},
		{`Level(3)`, "3"},
		{`Show(Level(3))`, "int8 3"},
		{`any(3)`, "3"},
		{`[]int(nil) == nil`, "true"},
		{`Show(uint16(1))`, "uint16 1"},
		{`Show(1.0)`, "float64 1"},
		{`Show('x')`, "int32 120"},
		// Operators on values.
		{`-Limit`, "-7"},
		{`^Limit`, "-8"},
		{`-Byte(1)`, "255"},
		{`Limit << 1 | 1`, "15"},
		{`1 << Limit`, "128"},
		{`Byte(255) << 1`, "254"},
		{`Limit == 7 && Make("x") != "x"`, "true"},
		{`Limit > 100 && Parse("x") > 0`, "false"},
		{`Make("a") < "B"`, "true"},
		{`struct{A int}{1} == struct{A int}{Limit - 6}`, "true"},
		{`Limit % 4 &^ 1`, "2"},
		{`Half(1) / 0`, "+Inf"},
		// Methods of host values, and objects.
		{`Now()`, "2026-11-21 00:00:00 +0000 UTC"},
		{`Now().Year()`, "2026"},
		{`Now().Add(2 * Second).Second()`, "2"},
		{`Now().Format("2006-01")`, "2026-11"},
		{`Now().Date()`, "2026 November 21"},
		{`Now().Month().String()`, "November"},
		{`Open("ann").Deposit(2).Deposit(3).Balance()`, "5"},
		{`Open("ann").Owner`, "ann"},
		{`Open("ann").Owner[1:]`, "nn"},
		{`Open("ann")`, "&{ann 0}"},
		{`Use(Open("ann").Deposit(2))`, "2"},
		{`Open("ann").Check()`, ""},
		{`Open("ann").Deposit(5).Split().Balance()`, "2"},
		{`Open("ann") != nil`, "true"},
	} {
		got := print(test.src)
		assert.Falsef(t, got != test.want && !(strings.HasSuffix(test.want, "[0x") && strings.HasPrefix(got, test.want)), "%s\n\tgot  %s\n\twant %s", test.src, got, test.want)
	}
}

func TestEvalErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ src, want string }{
		{``, `eval: 1:1: expected operand, found 'EOF'`},
		{`Make("x"`, `eval: 1:9: unexpected end of the expression`},
		{`Make("x") +`, `eval: 1:12: expected operand, found 'EOF'`},
		{`x := 1`, `eval: 1:1: statements cannot be evaluated at once`},
		{"// nothing", `eval: 1:1: expected operand, found 'EOF'`},
		{"x := 1; Make(x", `eval: 1:15: unexpected end of the expression`},
		{"x := 1\nreturn }; func f() {", `eval: 2:8: expected operand, found '}'`},
		{`Add(1, Foo(2))`, `eval: 1:8: undefined: Foo`},
		{`Mkae("x")`, `eval: 1:1: undefined: Mkae (did you mean Make?)`},
		{`panic("x")`, `eval: 1:1: panic cannot be used in an expression`},
		{`slug.Make("x")`, `eval: 1:1: undefined: slug (write Make, without a package name)`},
		{`time.Second`, `eval: 1:1: undefined: time (write Second, without a package name)`},
		{`Make`, "eval: 1:1: Make is a function: call it\n\tfunc Make(s string) string"},
		{`Make()`, "eval: 1:6: not enough arguments in call to Make\n\thave ()\n\twant (string)"},
		{`Add(1)`, "eval: 1:6: not enough arguments in call to Add\n\thave (number)\n\twant (int, int)"},
		{`Add(1, 2, "x")`, "eval: 1:11: too many arguments in call to Add\n\thave (number, number, string)\n\twant (int, int)"},
		{`Sum(Limit...)`, "eval: 1:5: cannot use Limit (value of type int)...: it is not a slice"},
		{`Add([]int{1, 2}...)`, "eval: 1:5: have (...) but function is not variadic: Add(int, int)"},
		{`Make(3)`, `eval: 1:6: cannot use 3 (untyped int constant) as string value in argument to Make`},
		{`Make(Limit)`, `eval: 1:6: cannot use Limit (value of type int) as string value in argument to Make`},
		{`1e999999999 + 1`, `eval: 1:1: excessively large exponent in 1e999999999`},
		{`1e400`, `eval: 1:1: cannot use 1e400 (untyped float constant 1e+400) as float64 value in result (overflows)`},
		{`Make(nil)`, `eval: 1:6: cannot use nil as string value in argument to Make`},
		{`Byte(300)`, `eval: 1:6: cannot use 300 (untyped int constant) as uint8 value in argument to Byte (overflows)`},
		{`Byte(2 * 150)`, `eval: 1:6: cannot use 2 * 150 (untyped int constant 300) as uint8 value in argument to Byte (overflows)`},
		{`Byte(1.5)`, `eval: 1:6: cannot use 1.5 (untyped float constant) as uint8 value in argument to Byte (truncated)`},
		{`Use(Options{Level: "x"})`, `eval: 1:20: cannot use "x" (untyped string constant) as int value in struct literal`},
		{`Sum(1, "x")`, `eval: 1:8: cannot use "x" (untyped string constant) as int value in argument to Sum`},
		{`Use(struct{}{})`, "eval: 1:1: example.com/m: Use does not fit\n\twant: struct {}\n\thave: *eval.account"},
		{`1 + "a"`, `eval: 1:1: invalid operation: 1 + "a" (mismatched types untyped int and untyped string)`},
		{`1 / 0`, `eval: 1:5: invalid operation: division by zero`},
		{`Limit / 0`, `eval: 1:9: invalid operation: division by zero`},
		{`int8(300)`, `eval: 1:6: constant 300 overflows int8`},
		{`1 << 64`, `eval: 1:1: cannot use 1 << 64 (untyped int constant 18446744073709551616) as int value in result (overflows)`},
		{`1 << 100000000000`, `eval: 1:6: invalid operation: invalid shift count 100000000000 (untyped int constant)`},
		{`Grade(1) + Level(1)`, `eval: 1:1: invalid operation: Grade(1) + Level(1) (mismatched types Grade and Level)`},
		{`Best() == Level(1)`, `eval: 1:1: invalid operation: Best() == Level(1) (mismatched types Grade and Level)`},
		{`Grade(1) * int(2)`, `eval: 1:1: invalid operation: Grade(1) * int(2) (mismatched types Grade and int)`},
		{`Grade(1) + Limit`, `eval: 1:1: invalid operation: Grade(1) + Limit (mismatched types Grade and int)`},
		{`Grade(1) - Add(1, 2)`, `eval: 1:1: invalid operation: Grade(1) - Add(1, 2) (mismatched types Grade and int)`},
		{`Grade(1) < Level(1)`, `eval: 1:1: invalid operation: Grade(1) < Level(1) (mismatched types Grade and Level)`},
		{`Limit + 1.5`, `eval: 1:9: cannot use 1.5 (untyped float constant) as int value in Limit + 1.5 (truncated)`},
		{`Limit + "x"`, `eval: 1:1: invalid operation: Limit + "x" (mismatched types int and untyped string)`},
		{`Limit + Half(1)`, `eval: 1:1: invalid operation: Limit + Half(1) (mismatched types int and float64)`},
		{`make([]byte, 1<<40)`, `eval: 1:14: the slice is larger than 16777216 bytes`},
		{`make([]int, 2, 1)`, `eval: 1:13: invalid argument: length and capacity swapped`},
		{`make(int, 1)`, `eval: 1:6: invalid argument: cannot make int; type must be slice or map`},
		{`List() == List()`, `eval: 1:1: invalid operation: List() == List() ([]string cannot be compared)`},
		{`-Make("x")`, `eval: 1:1: invalid operation: operator - not defined on Make("x") (value of type string)`},
		{`Limit << -1`, `eval: 1:10: invalid operation: shift count -1 must be an integer that is not negative`},
		{`func() int { return 1 }()`, `eval: 1:1: functions cannot be written in an expression`},
		{`Sum(func() {})`, `eval: 1:5: functions cannot be written in an expression`},
		{`chan int(nil)`, `eval: 1:1: chan int: function and channel types cannot be used in an expression`},
		{`&Limit`, `eval: 1:1: invalid operation: cannot take address of Limit`},
		{`*Open("a")`, `eval: 1:1: only a compiler knows what Open("a") points to`},
		{`<-Limit`, `eval: 1:1: <-Limit: channels cannot be used in an expression`},
		{`int`, `eval: 1:1: int (type) is not an expression`},
		{`Options`, `eval: 1:1: Options (type) is not an expression`},
		{`len`, `eval: 1:1: len (built-in) must be called`},
		{`len(1)`, `eval: 1:5: invalid argument: 1 (untyped int constant) for built-in len`},
		{`len(Limit)`, `eval: 1:5: invalid argument: Limit (value of type int) for built-in len`},
		{`Cut("a", "b") == "a"`, `eval: 1:1: multiple-value Cut("a", "b") (3 values) in single-value context`},
		{`Make(Nothing())`, `eval: 1:6: Nothing() (no value) used as value`},
		{`List()[3]`, `eval: 1:8: index out of range [3] with length 3`},
		{`List()[-1]`, `eval: 1:8: invalid argument: index -1 must not be negative`},
		{`List()["x"]`, `eval: 1:8: cannot use "x" (untyped string constant) as int value in index`},
		{`List()[2:1]`, `eval: 1:7: slice bounds out of range [2:1] with capacity 3`},
		{`Map()[1]`, `eval: 1:7: cannot use 1 (untyped int constant) as string value in map index`},
		{`Limit[0]`, `eval: 1:1: invalid operation: cannot index Limit (value of type int)`},
		{`Add[int](1, 2)`, `eval: 1:1: the module is not built with Add[int]`},
		{`Limit()`, `eval: 1:1: invalid operation: cannot call non-function Limit (value of type int)`},
		{`List().Len`, `eval: 1:8: List().Len undefined (type []string has no field or method Len)`},
		{`Open("a").Blance()`, `eval: 1:11: Open("a").Blance undefined (type *bank.Account has no field or method Blance); did you mean Balance?`},
		{`Open("a").balance`, `eval: 1:11: Open("a").balance undefined (type *bank.Account has no field or method balance); did you mean Balance?`},
		{`Open("a").Deposit("x")`, `eval: 1:19: cannot use "x" (untyped string constant) as int value in argument to Open("a").Deposit`},
		{`Options{Levle: 1}`, `eval: 1:9: unknown field Levle in struct literal of type Options`},
		{`Options{secret: true}`, `eval: 1:9: cannot refer to unexported field secret in struct literal of type Options`},
		{`Options{1, nil, nil}`, `eval: 1:17: too few values in struct literal of type Options`},
		{`Unknown{1}`, `eval: 1:9: the fields of Unknown are not known here: write them as Field: value`},
		{`struct{A int}{A: 1, A: 2}`, `eval: 1:21: duplicate field name A in struct literal`},
		{`struct{}{A: 1}`, `eval: 1:10: unknown field A in struct literal of type struct{}`},
		{`struct{a int}{1}`, `eval: 1:8: field a is not exported: a module cannot see it`},
		{`map[string]int{"a": 1, "a": 2}`, `eval: 1:24: duplicate key "a" in map literal`},
		{`map[[]int]int{}`, `eval: 1:5: invalid map key type []int`},
		{`map[any]int{[]int{}: 1}`, `eval: 1:13: []int{} cannot be a map key: it is not comparable`},
		{`[]int{1 << 40: 1}`, `eval: 1:7: index 1 << 40 is larger than 65536`},
		{`[1 << 40]int{}`, `eval: 1:1: the array is larger than 16777216 bytes`},
		{`[]int{0: 1, 0: 2}`, `eval: 1:16: duplicate index 0 in array or slice literal`},
		{`[1]int{1, 2}`, `eval: 1:11: index 1 out of bounds for [1]int`},
		{`int{1}`, `eval: 1:1: invalid composite literal type int`},
		{`[]byte(3)`, `eval: 1:8: cannot convert 3 (untyped int constant) to type []byte`},
		{`Map()["n"].(string)`, `eval: 1:1: interface conversion: Map()["n"] is int, not string`},
		{`Now().In(nil)`, `panic: time: missing Location in call to Time.In`},
		{`Fail("x")`, `x`},
		{`Make(Fail("x"))`, `eval: 1:6: cannot use Fail("x") (value of type *bank.Error) as string value in argument to Make`},
		{`Parse("x")`, `no number in it`},
		{`Parse("x") + 1`, `eval: 1:1: Parse: no number in it`},
		{`Add(1, Parse("x"))`, `eval: 1:8: Parse: no number in it`},
		{"Add(1,\n\tFoo)", `eval: 2:2: undefined: Foo`},
	} {
		assert.Equal(t, test.want, print(test.src))
	}
	deep := strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000)
	got, want := print(deep), "eval: 1:501: the expression is nested deeper than 500"
	assert.Equal(t, want, got)
}

// The function's own error is the answer of a call, and a typed error below a larger expression.
func TestEvalErrorIdentity(t *testing.T) {
	t.Parallel()
	x, err := Parse(`1 + Fail()`)
	require.NoError(t, err)
	cause := &engine.ModuleError{Message: "broken"}
	m := natives{"Fail": {engine.KindFunc, "func Fail() (int, error)", func() (int, error) { return 0, cause }}}
	_, err = x.Eval(context.Background(), Scope{Module: m})
	var at *Error
	require.ErrorAs(t, err, &at)
	assert.Equal(t, 1, at.Line)
	assert.Equal(t, 5, at.Column)
	assert.ErrorIs(t, err, cause)
}

func FuzzEval(f *testing.F) {
	for _, seed := range []string{
		`Add(1, len(Make("abc")))`, `[]Options{{Level: 4}, {}}`, `Open("ann").Deposit(2).Split().Owner[1:]`,
		`map[string]any{"a": []any{1, "x", nil, 1.5}}["a"]`, `1 << Limit | ^Byte(3) &^ 2`, `struct{A, B int}{B: 2}.B`,
		`[...]string{2: "c"}[0:1:2]`, `append([]byte("a"), "bc"...)`, `Now().Add(2*Second).Format("2006")`, `*&Options{}`,
		`Map()["n"].(int)`, `Level(3) + 1`, `min(Limit, 3.0)`, `Loop{{}, {{}}}`, `Sum(nil...)`, `-'a' / 0`, `[2][3]int{}`,
	} {
		f.Add(seed)
	}
	m := testModule()
	f.Fuzz(func(t *testing.T, src string) {
		x, err := Parse(src)
		if err != nil {
			return
		}
		results, err := x.Eval(context.Background(), Scope{Module: m})
		if err == nil {
			_ = fmt.Sprintln(results...)
		}
	})
}
