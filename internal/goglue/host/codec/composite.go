package codec

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// encodeList encodes a slice or an array.
func (c *Codec) encodeList(t reflect.Type, n int, lenient bool) (Encoder, error) {
	typ := &c.api.Types[n]
	if typ.Kind == api.KindSlice {
		x := c.crossing(t, n, lenient)
		return func(e *wire.Encoder, v reflect.Value) {
			switch {
			case e.Sharing != nil:
				x.encode(e, v)
			case x.bytes:
				e.Bytes(v.Bytes())
			default:
				e.Len(v.Len(), v.IsNil())
				x.put(e, v)
			}
		}, x.putErr
	}
	elem, err := c.BuildEncoder(t.Elem(), typ.Elem, lenient)
	return func(e *wire.Encoder, v reflect.Value) {
		if typ.Len == 0 {
			e.Byte(0)
		}
		for j := 0; j < v.Len() && e.Fits(); j++ {
			elem(e, v.Index(j))
		}
	}, err
}

func (c *Codec) encodeMap(t reflect.Type, n int, lenient bool) (Encoder, error) {
	x := c.crossing(t, n, lenient)
	return func(e *wire.Encoder, v reflect.Value) {
		switch {
		case e.Sharing != nil:
			x.encode(e, v)
		case v.IsNil():
			e.Len(0, true)
		default:
			x.put(e, v)
		}
	}, x.putErr
}

// encodeStruct pairs fields by name. Fields that the host's type lacks are zero in the module;
// every field that it has must be there in the module.
func (c *Codec) encodeStruct(t reflect.Type, n int, lenient bool) (Encoder, error) {
	typ := &c.api.Types[n]
	type step struct {
		index  int // in the host's type, or -1
		zero   int // the module's type of a field that the host lacks
		encode Encoder
	}
	steps := make([]step, len(typ.Fields))
	given := 0
	for j, f := range typ.Fields {
		steps[j] = step{index: -1, zero: f.Type}
		if host, ok := t.FieldByName(f.Name); ok && len(host.Index) == 1 && host.IsExported() {
			if f.Fixed {
				return nil, fmt.Errorf("field %s: the package does not export its type; leave it out", f.Name)
			}
			encode, err := c.BuildEncoder(host.Type, f.Type, lenient)
			if err != nil {
				return nil, fmt.Errorf("field %s: %w", f.Name, err)
			}
			steps[j] = step{index: host.Index[0], encode: encode}
			given++
		} else if typ.Class == api.Data && c.zeroSize(f.Type) > wire.MaxMessage {
			return nil, fmt.Errorf("field %s: the zero value that the module would get takes more than %s", f.Name, wire.Size(wire.MaxMessage))
		}
	}
	if err := c.knownFields(t, n); err != nil {
		return nil, err
	}
	if typ.Class != api.Data {
		return func(e *wire.Encoder, v reflect.Value) {
			e.Uint(uint64(given))
			for j, s := range steps {
				if s.index >= 0 {
					e.Uint(uint64(j))
					s.encode(e, v.Field(s.index))
				}
			}
		}, nil
	}
	return func(e *wire.Encoder, v reflect.Value) {
		if len(steps) == 0 {
			e.Byte(0)
		}
		for _, s := range steps {
			if s.index >= 0 {
				s.encode(e, v.Field(s.index))
			} else {
				c.encodeZero(e, s.zero)
			}
		}
	}, nil
}

// knownFields checks that the module's struct has every exported field of the host's and, where that
// was generated for it, no other one.
func (c *Codec) knownFields(t reflect.Type, n int) error {
	typ := &c.api.Types[n]
	exported := 0
	for f := range t.Fields() {
		switch {
		case f.IsExported() && typ.Field(f.Name) == nil:
			return fmt.Errorf("%s has no field %s", typ.Text, f.Name)
		case f.IsExported():
			exported++
		case promotes(f):
			return fmt.Errorf("%s embeds %s, whose type is not exported: its fields would stay behind", t, f.Type)
		}
	}
	if exported == 0 && t.NumField() > 0 && (typ.Class == api.Held || len(typ.Fields) > 0) {
		return fmt.Errorf("%s has unexported fields only, which stay behind: use *load.Object", t)
	}
	if held, _ := HeldTwin(t); held || !c.host.StandsFor(t, n) {
		return nil
	}
	for _, f := range typ.Fields {
		if _, ok := t.FieldByName(f.Name); !ok {
			return fmt.Errorf("%s has a field %s, which the stub's lacks: generate it again", typ.Text, f.Name)
		}
	}
	return nil
}

// promotes reports whether an embedded field has exported fields.
func promotes(f reflect.StructField) bool {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.Anonymous && t.Kind() == reflect.Struct && slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.IsExported() })
}

// zeroSize returns how many bytes encodeZero appends, or some number beyond wire.MaxMessage: an
// array of a module may have any number of elements that take no memory.
func (c *Codec) zeroSize(n int) (size int) {
	typ := &c.api.Types[n]
	switch kind := typ.Kind; {
	case kind == api.KindArray:
		if size = c.zeroSize(typ.Elem); size > 0 && typ.Len > wire.MaxMessage/size {
			return wire.MaxMessage + 1
		}
		return max(1, size*typ.Len)
	case kind == api.KindStruct && typ.Class == api.Data:
		for _, f := range typ.Fields {
			size = min(size+c.zeroSize(f.Type), wire.MaxMessage+1)
		}
		return max(1, size)
	case kind == api.KindFloat32 || kind == api.KindFloat64:
		return 8
	case kind == api.KindComplex64 || kind == api.KindComplex128 || kind == api.KindTime:
		return 16
	case kind == api.KindContext:
		return 0
	}
	return 1
}

// encodeZero encodes the zero value of a type that is Data.
func (c *Codec) encodeZero(e *wire.Encoder, n int) {
	typ := &c.api.Types[n]
	switch typ.Kind {
	case api.KindFloat32, api.KindFloat64:
		e.Float(0)
	case api.KindComplex64, api.KindComplex128:
		e.Float(0)
		e.Float(0)
	case api.KindTime:
		e.Time(time.Time{})
	case api.KindContext:
	case api.KindArray:
		for left := typ.Len; left > 0 && e.Fits(); left-- {
			c.encodeZero(e, typ.Elem)
		}
		if typ.Len == 0 {
			e.Byte(0)
		}
	case api.KindStruct:
		if typ.Class != api.Data {
			e.Byte(wire.TagNil)
			return
		}
		for _, f := range typ.Fields {
			c.encodeZero(e, f.Type)
		}
		if len(typ.Fields) == 0 {
			e.Byte(0)
		}
	default:
		e.Byte(0) // false, 0, "", nil
	}
}
