// Package protobuf lets WebAssembly plugins and the host's functions exchange protocol buffers. It is
// a module of its own, so that package load needs nothing of google.golang.org/protobuf.
//
//	engine := wasm.New(wasm.Config{Codecs: []wasm.Codec{protobuf.Codec{}}})
//	price, err := load.Func[func(context.Context, *pb.Order) (*pb.Price, error)](m, "price")
package protobuf

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"

	"github.com/loadgo/load/engine/wasm"
)

// Codec takes pointers to messages that protoc-gen-go generated. An empty input or output is the
// message without fields. It reads a message whose required fields are missing as an error, and
// keeps fields that it does not know.
type Codec struct{}

var (
	_           wasm.Codec = Codec{}
	messageType            = reflect.TypeFor[proto.Message]()
)

// Takes implements [wasm.Codec].
func (Codec) Takes(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && t.Implements(messageType)
}

// Marshal implements [wasm.Codec]. The same message is the same bytes within one build of the
// program.
func (Codec) Marshal(value any) ([]byte, error) {
	message, ok := value.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("a %T is not a protocol buffer", value)
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(message)
}

// Unmarshal implements [wasm.Codec]: to leads to a pointer to a message, which is set to a new one.
func (Codec) Unmarshal(data []byte, to any) error {
	target := reflect.ValueOf(to).Elem()
	made := reflect.New(target.Type().Elem())
	message, ok := made.Interface().(proto.Message)
	if !ok {
		return fmt.Errorf("a %s is not a protocol buffer", target.Type())
	}
	if err := proto.Unmarshal(data, message); err != nil {
		return err
	}
	target.Set(made)
	return nil
}
