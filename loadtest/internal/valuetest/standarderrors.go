package valuetest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testStandardErrors: errors.As finds the standard library's errors in those of a module.
func (s suite) testStandardErrors(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	for _, symbol := range []string{"Standard", "StandardIn"} {
		standard := gosuite.Bound[func(string) error](t, m, symbol)
		var path *fs.PathError
		require.ErrorAs(t, standard("path"), &path)
		assert.Equal(t, fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, *path)
		var link *os.LinkError
		require.ErrorAs(t, standard("link"), &link)
		assert.Equal(t, os.LinkError{Op: "link", Old: "a", New: "b", Err: fs.ErrExist}, *link)
		var number *strconv.NumError
		require.ErrorAs(t, standard("number"), &number)
		assert.Equal(t, strconv.NumError{Func: "Atoi", Num: "9x", Err: strconv.ErrSyntax}, *number)
		var of *url.Error
		require.ErrorAs(t, standard("url"), &of)
		assert.True(t, of.Timeout())
		var parsed *time.ParseError
		require.ErrorAs(t, standard("time"), &parsed)
		_, native := time.Parse(time.DateOnly, "soon")
		assert.EqualError(t, native, parsed.Error())
		assert.NotErrorAs(t, standard("number"), &path)
		assert.NotErrorAs(t, standard("nil"), &number)
	}
	var late net.Error
	for _, want := range []bool{true, false} {
		require.ErrorAs(t, gosuite.Bound[func(bool) error](t, m, "NewSlow")(want), &late)
		assert.Equal(t, want, late.Timeout())
	}
	assert.NotErrorAs(t, gosuite.Bound[func(int) error](t, m, "NewCode")(1), &late)
}

// testErrorsThatAccept: an error's own Is method is asked about errors of the host, too.
func (s suite) testErrorsThatAccept(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	list := gosuite.Bound[func(...error) error](t, m, "NewList")
	own, other := errors.New("own"), errors.New("other")
	code := gosuite.Bound[func(int) error](t, m, "NewCode")(1)
	err := list(fmt.Errorf("x: %w", own), io.EOF, code)
	for _, target := range []error{own, io.EOF, code} {
		assert.ErrorIs(t, err, target)
		assert.ErrorIs(t, fmt.Errorf("around: %w", err), target)
	}
	assert.NotErrorIs(t, err, other)
	assert.NotErrorIs(t, err, nil)
	alike := gosuite.Bound[func(string) error](t, m, "NewAlike")
	assert.ErrorIs(t, alike("OWN"), own)
	assert.NotErrorIs(t, alike("another"), own)
	within := gosuite.Bound[func(func() error) error](t, m, "Pass")
	assert.NoError(t, within(func() error {
		if errors.Is(alike("Other"), other) {
			return nil
		}
		return own
	}), "while the module waits")
}
