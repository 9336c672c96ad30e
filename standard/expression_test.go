package standard_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
)

// TestExpression: a module with an expression is one of its own beside the one without, has the
// function of the expression with the types of its results, and says where a wrong one is wrong.
func TestExpression(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	replace(t, filepath.Join(dir, "tally", "tally.go"), `package tally

type Tally int

func (t Tally) Twice() Tally { return 2 * t }

func Each[T any](list []T, f func(T) Tally) (sum Tally) {
	for _, v := range list {
		sum += f(v)
	}
	return sum
}

type hidden struct{ N int }

func Hidden() (*hidden, error) { return &hidden{3}, nil }
`)
	l := gardenLoader(t, load.Config{})
	name := filepath.Join(dir, "tally")
	plain, err := l.Load(t.Context(), name)
	require.NoError(t, err)
	m, err := l.Load(t.Context(), name, load.Expression(`Each([]string{"a", "bc"}, func(s string) Tally { return Tally(len(s)) }).Twice()`))
	require.NoError(t, err)
	assert.NotSame(t, plain, m)
	again, err := l.Load(t.Context(), name)
	require.NoError(t, err)
	assert.Same(t, plain, again)
	value, err := load.Func[func() int](m, load.ExpressionSymbol)
	require.NoError(t, err)
	assert.Equal(t, 6, value())
	_, err = plain.Call(t.Context(), load.ExpressionSymbol)
	var none *load.SymbolError
	assert.ErrorAs(t, err, &none)

	m, err = l.Load(t.Context(), name, load.Expression("Hidden()"))
	require.NoError(t, err)
	results, err := m.Call(t.Context(), load.ExpressionSymbol)
	require.NoError(t, err)
	assert.Equal(t, []any{&struct{ N int }{3}}, results, "the error is apart, as of every function")

	m, err = l.Load(t.Context(), name, load.Expression("n := Tally(2)\nreturn n.Twice(), \"and more\""))
	require.NoError(t, err)
	results, err = m.Call(t.Context(), load.ExpressionSymbol)
	require.NoError(t, err)
	assert.Equal(t, "[4 and more]", fmt.Sprint(results))

	for src, want := range map[string]load.ExpressionError{
		"if true { return 1 }":              {Line: 1, Column: 18, Message: "too many return values\n\thave (number)\n\twant ()"},
		"Each(\n\tnil, func(s string) { })": {Line: 2, Column: 7, Message: "in call to Each, type func(s string) of (func(s string) literal) does not match inferred type func(string) tally.Tally for func(T) tally.Tally"},
		"Hiden()":                           {Line: 1, Column: 1, Message: "undefined: Hiden (did you mean Hidden?)"},
		"}":                                 {Line: 1, Column: 1, Message: "expected operand, found '}'"},
		"}; func init() {":                  {Line: 1, Column: 1, Message: "expected operand, found '}'"},
		"Each(":                             {Line: 1, Column: 6, Message: "unexpected end of the expression"},
	} {
		_, err := l.Load(t.Context(), name, load.Expression(src))
		var wrong *load.ExpressionError
		if assert.ErrorAs(t, err, &wrong, src) {
			assert.Equal(t, want, *wrong, src)
		}
	}
}
