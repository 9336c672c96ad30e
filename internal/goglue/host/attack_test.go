package host

import (
	"io"
	"reflect"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

// TestLastingWithoutRoom: an update that begins a thing for which there is no room is an error of
// that call, and the host's next one none.
func TestLastingWithoutRoom(t *testing.T) {
	t.Parallel()
	gigabyte := []byte{byte(reflect.Array), 0x80, 0x80, 0x80, 0x40, byte(reflect.Uint64)} // [1 << 27]uint64
	for name, description := range map[string][]byte{
		"pointer": append([]byte{byte(reflect.Pointer)}, gigabyte...),
		"map":     append([]byte{byte(reflect.Map), byte(reflect.Uint8)}, gigabyte...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, h := hostileInstance(t)
			type cell struct{ V any }
			bound, err := i.Bind("Cells", reflect.TypeFor[func(*cell) error]())
			require.NoError(t, err)
			call := bound.Interface().(func(*cell) error)
			h.reply = []byte{0} // nothing has changed
			require.NoError(t, call(&cell{1}))
			require.True(t, i.codec.Lasting.Any(), "the module may hold the cell")

			var u wire.Encoder
			u.Uint(1) // its version, and what was seen
			u.Uint(0)
			u.Len(0, false) // no news
			u.Len(1, false) // the cell, which has another value
			u.Uint(0)
			u.Byte(wire.TagValue)
			u.Raw(description)
			u.Uint(wire.ShareNew)
			u.Uint(2<<1 | 1)
			u.Len(1, false)
			u.Raw(make([]byte, 64))
			var e wire.Encoder
			e.Uint(0)
			e.Uint(1) // by what both know the first call
			e.Uint(uint64(u.Size()))
			e.Raw(u.Buf)
			e.Uint(0)
			h.reply = e.Buf
			require.ErrorContains(t, call(&cell{2}), "take more of the host's memory")
			h.reply = []byte{0, 0}
			require.NotPanics(t, func() { _ = call(&cell{3}) })
		})
	}
}

// account is a type of the host's own, of which a module gets an interface.
type account struct {
	Owner string
	Admin bool
}

func (a account) Name() string { return a.Owner }

type rights map[string]bool

func (r rights) Name() string { return "rights" }

// TestOnlyMethods: of a value that was given as an interface a module gets the methods; it cannot
// write to it when it gives it back.
func TestOnlyMethods(t *testing.T) {
	t.Parallel()
	type namer interface{ Name() string }
	show := func(given namer, parts func(e *wire.Encoder)) (any, error) {
		i, h := hostileInstance(t)
		bound, err := i.Bind("Show", reflect.TypeFor[func(namer) (any, error)]())
		require.NoError(t, err)
		var e wire.Encoder
		e.Byte(wire.TagHost)
		e.Uint(1) // the first handle
		e.Bool(true)
		parts(&e)
		h.reply = e.Buf
		return bound.Interface().(func(namer) (any, error))(given)
	}
	second := func(e *wire.Encoder) { // the field Admin
		e.Uint(1)
		e.Uint(1)
		e.Bool(true)
	}
	behind := &account{Owner: "guest"}
	_, err := show(behind, second)
	t.Log(err)
	require.Equal(t, account{Owner: "guest"}, *behind, "a pointer")

	back, err := show(account{Owner: "guest"}, second)
	t.Log(back, err)
	if err == nil {
		require.Equal(t, account{Owner: "guest"}, back, "a struct")
	}

	list := rights{"read": true}
	_, err = show(list, func(e *wire.Encoder) {
		e.Len(1, false)
		e.String("write")
		e.Bool(true)
	})
	t.Log(err)
	require.Equal(t, rights{"read": true}, list, "a map")
}

// TestForgedTypes: what stands for an interface of the host, and comes as a type without its
// methods, is an error of the call.
func TestForgedTypes(t *testing.T) {
	t.Parallel()
	i, h := hostileInstance(t)
	for symbol, f := range map[string]any{
		"Out":    new(func() (io.Writer, error)),
		"Closer": new(func() (io.ReadCloser, error)),
		"Sorted": new(func() (sort.Interface, error)),
	} {
		call := reflect.ValueOf(f).Elem()
		bound, err := i.Bind(symbol, call.Type())
		require.NoError(t, err, symbol)
		for n := range i.api.Types {
			var e wire.Encoder
			e.Byte(wire.TagHandle)
			e.Uint(7)
			e.Uint(uint64(n))
			if n == 0 {
				e.String("p.forged")
			}
			h.reply = append([]byte(nil), e.Buf...)
			require.NotPanics(t, func() {
				results := bound.Call(nil)
				if closer, ok := results[0].Interface().(io.Closer); ok {
					_ = closer.Close()
				}
			}, "%s as a %s", symbol, i.api.Types[n].Text)
		}
	}
}

// TestPanicsTakeNoMemory: what a module says of a panic takes no more memory than what it returns.
func TestPanicsTakeNoMemory(t *testing.T) {
	i, _ := hostileInstance(t)
	i = NewInstance("p", i.api, &hostile{}, inflight.Limits{InFlight: 1 << 20})
	const size = 1 << 20
	var e wire.Encoder
	e.String("panic")
	e.String("stack")
	e.Byte(wire.PanicError)
	e.Byte(wire.TagValue)
	for range 3 {
		e.String("")
	}
	e.Uint(0) // without a handle
	e.Uint(size)
	for range size {
		e.String("")
	}
	d := wire.NewDecoder(e.Buf)
	require.NoError(t, i.Failure("Take", wire.Panicked, &d), "it counts as damaged")
	require.ErrorIs(t, d.Err(), wire.ErrMemory)
}
