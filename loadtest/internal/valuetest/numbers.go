package valuetest

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// exactly is all that a big.Float is: its precision, its mode and its value.
func exactly(f *big.Float) string { return fmt.Sprint(f.Prec(), f.Mode(), " ", f.Text('p', 0)) }

// testBigNumbers: numbers of package math/big keep all that they are.
func (s suite) testBigNumbers(t *testing.T) {
	m := s.values(t)
	parse := func(prec uint, text string) *big.Float {
		f, _, err := big.ParseFloat(text, 10, prec, big.ToZero)
		require.NoError(t, err)
		return f
	}
	same := gosuite.Bound[func(*big.Float) *big.Float](t, m, "SameFloat")
	fresh := gosuite.Bound[func(*big.Float) *big.Float](t, m, "FreshFloat")
	describe := gosuite.Bound[func(any) string](t, m, "DescribeFloat")
	for _, f := range []*big.Float{
		parse(300, "0.1"), parse(24, "-0.1"), parse(1000, "1e400"), new(big.Float), new(big.Float).SetInf(true),
		big.NewFloat(1.5).SetMode(big.AwayFromZero), new(big.Float).SetPrec(77).Neg(new(big.Float)),
	} {
		want := exactly(f)
		assert.Same(t, f, same(f))
		assert.Equal(t, want, exactly(f), "it is as it was")
		assert.Equal(t, want, exactly(fresh(f)))
		back, text := gosuite.Bound[func(big.Float) (big.Float, string)](t, m, "FloatOf")(*f)
		assert.Equal(t, want, exactly(&back))
		assert.Equal(t, want, text)
		assert.Equal(t, want, describe(f))
		assert.Equal(t, want, describe(*f))
		assert.Equal(t, want, gosuite.Bound[func(map[string]any) string](t, m, "DescribeIn")(map[string]any{"f": f}))
		assert.Equal(t, want, exactly(gosuite.Bound[func(map[string]*big.Float) []*big.Float](t, m, "FloatsOf")(map[string]*big.Float{"a": f})[0]))
	}
	made, err := gosuite.Bound[func(uint, string) (*big.Float, error)](t, m, "NewFloat")(300, "0.1")
	require.NoError(t, err)
	assert.Equal(t, exactly(parse(300, "0.1")), exactly(made))

	f := parse(300, "0.1")
	assert.Same(t, f, gosuite.Bound[func(*big.Float) *big.Float](t, m, "HalveFloat")(f))
	native := parse(300, "0.1")
	assert.Equal(t, exactly(native.Quo(native, big.NewFloat(2))), exactly(f))
	gosuite.Bound[func(*big.Float, uint)](t, m, "SetPrecision")(f, 20)
	assert.Equal(t, exactly(native.SetPrec(20)), exactly(f), "the precision that the module set")
	type holder struct{ F *big.Float }
	h := holder{parse(64, "1")}
	require.NoError(t, gosuite.Bound[func(any, uint) error](t, m, "Reprecise")(&h, 400))
	assert.Equal(t, uint(400), h.F.Prec(), "set in an any")

	assert.Equal(t, "7/3", gosuite.Bound[func(*big.Rat) *big.Rat](t, m, "InverseRat")(big.NewRat(3, 7)).String())
	n, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	assert.Equal(t, "-246913578024691357802469135780", gosuite.Bound[func(*big.Int) *big.Int](t, m, "Double2")(n).String())
}
