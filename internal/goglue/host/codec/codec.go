// Package codec is how values of the host cross as values of a module: what encodes a host's type
// as the module's, what decodes it, and how things that both sides share are kept alike. What
// crosses by reference is its [References]' business.
package codec

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/internal/wire/dynamic"
)

// Codec encodes and decodes the values of one module. What does so is built once for each pairing
// of types. It is safe for concurrent use.
type Codec struct {
	api     *api.API
	host    References
	dynamic *dynamic.Codec
	Lasting Lasting

	encoders  sync.Map // pairing → Encoder
	decoders  sync.Map // pairing → formedDecoder
	crossings sync.Map // pairing → *crossing
	crossed   sync.Map // reflect.Type → []int: see Crossed
	naturals  sync.Map // number → reflect.Type

	building     sync.Mutex // what follows is being built
	newEncoders  map[pairing]Encoder
	newDecoders  map[pairing]formedDecoder
	newCrossings map[pairing]*crossing
}

// New returns the codec for the values of a module. Values that describe themselves cross by
// dynamic.
func New(described *api.API, host References, dynamic *dynamic.Codec) *Codec {
	c := &Codec{api: described, host: host, dynamic: dynamic}
	dynamic.Crossed = c.Crossed
	return c
}

// Pairs finds what encodes and decodes for pairs of types. A Codec does, and its Building while it
// builds.
type Pairs interface {
	Encoder(t reflect.Type, n int, lenient bool) (Encoder, error)
	Decoder(t reflect.Type, n int) (Decoder, Form, error)
}

// Building returns the pairs for what is built meanwhile, by a method of [References].
func (c *Codec) Building() Pairs { return building{c} }

type building struct{ *Codec }

func (b building) Encoder(t reflect.Type, n int, lenient bool) (Encoder, error) {
	return b.BuildEncoder(t, n, lenient)
}

func (b building) Decoder(t reflect.Type, n int) (Decoder, Form, error) {
	return b.BuildDecoder(t, n)
}

// References are what crosses as a number, because it stays where it is, and the errors. Types are
// those of the host and the numbers of the module's. Methods that build are called while a codec
// builds: they must not ask it to build, except by BuildEncoder and BuildDecoder.
type References interface {
	// EncodeObject encodes an [engine.Object], DecodeObject builds what decodes one.
	EncodeObject(e *wire.Encoder, v reflect.Value)
	DecodeObject(n int) Decoder
	// TakeObject takes a handle and its type; static is the interface that the value came as.
	TakeObject(d *Incoming, static int) *engine.Object
	// EncodeGiven builds what gives a host's function or interface to the module.
	EncodeGiven(t reflect.Type, n int) (Encoder, error)
	// DecodeInterface builds what decodes what an interface of the module holds.
	DecodeInterface(n int) Decoder
	// DecodeAdapted builds what makes a value of the module an interface of the host, DecodeFunc
	// a function and DecodeSeq an iterator.
	DecodeAdapted(t reflect.Type, n int) (Decoder, Form, error)
	DecodeFunc(t reflect.Type, n int) (Decoder, Form, error)
	DecodeSeq(t reflect.Type, n int) (Decoder, Form, error)
	// EncodeError and DecodeError are for errors, DecodeHeldError for those that stay in the
	// module.
	EncodeError(e *wire.Encoder, v reflect.Value)
	DecodeError(d *Incoming, v reflect.Value)
	TakeError(d *Incoming) error
	DecodeHeldError(n int) Decoder
	// EncodeHeld and DecodeHeld are for types that were generated for types whose values stay.
	EncodeHeld(e *wire.Encoder, v reflect.Value)
	DecodeHeld(t reflect.Type, n int) (Decoder, Form, error)
	// StandsFor reports whether such a type was generated for type n, IsTwin whether any type was
	// generated for one of the module.
	StandsFor(t reflect.Type, n int) bool
	IsTwin(t reflect.Type) bool
}

var (
	ObjectType   = reflect.TypeFor[*engine.Object]()
	AnyType      = reflect.TypeFor[any]()
	ErrorType    = reflect.TypeFor[error]()
	ContextType  = reflect.TypeFor[context.Context]()
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	placeType    = reflect.TypeFor[*time.Location]()
)

// Encoder encodes a host value as the module's type wants it.
type Encoder func(e *wire.Encoder, v reflect.Value)

// Decoder decodes a value of the module into v, which is settable and zero.
type Decoder func(d *Incoming, v reflect.Value)

// Incoming is a message of the module.
type Incoming struct {
	wire.Decoder
	Ctx    context.Context  // of the call that it answers
	Object engine.ObjectRef // the last one that was taken
	// Mentioned are the handles that were taken, if values of the module show fields here.
	Mentioned []uint64
}

// TakeMessage takes bytes that are decoded in turn: they stay a part of the message.
func (d *Incoming) TakeMessage() []byte {
	n, _ := d.Len(1)
	return d.Raw(n)
}

// TakeError takes an error: none without its decoder.
func (d *Incoming) TakeError(decode Decoder) error {
	if rest := d.Rest(); len(rest) > 0 && rest[0] == wire.TagNil {
		d.Byte()
		return nil
	}
	err := new(error)
	decode(d, reflect.ValueOf(err).Elem())
	return *err
}

// pairing is a type of the host and a type of the module that have to fit.
type pairing struct {
	host    reflect.Type
	module  int
	lenient bool
}

// Mismatch says why a type of the host does not fit one of the module.
func (c *Codec) Mismatch(t reflect.Type, n int) error {
	typ := &c.api.Types[n]
	switch {
	case typ.Kind == api.KindContext:
		return fmt.Errorf("a context is given as a parameter of its own only, and one of the module stays there: use *load.Object for a result, not %s", t)
	case typ.Class == api.Held:
		return fmt.Errorf("%s stays in the module: use *load.Object, not %s", typ.Text, t)
	case t == ObjectType:
		return fmt.Errorf("%s is copied: use %s, not *load.Object", typ.Text, spelled(c.Natural(n)))
	}
	return fmt.Errorf("%s does not fit %s%s", spelled(t), typ.Text, c.near(t, n))
}

// spelled returns a type as it is mostly written: reflection calls a byte uint8.
func spelled(t reflect.Type) string { return strings.ReplaceAll(t.String(), "[]uint8", "[]byte") }

// near says what would fit in the place of a type, or "".
func (c *Codec) near(t reflect.Type, n int) string {
	typ := &c.api.Types[n]
	alike := func(t reflect.Type, n int) bool {
		kind := c.api.Types[n].Kind
		return t.Kind() == reflect.Struct && kind == api.KindStruct || kind < api.KindArray && api.Kind(t.Kind()) == kind || kind == api.KindString && t.Kind() == reflect.String
	}
	switch {
	case typ.Kind == api.KindPointer && alike(t, typ.Elem):
		return ": use a pointer, *" + t.String()
	case t.Kind() == reflect.Pointer && alike(t.Elem(), n):
		return fmt.Sprintf(": use %s, not a pointer", t.Elem())
	case typ.Kind == api.KindStruct:
		return ": use a struct with its fields"
	case typ.Class == api.Data && typ.Kind != api.KindPointer && spelled(c.Natural(n)) != typ.Text:
		return ": use " + spelled(c.Natural(n))
	}
	return ""
}

// build lets one caller at a time build what encodes and decodes. Parts refer to each other: all of
// them are good afterwards, or none.
func (c *Codec) build(build func() error) error {
	c.building.Lock()
	defer c.building.Unlock()
	c.newEncoders, c.newDecoders, c.newCrossings = map[pairing]Encoder{}, map[pairing]formedDecoder{}, map[pairing]*crossing{}
	err := build()
	if err == nil {
		for key, part := range c.newEncoders {
			c.encoders.Store(key, part)
		}
		for key, part := range c.newDecoders {
			c.decoders.Store(key, part)
		}
		for key, part := range c.newCrossings {
			c.crossings.Store(key, part)
			c.cross(key)
		}
	}
	c.newEncoders, c.newDecoders, c.newCrossings = nil, nil, nil
	return err
}

// Crossed returns the numbers of the module's types as which pointers, slices or maps of a host's
// type cross.
func (c *Codec) Crossed(t reflect.Type) []int {
	known, _ := c.crossed.Load(t)
	numbers, _ := known.([]int)
	return numbers
}

// cross notes a pairing for Crossed. Elements of lists and maps that stay in the module may be
// others there than the list has.
func (c *Codec) cross(key pairing) {
	typ := &c.api.Types[key.module]
	if known := c.Crossed(key.host); (typ.Kind == api.KindPointer || typ.Class != api.Held) && !slices.Contains(known, key.module) {
		c.crossed.Store(key.host, append(slices.Clip(known), key.module))
	}
}

// HeldTwin reports whether values of a type live in the module, and whether it is a pointer to one.
func HeldTwin(t reflect.Type) (held, pointer bool) {
	if t.Kind() == reflect.Pointer {
		return engine.IsHeld(t.Elem()), true
	}
	return engine.IsHeld(t), false
}

// isError reports whether values of a type that stays in the module are errors there.
func (c *Codec) isError(n int) bool {
	return c.api.Types[n].Class != api.Data && slices.ContainsFunc(c.api.Pointed(n).Methods, func(m api.Method) bool {
		return m.Name == "Error" && m.Func != 0 && c.api.Funcs[m.Func-1].Shape(c.api) == "() string"
	})
}
