package goprocess

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/internal/wire"
)

// TestLateFrames: what arrives once the end of a module has answered all calls breaks no protocol;
// before, what nobody waits for does.
func TestLateFrames(t *testing.T) {
	t.Parallel()
	result := func(number uint64, outcome wire.Outcome) []byte {
		e := wire.Encoder{Buf: []byte{wire.Result}}
		e.Uint(number)
		e.Byte(byte(outcome))
		return e.Buf
	}
	for name, body := range map[string][]byte{"hello": {wire.Hello}, "result": result(1, wire.Done), "another": result(7, wire.Done), "failure": result(1, wire.Panicked)} {
		assert.True(t, (&conn{}).deliver(frame{body: body}), name)
		assert.False(t, (&conn{pending: map[uint64]*pending{}}).deliver(frame{body: body}), name)
	}
	assert.False(t, (&conn{}).deliver(frame{body: result(helloCall, wire.Done)}))
	assert.False(t, (&conn{}).deliver(frame{body: []byte{200}}))
}
