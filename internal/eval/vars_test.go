package eval

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVariables: the host's variables go before the module's names, and are what they are in every
// place that takes a value.
func TestVariables(t *testing.T) {
	t.Parallel()
	m := testModule()
	account := func() any {
		x, err := Parse(`Open("ann").Deposit(3)`)
		require.NoError(t, err)
		results, err := x.Eval(context.Background(), Scope{Module: m})
		require.NoError(t, err)
		return results[0]
	}()
	vars := map[string]any{
		"name": "you", "n": 3, "Limit": 10, "Pi": "tasty", "list": []string{"a", "b"}, "none": nil, "account": account,
		"shout": func(s string) string { return strings.ToUpper(s) + "!" }, "both": func() (int, string) { return 1, "x" },
		"Make": func(s string) string { return "own " + s }, "point": struct{ X, Y int }{1, 2},
	}
	for src, want := range map[string]string{
		`name`:                  "you",
		`Add(n, Limit)`:         "13",
		`n + 1`:                 "4",
		`n * n > Limit-2`:       "true",
		`Pi + " pie"`:           "tasty pie",
		`list[1] + list[0]`:     "ba",
		`len(list[1:])`:         "1",
		`none == nil`:           "true",
		`account.Balance() + n`: "6",
		`account.Owner`:         "ann",
		`Use(account)`:          "3",
		`shout(name)`:           "YOU!",
		`shout(shout("a"))`:     "A!!",
		`both()`:                "1 x",
		`Make("x")`:             "own x",
		`point.X + point.Y`:     "3",
		`[]int{n, Limit}`:       "[3 10]",
		`shuot`:                 "eval: 1:1: undefined: shuot (did you mean shout?)",
		`name.First`:            "eval: 1:6: name.First undefined (type string has no field or method First)",
		`name + 1`:              "eval: 1:1: invalid operation: name + 1 (mismatched types string and untyped int)",
		`Make(1)`:               "eval: 1:6: cannot use 1 (untyped int constant) as string value in argument to Make",
		`n()`:                   "eval: 1:1: invalid operation: cannot call non-function n (value of type int)",
	} {
		x, err := Parse(src)
		require.NoError(t, err, src)
		results, err := x.Eval(context.Background(), Scope{Module: m, Vars: vars})
		got := strings.TrimSuffix(fmt.Sprintln(results...), "\n")
		if err != nil {
			got = err.Error()
		}
		assert.Equal(t, want, got, src)
	}
	x, err := Parse("true")
	require.NoError(t, err)
	for _, name := range []string{"true", "len", "int", "_", "a b", "", "func"} {
		_, err := x.Eval(context.Background(), Scope{Module: m, Vars: map[string]any{name: 1}})
		assert.ErrorContains(t, err, "no variable can be named", name)
	}
}

// TestName: the module's names may have its name before them, whatever else has; a variable of that
// name goes before it.
func TestName(t *testing.T) {
	t.Parallel()
	m := testModule()
	for src, want := range map[string]string{
		`bank.Make("x") + Make("y")`:   "XY",
		`bank.Grade(2) + 1`:            "grade 3",
		`2 * bank.Second`:              "2s",
		`bank.MaxInt8 / 2.0`:           "63.5",
		`[]bank.Level{1}[0]`:           "1",
		`bank.Options{Level: 3}.Level`: "3",
		`bank.Open("ann").Balance()`:   "0",
		`bank.Mkae("x")`:               "eval: 1:1: undefined: bank.Mkae (did you mean bank.Make?)",
		`other.Make("x")`:              "eval: 1:1: undefined: other (write Make, without a package name)",
		`bank.Make`:                    "eval: 1:1: bank.Make is a function: call it\n\tfunc Make(s string) string",
		`bank.Add(1)`:                  "eval: 1:11: not enough arguments in call to Add\n\thave (number)\n\twant (int, int)",
	} {
		x, err := Parse(src)
		require.NoError(t, err, src)
		results, err := x.Eval(context.Background(), Scope{Module: m, Name: "bank"})
		got := strings.TrimSuffix(fmt.Sprintln(results...), "\n")
		if err != nil {
			got = err.Error()
		}
		assert.Equal(t, want, got, src)
	}
	x, err := Parse("bank.Make")
	require.NoError(t, err)
	results, err := x.Eval(context.Background(), Scope{Module: m, Name: "bank", Vars: map[string]any{"bank": struct{ Make int }{3}}})
	require.NoError(t, err)
	assert.Equal(t, []any{3}, results)
}

// TestWant: an error that the outermost call returns is a result where one more than the values is
// wanted.
func TestWant(t *testing.T) {
	t.Parallel()
	m := testModule()
	fails := func(s string) (int, error) { return 0, fmt.Errorf("no %s", s) }
	for _, test := range []struct {
		src  string
		want int
		then string
	}{
		{`Parse("abc")`, 2, "3 <nil>"},
		{`Parse("abc")`, 1, "3"},
		{`Parse("abc")`, 0, "3"},
		{`Parse("abc")`, 3, "3"},
		{`Parse("x")`, 2, "<nil> no number in it"},
		{`Parse("x")`, 1, "no number in it"},
		{`Fail("")`, 1, "<nil>"},
		{`Fail("x")`, 1, "x"},
		{`Fail("")`, 0, ""},
		{`fails("x")`, 2, "<nil> no x"},
		{`Make("x")`, 2, "X"},
		{`Two("ab")`, 3, "2 ab <nil>"},
		{`Two("ab")`, 2, "2 ab"},
		{`Parse("abc") + 1`, 2, "4"},
		{`Parse("x") + 1`, 2, "eval: 1:1: Parse: no number in it"},
	} {
		x, err := Parse(test.src)
		require.NoError(t, err, test.src)
		results, err := x.Eval(context.Background(), Scope{Module: m, Want: test.want, Vars: map[string]any{"fails": fails}})
		got := strings.TrimSuffix(fmt.Sprintln(results...), "\n")
		if err != nil {
			got = err.Error()
		}
		assert.Equal(t, test.then, got, "%s for %d", test.src, test.want)
	}
}
