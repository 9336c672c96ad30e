package keptest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type outsideHost struct {
	Bytes []byte
	First *byte
	Any   any
	Parts [][]byte
}

// testLastingOutside checks what a module returns that lies outside Go's heap: read-only data, and
// memory that it maps.
func (s suite) testLastingOutside(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	nothing := gosuite.Bound[func()](t, m, "Nothing")
	t.Run("constants", func(t *testing.T) {
		const text = "constant text"
		one := gosuite.Bound[func() *byte](t, m, "ConstantByte")()
		assert.Equal(t, text[0], *one)
		o := gosuite.Bound[func() *outsideHost](t, m, "ConstantOutside")()
		for range 3 {
			assert.Equal(t, text, string(o.Bytes))
			assert.Equal(t, text[0], *o.First)
			assert.Equal(t, []byte(text), o.Any)
			assert.Equal(t, [][]byte{[]byte(text[:4]), []byte(text[4:])}, o.Parts)
			nothing()
		}
	})
	t.Run("mapped", func(t *testing.T) {
		const size = 4096
		require.NoError(t, gosuite.Bound[func(int) error](t, m, "MapMemory")(size))
		one := gosuite.Bound[func() *byte](t, m, "MappedByte")()
		o := gosuite.Bound[func() *outsideHost](t, m, "MappedOutside")()
		require.Len(t, o.Bytes, size)
		ends := func() []byte { return []byte{*one, *o.First, o.Bytes[0], o.Bytes[size-1]} }
		gosuite.Bound[func(byte)](t, m, "FillMapped")(7)
		assert.Equal(t, []byte{7, 7, 7, 7}, ends())
		require.NoError(t, gosuite.Bound[func() error](t, m, "UnmapMemory")())
		for range 3 {
			nothing()
		}
		assert.Equal(t, []byte{7, 7, 7, 7}, ends())
	})
}
