package given

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync/atomic"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// byteScanner is what a reader has that can take back what it read.
type byteScanner interface {
	io.ByteScanner
	io.RuneScanner
}

type (
	syncer  interface{ Sync() error }
	flusher interface{ Flush() error }
)

var (
	readerAbilities = map[wire.Abilities]reflect.Type{
		wire.CanClose: reflect.TypeFor[io.Closer](), wire.CanString: reflect.TypeFor[fmt.Stringer](), wire.CanSeek: reflect.TypeFor[io.Seeker](),
		wire.CanReadAt: reflect.TypeFor[io.ReaderAt](), wire.CanByte: reflect.TypeFor[io.ByteReader](), wire.CanScan: reflect.TypeFor[byteScanner](),
	}
	writerAbilities = map[wire.Abilities]reflect.Type{
		wire.CanClose: reflect.TypeFor[io.Closer](), wire.CanString: reflect.TypeFor[fmt.Stringer](), wire.CanWriteString: reflect.TypeFor[io.StringWriter](),
		wire.CanSync: reflect.TypeFor[syncer](), wire.CanFlush: reflect.TypeFor[flusher](),
	}
)

// Stream is how values of a module's interface of readers or writers are given: with what they can
// besides. That of other types has no abilities.
type Stream struct {
	basic     reflect.Type // io.Reader or io.Writer
	abilities map[wire.Abilities]reflect.Type
	asks      bool
}

// StreamOf returns the stream of a type of the module.
func StreamOf(described *api.API, typ *api.Type) Stream {
	var s Stream
	_, s.asks = described.Asks(typ)
	switch reads, writes, _ := api.Streams(described, typ); {
	case reads:
		s.basic, s.abilities = reflect.TypeFor[io.Reader](), readerAbilities
	case writes:
		s.basic, s.abilities = reflect.TypeFor[io.Writer](), writerAbilities
	}
	return s
}

// Methods are the methods of a given value, with those for its abilities, and those that it is
// asked for, behind them.
func (s Stream) Methods(methods []Method) []Method {
	if s.basic != nil {
		methods = append(append(methods, noAbility), abilityMethods...)
	} else if s.asks {
		methods = append(methods, noAbility)
	}
	if s.asks {
		methods = append(methods, askedMethods...)
	}
	return methods
}

// Known are the modes of values of the last type, which most values have.
type Known struct{ last atomic.Pointer[knownModes] }

type knownModes struct {
	t     reflect.Type
	modes []uint64
}

// Of is [Stream.Modes], worked out once for values of one type in a row.
func (k *Known) Of(s Stream, t reflect.Type, modes []uint64) []uint64 {
	last := k.last.Load()
	if last == nil || last.t != t {
		last = &knownModes{t, s.Modes(t, modes)}
		k.last.Store(last)
	}
	return last.modes
}

// Modes are the modes of the methods with the abilities of values of a type behind them.
func (s Stream) Modes(t reflect.Type, modes []uint64) []uint64 {
	if s.basic == nil || !t.Implements(s.basic) {
		return modes
	}
	var all wire.Abilities
	for ability, has := range s.abilities {
		if t.Implements(has) {
			all |= ability
		}
	}
	if all&wire.CanScan != 0 && s.abilities[wire.CanScan] != nil {
		all &^= wire.CanByte
	}
	if all == 0 {
		return modes
	}
	return append(modes[:len(modes):len(modes)], uint64(all))
}

var errNoAbility = errors.New("the host's value has no such method")

// noAbility is in the place of the abilities themselves.
func noAbility(*Call, reflect.Value) error { return errNoAbility }

// abilityMethods answer for the abilities, in the order of their numbers in package wire.
var abilityMethods = []Method{
	answerError(io.Closer.Close),
	inTurn(writes, func(c *Call, v reflect.Value) error {
		return answerAbility(c, v, func(s fmt.Stringer) { c.out.String(s.String()) })
	}),
	inTurn(reads, func(c *Call, v reflect.Value) error {
		offset, whence := c.in.Int(), int(c.in.Int())
		return answerAbility(c, v, func(s io.Seeker) {
			at, err := s.Seek(offset, whence)
			c.out.Int(at)
			c.putError(err)
		})
	}),
	answerReadAt,
	inTurn(reads, answerReadByte),
	inTurn(reads, answerError(io.ByteScanner.UnreadByte)),
	inTurn(reads, answerReadRune),
	inTurn(reads, answerError(io.RuneScanner.UnreadRune)),
	inTurn(writes, func(c *Call, v reflect.Value) error {
		text := c.in.String()
		return answerAbility(c, v, func(w io.StringWriter) {
			n, err := w.WriteString(text)
			c.out.Int(int64(n))
			c.putError(err)
		})
	}),
	answerError(syncer.Sync),
	inTurn(writes, answerError(flusher.Flush)),
}

// answerAbility answers by a method that takes what is taken already.
func answerAbility[I any](c *Call, v reflect.Value, answer func(I)) error {
	able, ok := v.Interface().(I)
	if !ok {
		return errNoAbility
	}
	if err := c.taken(); err != nil {
		return err
	}
	c.results(nil, func() { answer(able) })
	return nil
}

// answerError answers by a method that takes nothing and returns an error.
func answerError[I any](method func(I) error) Method {
	return func(c *Call, v reflect.Value) error {
		return answerAbility(c, v, func(able I) { c.putError(method(able)) })
	}
}

// putError appends an error.
func (c *Call) putError(err error) {
	c.values.module.EncodeError(c.out, reflect.ValueOf(&err).Elem())
}

// answerReadByte answers with one byte, and with what the reader returns next where it can tell.
func answerReadByte(c *Call, v reflect.Value) error {
	most := min(c.in.Uint(), maxChunk)
	return answerAbility(c, v, func(r io.ByteReader) {
		next := c.peekNext(v, most)
		b, err := r.ReadByte()
		c.out.Byte(b)
		c.putNext(next, 1, err)
	})
}

// answerReadRune answers with one rune and its size, and with what the reader returns next.
func answerReadRune(c *Call, v reflect.Value) error {
	most := min(c.in.Uint(), maxChunk)
	return answerAbility(c, v, func(r io.RuneReader) {
		next := c.peekNext(v, most)
		char, size, err := r.ReadRune()
		c.out.Int(int64(char))
		c.out.Uint(uint64(size))
		c.putNext(next, size, err)
	})
}

// peekNext is peek for a reader of which a little is read then.
func (c *Call) peekNext(v reflect.Value, most uint64) []byte {
	r, ok := v.Interface().(io.Reader)
	if !ok || most == 0 || !c.in.Charge(int(most)) {
		return nil
	}
	return peek(r, int(most))
}

// putNext appends what was peeked behind what was read, and the error of the read.
func (c *Call) putNext(next []byte, read int, err error) {
	if err != nil {
		next = nil
	}
	c.out.Bytes(next[min(read, len(next)):])
	c.putError(err)
}
