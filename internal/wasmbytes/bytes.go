// Package wasmbytes takes Go values to the bytes that WebAssembly plugins exchange, and back.
package wasmbytes

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// Codec writes values of some Go types as bytes, and reads them. It is safe for concurrent use.
type Codec interface {
	// Takes reports whether the codec writes and reads values of the type.
	Takes(t reflect.Type) bool
	// Marshal writes a value.
	Marshal(value any) ([]byte, error)
	// Unmarshal sets what the pointer leads to, which is of a type that the codec takes. It keeps
	// nothing of data. Data comes from a plugin, which may be hostile.
	Unmarshal(data []byte, to any) error
}

// Codecs are the ways in which values cross: the program's own codecs, those of this package, and
// JSON for the rest.
type Codecs struct {
	own   []Codec
	known sync.Map // reflect.Type → Codec, of what is not raw
}

// New returns the codecs of a program.
func New(own []Codec) *Codecs { return &Codecs{own: own} }

// IsRaw reports whether values of a type are bytes as they are.
func IsRaw(t reflect.Type) bool {
	return t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// Unfit says why values of a type cannot be bytes, or "".
func (c *Codecs) Unfit(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Sprintf("a %s is neither bytes nor JSON", t)
	}
	if refused, ok := c.of(t).(refusing); ok {
		return string(refused)
	}
	return ""
}

// of returns the codec of a type.
func (c *Codecs) of(t reflect.Type) Codec {
	if known, ok := c.known.Load(t); ok {
		return known.(Codec)
	}
	codec := c.choose(t)
	c.known.Store(t, codec)
	return codec
}

func (c *Codecs) choose(t reflect.Type) Codec {
	for _, own := range c.own {
		if own.Takes(t) {
			return own
		}
	}
	if message, ok := protobufMessage(t); ok {
		return refusing(fmt.Sprintf("a %s is a protocol buffer: use *%s, and put protobuf.Codec of github.com/loadgo/load/contrib/protobuf into wasm.Config.Codecs", t, message))
	}
	if isMessagePack(t) {
		return messagePack{}
	}
	return jsonCodec{}
}

// protobufMessage returns the struct of a message of google.golang.org/protobuf. Its fields are
// nothing that package json would write as the message's users expect.
func protobufMessage(t reflect.Type) (reflect.Type, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	_, ok := reflect.PointerTo(t).MethodByName("ProtoReflect")
	return t, ok
}

// isMessagePack reports whether a type is a struct, or holds some, of which a field has the tag
// msgpack and none has the tag json.
func isMessagePack(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	tagged := false
	for field := range t.Fields() {
		if _, ok := field.Tag.Lookup("json"); ok {
			return false
		}
		_, ok := field.Tag.Lookup("msgpack")
		tagged = tagged || ok
	}
	return tagged
}

// Encode makes bytes of a Go value. The zero Value is none.
func (c *Codecs) Encode(v reflect.Value) ([]byte, error) {
	switch {
	case !v.IsValid():
		return nil, nil
	case v.Kind() == reflect.Interface && !v.IsNil():
		return c.Encode(v.Elem())
	case !IsRaw(v.Type()):
		return c.of(v.Type()).Marshal(v.Interface())
	case v.Kind() == reflect.String:
		return []byte(v.String()), nil
	}
	return v.Bytes(), nil
}

// Decode sets a Go value to bytes, which it may keep.
func (c *Codecs) Decode(data []byte, to reflect.Value) error {
	switch {
	case !IsRaw(to.Type()):
		return c.of(to.Type()).Unmarshal(data, to.Addr().Interface())
	case to.Kind() == reflect.String:
		to.SetString(string(data))
	default:
		to.SetBytes(data)
	}
	return nil
}

type jsonCodec struct{}

func (jsonCodec) Takes(reflect.Type) bool { return true }

func (jsonCodec) Marshal(value any) ([]byte, error) { return json.Marshal(value) }

func (jsonCodec) Unmarshal(data []byte, to any) error { return json.Unmarshal(data, to) }

// refusing is the codec of types that have none, with the reason.
type refusing string

func (refusing) Takes(reflect.Type) bool { return true }

func (r refusing) Error() string { return strings.TrimSpace(string(r)) }

func (r refusing) Marshal(any) ([]byte, error) { return nil, r }

func (r refusing) Unmarshal([]byte, any) error { return r }
