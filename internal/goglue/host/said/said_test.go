package said_test

import (
	"io"
	"io/fs"
	"net"
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

	var e wire.Encoder // what it wraps may be missing, and mostly is
	for _, text := range []string{"net.DNSError", "no such host", "x", "y"} {
		e.String(text)
	}
	for range 3 {
		e.Bool(false)
	}
	d := wire.NewDecoder(e.Buf)
	assert.Equal(t, &net.DNSError{Err: "no such host", Name: "x", Server: "y"}, said.TakeStandard(&d, nil))
}
