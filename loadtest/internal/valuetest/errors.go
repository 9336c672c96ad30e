package valuetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// hostFault is an error of the host with more methods than Error.
type hostFault struct{ late bool }

func (f *hostFault) Error() string   { return "host fault" }
func (f *hostFault) Timeout() bool   { return f.late }
func (f *hostFault) Temporary() bool { return !f.late }

// testWrappedErrors: the tree of wrapped errors is one tree, whichever side made its parts.
func (s suite) testWrappedErrors(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	newCode := gosuite.Bound[func(int) error](t, m, "NewCode")
	base := value[error](t, m, "ErrBase")
	code := newCode(7)
	codeIn := gosuite.Bound[func(error) int](t, m, "CodeIn")
	hasBase := gosuite.Bound[func(error) bool](t, m, "HasBase")
	is := gosuite.Bound[func(err, target error) bool](t, m, "Is")
	equal := gosuite.Bound[func(a, b error) bool](t, m, "Equal")
	wrap := gosuite.Bound[func(error) error](t, m, "Wrap")
	unwrap := gosuite.Bound[func(error) error](t, m, "Unwrap")
	own := errors.New("own")

	assert.Equal(t, 7, codeIn(code), "itself")
	for name, err := range map[string]error{
		"wrapped":  fmt.Errorf("host: %w", code),
		"twice":    fmt.Errorf("host: %w", fmt.Errorf("inner: %w", code)),
		"joined":   errors.Join(own, code),
		"several":  fmt.Errorf("%w and %w", own, code),
		"path":     &fs.PathError{Op: "open", Path: "x", Err: code},
		"in joins": errors.Join(errors.Join(own), errors.Join(fmt.Errorf("x: %w", code))),
	} {
		assert.Equal(t, 7, codeIn(err), name)
		assert.True(t, is(err, code), name)
		assert.False(t, is(err, base), name)
	}
	for name, err := range map[string]error{
		"itself":  base,
		"wrapped": fmt.Errorf("host: %w", base),
		"joined":  errors.Join(own, base),
		"mixed":   fmt.Errorf("host: %w", wrap(base)),
	} {
		assert.True(t, hasBase(err), name)
		assert.True(t, errors.Is(wrap(err), base), name)
	}
	assert.True(t, is(wrap(own), own))
	assert.True(t, is(fmt.Errorf("a: %w", own), own), "the host's own tree, in the module")
	assert.True(t, is(errors.Join(io.EOF, own), own))
	assert.False(t, is(own, errors.New("own")))
	assert.True(t, equal(own, own))
	assert.True(t, equal(code, code))
	assert.False(t, equal(own, errors.New("own")))

	same := gosuite.Bound[func(error) error](t, m, "Same")
	wrapped := wrap(own)
	assert.ErrorIs(t, wrapped, own)
	assert.EqualError(t, wrapped, "wrap: own")
	assert.Same(t, own, errors.Unwrap(wrapped), "errors.Unwrap of the module's")
	assert.Same(t, own, unwrap(wrapped), "in the module")
	assert.Same(t, own, unwrap(fmt.Errorf("x: %w", own)), "of the host's, in the module")
	assert.Nil(t, unwrap(own))
	assert.Nil(t, errors.Unwrap(code))
	join := gosuite.Bound[func(a, b error) error](t, m, "Join")
	for _, both := range []error{join(own, code), same(join(own, code)), wrap(join(own, code)).(interface{ Unwrap() error }).Unwrap()} {
		assert.Nil(t, errors.Unwrap(both))
		several, ok := both.(interface{ Unwrap() []error })
		if assert.True(t, ok, "%T", both) {
			assert.Equal(t, []error{own, code}, several.Unwrap())
		}
		var of *engine.ModuleError
		require.ErrorAs(t, both, &of)
		assert.Equal(t, "*errors.joinError", of.Type)
		assert.ErrorIs(t, both, of)
		assert.ErrorIs(t, of, both)
	}
	assert.Len(t, join(own, nil).(interface{ Unwrap() []error }).Unwrap(), 1)
	assert.ErrorIs(t, wrap(code), code)
	assert.ErrorIs(t, wrap(wrap(wrapped)), wrapped)
	assert.NotErrorIs(t, wrap(code), newCode(7))
	var back *engine.ModuleError
	require.ErrorAs(t, wrap(fmt.Errorf("x: %w", code)), &back)

	each := gosuite.Bound[func(...error) error](t, m, "Each")(own, code, io.EOF, base)
	for _, want := range []error{own, code, io.EOF, base} {
		assert.ErrorIs(t, each, want)
	}
	for _, err := range []error{own, io.EOF, base, code, context.Canceled, http.ErrServerClosed, net.ErrClosed, bufio.ErrTooLong, fs.ErrNotExist} {
		assert.True(t, same(err) == err || errors.Is(same(err), err) && errors.Is(err, same(err)), "%v came back as another", err)
		assert.ErrorIs(t, wrap(err), err)
		assert.ErrorIs(t, gosuite.Bound[func(func() error) error](t, m, "Pass")(func() error { return err }), err)
		assert.ErrorIs(t, gosuite.Bound[func(func() error) error](t, m, "Result")(func() error { return err }), err)
		assert.True(t, is(fmt.Errorf("x: %w", err), err), "%v in the module", err)
	}
}

// testErrorMethods: a module finds methods of the host's errors by interfaces.
func (s suite) testErrorMethods(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	timeout := gosuite.Bound[func(error) (bool, bool)](t, m, "TimeoutIn")
	temporary := gosuite.Bound[func(error) (bool, bool)](t, m, "TemporaryIn")
	for name, c := range map[string]struct {
		err         error
		late, found bool
	}{
		"late":     {&hostFault{true}, true, true},
		"not late": {&hostFault{}, false, true},
		"wrapped":  {fmt.Errorf("x: %w", &hostFault{true}), true, true},
		"joined":   {errors.Join(errors.New("a"), &hostFault{true}), true, true},
		"none":     {errors.New("a"), false, false},
		"net":      {&net.DNSError{IsTimeout: true}, true, true},
		"deadline": {context.DeadlineExceeded, true, true},
	} {
		late, found := timeout(c.err)
		assert.Equal(t, c.found, found, name)
		assert.Equal(t, c.late, late, name)
	}
	_, found := temporary(&hostFault{})
	assert.True(t, found)
	_, found = temporary(errors.New("a"))
	assert.False(t, found)
}

// testConcreteErrors: errors of concrete types, and interfaces that extend error, are bound as
// error.
func (s suite) testConcreteErrors(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	for _, symbol := range []string{"TypedNil", "TypedNilReckless"} {
		_, err := m.Call(t.Context(), symbol, nil)
		var returned *engine.ModuleError
		assert.ErrorAs(t, err, &returned, symbol)
		assert.Error(t, gosuite.Bound[func() error](t, m, symbol)(), symbol)
	}
	assert.EqualError(t, gosuite.Bound[func() error](t, m, "TypedNil")(), "fault")
	n, err := gosuite.Bound[func() (int, error)](t, m, "TypedNilCode")()
	assert.Equal(t, 1, n)
	assert.EqualError(t, err, "careful")

	wrap := gosuite.Bound[func(error) error](t, m, "Wrap")
	for symbol, text := range map[string]string{"ErrKind": "kind odd", "ErrConst": "kind const", "ErrFault": "fault"} {
		sentinel := value[error](t, m, symbol)
		assert.EqualError(t, sentinel, text)
		assert.ErrorIs(t, wrap(sentinel), sentinel)
	}
	fails := gosuite.Bound[func(int) error](t, m, "Fails")
	assert.NoError(t, fails(0))
	assert.EqualError(t, fails(3), "code 3")
	assert.Equal(t, 3, gosuite.Bound[func(error) int](t, m, "CodeIn")(fails(3)))
	two := gosuite.Bound[func(int) (int, error)](t, m, "Two")
	_, err = two(4)
	assert.EqualError(t, err, "code 4")
	_, err = two(0)
	assert.NoError(t, err)
	assert.EqualError(t, value[error](t, m, "Last"), "code 9")
}

// value binds a variable or a constant.
func value[T any](t testing.TB, m engine.Instance, symbol string) T {
	t.Helper()
	v, err := m.Bind(symbol, reflect.TypeFor[T]())
	require.NoError(t, err)
	return v.Interface().(T)
}
