package askedtest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// listed says what it is to encoders that look at the types of fields.
type listed []int

func (l listed) EncodeList(name string, to *[]string) error {
	if len(l) == 0 {
		return errors.New("nothing to list")
	}
	for _, n := range l {
		*to = append(*to, fmt.Sprint(name, " ", n))
	}
	return nil
}

// These have a method of one name that returns different things.
type (
	said     string
	spelt    string
	parted   string
	misspelt string
)

func (s said) MarshalWord(prefix string) (string, error)  { return prefix + string(s), nil }
func (s spelt) MarshalWord(prefix string) ([]byte, error) { return []byte(prefix + string(s)), nil }
func (p parted) MarshalWord(prefix string) (any, error)   { return prefix + string(p), nil }
func (m misspelt) MarshalWord(any) (string, error)        { return string(m), nil }

// testStanding: a field of a type that stands for an interface of the module has that as its type,
// also below a pointer. Of several interfaces it is the one whose methods have its signatures.
func (s suite) testStanding(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	type lists struct {
		Own  listed
		Word int
		N    int
		no   bool
	}
	encoded := gosuite.Bound[func(any) ([]string, error)](t, m, "Encoded")
	l := lists{Own: listed{1, 2}, no: true}
	for _, v := range []any{l, &l, lists{}, &lists{}} {
		got, err := encoded(v)
		if reflect.Indirect(reflect.ValueOf(v)).Field(0).Len() == 0 {
			assert.EqualError(t, err, "nothing to list")
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, []string{"Own 1", "Own 2", "Word int", "N int"}, got)
	}
	assert.Equal(t, listed{1, 2}, l.Own)

	word := gosuite.Bound[func(any) (string, error)](t, m, "Word")
	for want, v := range map[string]any{"a x": said("x"), "bytes y": spelt("y"), "part z": parted("z"), "string": misspelt("n")} {
		got, err := word(v)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}

	same := gosuite.Bound[func(any) any](t, m, "SameAny")
	assert.Equal(t, l, same(l))
}
