package host

import (
	"context"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

// forger is a transport whose module answers with what it likes, when it likes.
type forger struct {
	hostile
	act func() // while a call waits
}

func (f *forger) Call(ctx context.Context, symbol string, n int, mode uint64, m *wire.Encoder) (Reply, error) {
	if f.act != nil {
		act := f.act
		f.act = nil
		act()
	}
	return f.hostile.Call(ctx, symbol, n, mode, m)
}

// update claims that the first call of the host gave a pair whose A is now so much.
func update(e *wire.Encoder, version, a int) {
	var u wire.Encoder
	u.Uint(uint64(version))
	u.Uint(0) // nothing was seen
	u.Len(0, false)
	u.Len(1, false)
	u.Uint(0)
	u.Int(int64(a))
	u.Int(0)
	e.Uint(1)
	e.Uint(uint64(u.Size()))
	e.Raw(u.Buf)
}

// elsewhere runs f in another goroutine.
func elsewhere(f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	<-done
}

// TestForgedHolding: whatever a module says that it holds, a variable of the host changes only
// while the goroutine that gave it is not using it: in calls of that goroutine, and in what the
// module calls while that one waits and no function of the host runs.
func TestForgedHolding(t *testing.T) {
	t.Parallel()
	i, _ := hostileInstance(t)
	f := &forger{}
	i = NewInstance("p", i.api, f, inflight.Limits{})
	type pair struct{ A, B int }
	bound, err := i.Bind("Keep", reflect.TypeFor[func(*pair)]())
	require.NoError(t, err)
	keep := bound.Interface().(func(*pair))
	version := 0
	answer := func(all ...int) []byte {
		e := wire.Encoder{Buf: []byte{0}} // nothing that the call shares has changed
		for _, a := range all {
			version++
			update(&e, version, a)
		}
		e.Uint(0)
		return e.Buf
	}
	inner := func() {}
	function := &given.Value{Value: reflect.ValueOf(0), Methods: []given.Method{
		func(*given.Call, reflect.Value) error { return nil },
		func(*given.Call, reflect.Value) error { inner(); return nil },
	}}
	call := func(method uint64, a int) {
		var e wire.Encoder
		e.Uint(7)
		i.Values.Refer(&e, function)
		e.Uint(method<<2 | 2)
		if a > 0 {
			version++
			update(&e, version, a)
		}
		e.Uint(0)
		i.Begin(e.Buf)
		i.Answer(e.Buf, 0, func(*wire.Encoder) {})
	}

	given := &pair{A: 1}
	f.reply = []byte{0}
	keep(given)
	require.True(t, i.codec.Lasting.Any(), "the module may hold it")

	elsewhere(func() {
		f.reply = answer(100)
		keep(&pair{})
	})
	assert.Equal(t, 1, given.A, "the call of another goroutine")
	elsewhere(func() { call(0, 101) })
	assert.Equal(t, 1, given.A, "a call of the module, when nobody waits")

	f.reply = []byte{0, 0}
	f.act = func() {
		inner = func() {
			elsewhere(func() { call(0, 102) })
			assert.Equal(t, 1, given.A, "a call of the module, beside a function of the host")
		}
		call(1, 0)
		assert.Equal(t, 1, given.A)
		elsewhere(func() { call(0, 103) })
		assert.Equal(t, 103, given.A, "a call of the module, while the goroutine waits")
	}
	keep(&pair{})
	f.reply = answer(104)
	keep(&pair{})
	assert.Equal(t, 104, given.A, "a call of the goroutine")
	f.reply = answer(105, 106)
	keep(&pair{})
	assert.Equal(t, 105, given.A, "a message has one update of a call")
	elsewhere(func() {
		f.reply = answer(107)
		keep(&pair{})
	})
	assert.Equal(t, 105, given.A)
}

// TestForgedForgetting: what a module lets go of, and confirms nothing, is bounded for all calls
// together.
func TestForgedForgetting(t *testing.T) {
	t.Parallel()
	i, h := hostileInstance(t)
	type pair struct{ A, B int }
	bound, err := i.Bind("Keep", reflect.TypeFor[func(*pair) error]())
	require.NoError(t, err)
	keep := bound.Interface().(func(*pair) error)
	const each, lost = 1 << 16, 1
	letGo := func(calls int) error {
		h.reply = []byte{0, 0}
		first := i.Values.Refer(&wire.Encoder{}, &given.Value{}) + 1
		for range calls {
			require.NoError(t, keep(&pair{}))
		}
		e := wire.Encoder{Buf: []byte{0}}
		for call := range uint64(calls) {
			var u wire.Encoder
			u.Uint(1)
			u.Uint(0)
			u.Len(each, false)
			for n := range uint64(each) {
				u.Uint((n+100)<<2 + lost)
			}
			u.Len(0, false)
			e.Uint(first + call)
			e.Uint(uint64(u.Size()))
			e.Buf = append(e.Buf, u.Buf...)
		}
		e.Uint(0)
		h.reply = e.Buf
		return keep(&pair{})
	}
	h.reply = []byte{0}
	require.NoError(t, keep(&pair{}))
	require.NoError(t, letGo(4))
	require.ErrorIs(t, letGo(4), wire.ErrUnconfirmed)
}
