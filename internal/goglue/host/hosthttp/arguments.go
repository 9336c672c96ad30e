package hosthttp

import (
	"io"
	"reflect"
	"sync"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
)

// Arguments are those of a [ServeFunc], but for the context, in variables that are used again.
type Arguments struct {
	Values  [4]reflect.Value
	message guesthttp.Message
	body    io.Reader
	w       guesthttp.Response
}

var arguments = sync.Pool{New: func() any {
	a := new(Arguments)
	a.Values = [4]reflect.Value{1: reflect.ValueOf(&a.message).Elem(), 2: reflect.ValueOf(&a.body).Elem(), 3: reflect.ValueOf(&a.w).Elem()}
	return a
}}

// NewArguments returns the arguments until Done is called.
func NewArguments(h *engine.Object, message guesthttp.Message, body io.Reader, w guesthttp.Response) *Arguments {
	a := arguments.Get().(*Arguments)
	a.Values[0], a.message, a.body, a.w = reflect.ValueOf(h), message, body, w
	return a
}

// Done ends the use of the arguments, until when they keep the handler.
func (a *Arguments) Done() {
	a.Values[0], a.message, a.body, a.w = reflect.Value{}, guesthttp.Message{}, nil, nil
	arguments.Put(a)
}
