package bundle

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVerify: a part is copied as a whole, whatever its size and however its reader brings it, and
// everything but it is an error.
func TestVerify(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		data := bytes.Repeat([]byte("0123456789abcde\n"), size/16+1)[:size]
		b := Blob{Digest: digestOf(data), Size: int64(size)}
		for _, from := range []io.Reader{bytes.NewReader(data), iotest.HalfReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			var to bytes.Buffer
			require.NoError(t, Verify(b, from, &to))
			assert.True(t, bytes.Equal(data, to.Bytes()), size)
		}
		var wrong *DamagedError
		require.ErrorAs(t, Verify(b, bytes.NewReader(append(data[:size:size], 'x')), io.Discard), &wrong)
		require.ErrorIs(t, Verify(b, iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(append(data[:size:size], "xx"...)))), io.Discard), iotest.ErrTimeout)
		full := errors.New("the disk is full")
		to, stop := io.Pipe()
		require.NoError(t, to.CloseWithError(full))
		if size > 0 {
			require.ErrorIs(t, Verify(b, bytes.NewReader(data), stop), full)
		}
	}
}
