package valuetest

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// wordOf and secret say what they are.
type wordOf int

func (w wordOf) MarshalWord(prefix string) (string, error) { return prefix + fmt.Sprint(int(w)), nil }

type secret struct{ Text string }

func (s *secret) MarshalWord(string) (string, error) { return "", errors.New("secret") }

// testStanding: in an any, a value of the host has the method by which it says what it is.
func (s suite) testStanding(t *testing.T) {
	m := s.values(t)
	word := gosuite.Bound[func(any) (string, error)](t, m, "Word")
	for want, v := range map[string]any{
		"a 3":              wordOf(3),
		"0: a 1; 1: a 2; ": []wordOf{1, 2},
		"0: a 1; 1: int; ": []any{wordOf(1), 7},
		"struct":           secret{"x"},
		"ptr":              &struct{ W wordOf }{1},
	} {
		got, err := word(v)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	hidden := &secret{"x"}
	_, err := word(hidden)
	assert.EqualError(t, err, "secret")
	same := gosuite.Bound[func(any) any](t, m, "SameAny")
	assert.Equal(t, wordOf(4), same(wordOf(4)))
	assert.Same(t, hidden, same(hidden))
	nothing, ok := same((*secret)(nil)).(*secret)
	assert.True(t, ok && nothing == nil)

	find := gosuite.Bound[func(error, any) bool](t, m, "FindError")
	var path *fs.PathError
	require.True(t, find(fmt.Errorf("mine: %w", &fs.PathError{Op: "open"}), &path))
	assert.Equal(t, "open", path.Op)
	var late interface{ Timeout() bool }
	assert.False(t, find(errors.New("mine"), &late))
	assert.True(t, find(path, &late))
}
