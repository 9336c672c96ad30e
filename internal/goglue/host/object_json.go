package host

import (
	"context"

	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/jsontree"
	"github.com/loadgo/load/internal/wire"
)

// JSON implements [engine.ObjectRef].
func (o *object) JSON(ctx context.Context) ([]byte, error) {
	var text []byte
	var failure error
	err := o.own(ctx, wire.FuncJSON, func(d *codec.Incoming) error {
		text, failure = jsontree.Take(&d.Decoder)
		return o.instance.takeError(d)
	})
	if err != nil {
		return nil, err
	}
	return text, failure
}
