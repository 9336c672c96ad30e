package given

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/wire"
)

// next builds what answers for the method of a [guesthttp.Handler], of that type, as Function does
// for others: what is in every request is taken and put without reflection.
func (h *Values) next(t reflect.Type, f *api.Func) (Method, uint64, error) {
	_, mode, err := h.Function(t, f, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("method ServeHTTP: %w", err)
	}
	takeBody, _, err := h.codec.BuildDecoder(t.In(2), f.In[2])
	if err != nil {
		return nil, 0, err
	}
	takeResponse, _, err := h.codec.BuildDecoder(t.In(3), f.In[3])
	if err != nil {
		return nil, 0, err
	}
	return func(c *Call, v reflect.Value) error {
		c.left = time.Duration(c.in.Uint())
		message := guesthttp.Message{Data: c.in.TakeMessage()}
		body := takeAs[io.ReadCloser](c, takeBody)
		w := takeAs[guesthttp.Response](c, takeResponse)
		if err := c.taken(); err != nil {
			return err
		}
		answer, err := v.Interface().(*hosthttp.Given).ServeHTTP((*givenCall)(c), message, body, w, c.scratch[:0])
		c.out.Bytes(answer.Data)
		if err == nil {
			c.out.Byte(wire.TagNil)
		} else {
			h.module.EncodeError(c.out, reflect.ValueOf(&err).Elem())
		}
		return nil
	}, mode, nil
}

// givenCall is a call whose context has crossed apart, and is made if it is needed.
type givenCall Call

// Context implements [hosthttp.Call].
func (g *givenCall) Context() context.Context { return (*Call)(g).within(g.left) }

// takeAs takes a value of an interface: none and the host's own without reflection.
func takeAs[I any](c *Call, take codec.Decoder) I {
	var none I
	if rest := c.in.Rest(); len(rest) > 0 && rest[0] == wire.TagNil {
		c.in.Byte()
		return none
	}
	if rest := c.in.Rest(); len(rest) > 0 && rest[0] == wire.TagHost {
		in := c.in.Decoder
		in.Byte()
		if own := c.values.Given(in.Uint()); own != nil && own.Value.Kind() == reflect.Pointer {
			if v, ok := own.Value.Interface().(I); ok {
				c.in.Decoder = in
				return v
			}
		}
	}
	v := new(I)
	take(&c.in, reflect.ValueOf(v).Elem())
	return *v
}
