package said_test

import (
	"io"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/internal/goglue/host/said"
	"github.com/loadgo/load/internal/wire"
)

// TestTakeStandard: an error of the standard library has a text, whatever the module sent.
func TestTakeStandard(t *testing.T) {
	t.Parallel()
	take := func(wrapped ...error) error {
		var e wire.Encoder
		for _, text := range []string{"io/fs.PathError", "open", "x"} {
			e.String(text)
		}
		d := wire.NewDecoder(e.Buf)
		return said.TakeStandard(&d, wrapped)
	}
	assert.Equal(t, &fs.PathError{Op: "open", Path: "x", Err: io.EOF}, take(io.EOF))
	assert.NoError(t, take())
	assert.NoError(t, take(io.EOF, io.EOF))
}
