package goprocess_test

import (
	"bufio"
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/goprocess"
)

const hostileValues = `package sample

import (
	"encoding"
	"encoding/json"
	"io"
	"reflect"
)

func Uses(v any) ([]byte, error) {
	if m, ok := v.(encoding.BinaryMarshaler); ok {
		return m.MarshalBinary()
	}
	return json.Marshal(v)
}

func Fill(v any, text string) { reflect.ValueOf(v).Elem().Field(0).SetString(text) }

type Writer int

func (w Writer) Write(p []byte) (int, error) {
	if int(w) < 0 {
		return int(w), io.ErrShortWrite
	}
	return len(p) + int(w), nil
}

func New(more int) io.Writer { return Writer(more) }
`

type (
	quoted  string // its methods take for granted what they wrote
	twoByte string
)

func (q quoted) MarshalJSON() ([]byte, error) { return []byte(`"` + string(q) + `"`), nil }

func (q *quoted) UnmarshalJSON(text []byte) error {
	*q = quoted(text[1 : len(text)-1])
	return nil
}

func (q twoByte) MarshalBinary() ([]byte, error) { return []byte(q), nil }

func (q *twoByte) UnmarshalBinary(data []byte) error {
	*q = twoByte(data[:2])
	return nil
}

// TestHostileForms: a module that fills a value of the host with what the value's type was not made
// for gets an error, and the host no panic.
func TestHostileForms(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": hostileValues})
	fill := bound[func(any, string) error](t, m, "Fill")
	q := &struct{ Q quoted }{"old"}
	require.NoError(t, fill(q, `"new"`))
	assert.Equal(t, quoted("new"), q.Q)
	b := &struct{ B twoByte }{"ab"}
	require.NoError(t, fill(b, "cd"))
	assert.Equal(t, twoByte("cd"), b.B)
	for _, text := range []string{"", "1"} {
		assert.NotPanics(t, func() {
			assert.ErrorContains(t, fill(q, text), "it panicked when it was read: runtime error: slice bounds out of range")
		})
		assert.NotPanics(t, func() {
			assert.ErrorContains(t, fill(b, text), "it panicked when it was read: runtime error: slice bounds out of range")
		})
	}
	assert.Equal(t, quoted("new"), q.Q)
	assert.Equal(t, twoByte("cd"), b.B)
}

// TestHostileWriter: a writer of a module that returns impossible numbers is an error.
func TestHostileWriter(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": hostileValues})
	for _, more := range []int{1, 1 << 40, -1, -(1 << 40)} {
		w := bound[func(int) io.Writer](t, m, "New")(more)
		assert.NotPanics(t, func() {
			_, err := bytes.NewBufferString("text").WriteTo(w)
			assert.ErrorContains(t, err, "a writer of the module returned that it wrote")
			buffered := bufio.NewWriterSize(w, 16)
			_, _ = buffered.WriteString("more than sixteen bytes")
			assert.ErrorContains(t, buffered.Flush(), "a writer of the module returned that it wrote")
			_, _ = buffered.WriteString("more than sixteen bytes")
		})
	}
}
