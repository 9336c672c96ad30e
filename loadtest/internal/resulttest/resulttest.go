// Package resulttest holds the rules about what calls return.
package resulttest

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// suite are the rules, as tests of one engine.
type suite struct{ gosuite.Suite }

// Tests lists the rules by the names of their tests.
func Tests(kit gosuite.Suite) map[string]func(*testing.T) {
	s := suite{kit}
	return map[string]func(*testing.T){"ErrorsWithin": s.testErrorsWithin, "MixedForms": s.testMixedForms}
}

// code is an error of the host's own.
type code struct{ n int }

func (c *code) Error() string { return fmt.Sprint("code ", c.n) }

// testErrorsWithin checks that errors.As finds an error of the host which an error of the module has,
// and does not wrap: its As method finds it.
func (s suite) testErrorsWithin(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	chain := gosuite.Bound[func(...error) error](t, m, "ChainOf")
	own := &code{3}
	for name, err := range map[string]error{
		"first":   chain(own, io.EOF),
		"later":   chain(io.EOF, errors.New("x"), own),
		"wrapped": chain(fmt.Errorf("w: %w", own)),
		"nested":  chain(io.EOF, chain(own)),
	} {
		var found *code
		assert.ErrorAs(t, err, &found, name)
		assert.Same(t, own, found, name)
		assert.ErrorIs(t, err, own, name)
	}
	var found *code
	assert.False(t, errors.As(chain(io.EOF, errors.New("x")), &found))
	strict := gosuite.Bound[func() error](t, m, "IsStrict")()
	require.EqualError(t, strict, "strict")
	assert.False(t, errors.As(strict, &found))
}

// testMixedForms checks that a value with a part that is to stay in the module is refused when it is
// bound, and not when it is called: a result has one form.
func (s suite) testMixedForms(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	type mixed struct {
		Shade *engine.Object
		Value any
	}
	for symbol, f := range map[string]reflect.Type{
		"Shades":    reflect.TypeFor[func() []mixed](),
		"ShadedOne": reflect.TypeFor[func() mixed](),
		"ShadedBy":  reflect.TypeFor[func(string) map[string]mixed](),
	} {
		_, err := m.Bind(symbol, f)
		assert.ErrorContains(t, err, "use *load.Object for all of them, or for none", symbol)
	}
	type plain struct {
		Shade int
		Value any
	}
	assert.Equal(t, []plain{{1, "a"}, {2, nil}}, gosuite.Bound[func() []plain](t, m, "Shades")())
	assert.Equal(t, plain{3, 4.5}, gosuite.Bound[func() plain](t, m, "ShadedOne")())
	assert.Equal(t, map[string]plain{"k": {4, true}}, gosuite.Bound[func(string) map[string]plain](t, m, "ShadedBy")("k"))
	assert.Len(t, gosuite.Bound[func() []*engine.Object](t, m, "Shades")(), 2)
}
