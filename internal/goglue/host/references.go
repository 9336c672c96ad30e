package host

import (
	"context"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// references implements [codec.References] and [Module].
type references struct{ *Instance }

func (r references) EncodeObject(e *wire.Encoder, v reflect.Value)  { r.encodeObject(e, v) }
func (r references) DecodeObject(n int) codec.Decoder               { return r.decodeObject(n) }
func (r references) EncodeError(e *wire.Encoder, v reflect.Value)   { r.encodeError(e, v) }
func (r references) DecodeError(d *codec.Incoming, v reflect.Value) { r.decodeError(d, v) }
func (r references) TakeError(d *codec.Incoming) error              { return r.takeError(d) }
func (r references) DecodeHeldError(n int) codec.Decoder            { return r.decodeHeldError(n) }
func (r references) DecodeInterface(n int) codec.Decoder            { return r.decodeInterface(n) }
func (r references) EncodeHeld(e *wire.Encoder, v reflect.Value)    { r.encodeHeld(e, v) }
func (r references) StandsFor(t reflect.Type, n int) bool           { return r.standsFor(t, n) }
func (r references) IsTwin(t reflect.Type) bool                     { return r.isTwin(t) }
func (r references) TakeObject(d *codec.Incoming, static int) *engine.Object {
	return r.takeObject(d, static)
}

func (r references) EncodeGiven(t reflect.Type, n int) (codec.Encoder, error) {
	return r.encodeGiven(t, n)
}

func (r references) DecodeAdapted(t reflect.Type, n int) (codec.Decoder, codec.Form, error) {
	return r.decodeAdapted(t, n)
}

func (r references) DecodeFunc(t reflect.Type, n int) (codec.Decoder, codec.Form, error) {
	return r.decodeFunc(t, n)
}

func (r references) DecodeSeq(t reflect.Type, n int) (codec.Decoder, codec.Form, error) {
	return r.decodeSeq(t, n)
}

func (r references) DecodeHeld(t reflect.Type, n int) (codec.Decoder, codec.Form, error) {
	return r.decodeHeld(t, n)
}

func (r references) Given() { r.transport.Given() }
func (r references) Returned(handles []uint64) error {
	return r.exchangeAll(context.Background(), r.grouped(handles), true)
}
func (r references) OpaqueMode(t reflect.Type, n int) uint64 { return r.opaqueMode(t, n) }
