package goglue

import (
	"reflect"

	"github.com/loadgo/load/internal/wire"
)

// restorer takes a change that a function made through one of its parameters over into what the caller gave.
type restorer func(d *incoming, args []reflect.Value)

// restorers builds what takes the function's changes over, one for each of them; nil where no argument can change.
func (i *Instance) restorers(target callee, args []reflect.Type, pairs pairs) []restorer {
	var list []restorer
	useful := false
	for _, param := range target.Changes {
		if param >= len(target.In) { // it was left out: nothing is there to change
			list = append(list, func(d *incoming, _ []reflect.Value) {
				if d.Bool() {
					d.Fail(wire.ErrTag)
				}
			})
			continue
		}
		n, j := target.In[param], 0
		for _, before := range target.In[:param] { // contexts do not cross
			if i.api.Types[before].Kind != KindContext {
				j++
			}
		}
		restore := i.restorer(args[j], n, pairs)
		useful = useful || restore != nil
		list = append(list, func(d *incoming, args []reflect.Value) {
			switch {
			case !d.Bool():
			case restore == nil:
				i.skipChange(d, n)
			default:
				restore(d, args[j])
			}
		})
	}
	if !useful {
		return nil
	}
	return list
}

// restorer builds what takes the new value of an argument over, or nil where the host cannot see a change.
func (i *Instance) restorer(t reflect.Type, n int, pairs pairs) func(d *incoming, v reflect.Value) {
	typ := &i.api.Types[n]
	switch {
	case t == objectType:
		return nil
	case typ.Kind == KindAny:
		return func(d *incoming, v reflect.Value) { i.dynamic.DecodeInto(&d.Decoder, v) }
	case t.Kind() == reflect.Interface: // of a call by name
		return func(d *incoming, v reflect.Value) {
			if v = v.Elem(); !v.IsValid() {
				i.skipChange(d, n)
			} else if restore := i.restorer(v.Type(), n, i); restore != nil {
				restore(d, v)
			} else {
				i.skipChange(d, n)
			}
		}
	case Kind(t.Kind()) != typ.Kind:
		return nil
	case typ.Kind == KindPointer:
		return i.restorePointer(t, n, pairs)
	}
	if typ.Kind == KindSlice && i.api.Types[typ.Elem].Kind == KindAny && t.Elem() == anyType {
		return i.restoreAnys
	}
	decode, form, err := pairs.decoder(t, n)
	if err != nil || form == asHandle || form == asText {
		return nil
	}
	return func(d *incoming, v reflect.Value) {
		fresh := reflect.New(t).Elem()
		if decode(d, fresh); d.Err() != nil {
			return
		}
		if t.Kind() == reflect.Slice {
			reflect.Copy(v, fresh)
			return
		}
		v.Clear()
		for it := fresh.MapRange(); it.Next(); {
			v.SetMapIndex(it.Key(), it.Value())
		}
	}
}

// restoreAnys takes new values over into a slice of any, and into what its pointers point to.
func (i *Instance) restoreAnys(d *incoming, v reflect.Value) {
	count, _ := d.Len(1)
	for j := 0; j < count && j < v.Len() && d.Err() == nil; j++ {
		if elem := v.Index(j); elem.Elem().Kind() == reflect.Pointer && !elem.Elem().IsNil() && elem.Elem().Type() != objectType {
			i.dynamic.DecodeInto(&d.Decoder, elem)
		} else if x := i.dynamic.Decode(&d.Decoder); x != nil {
			elem.Set(reflect.ValueOf(x))
		} else {
			elem.SetZero()
		}
	}
}

// restorePointer takes a new value over into what a pointer points to. Fields of a struct that cannot come back,
// such as objects, are left as they are.
func (i *Instance) restorePointer(t reflect.Type, n int, pairs pairs) func(d *incoming, v reflect.Value) {
	typ := &i.api.Types[n]
	elem := &i.api.Types[typ.Elem]
	tagged := func(d *incoming) bool {
		if typ.Class == Data {
			return d.Bool()
		}
		return d.Byte() == wire.TagValue
	}
	if elem.Kind != KindStruct {
		value, form, err := pairs.value(t.Elem(), typ.Elem)
		if err != nil || form == asHandle || form == asText {
			return nil
		}
		return func(d *incoming, v reflect.Value) {
			if !tagged(d) {
				d.Fail(wire.ErrTag)
				return
			}
			fresh := reflect.New(t.Elem()).Elem()
			if value(d, fresh); d.Err() == nil {
				v.Elem().Set(fresh)
			}
		}
	}
	if t.Elem().Kind() != reflect.Struct {
		return nil
	}
	type step struct {
		index  int // in the host's type, or -1
		drop   int
		decode decoder
	}
	steps := make([]step, len(elem.Fields))
	for j, f := range elem.Fields {
		steps[j] = step{index: -1, drop: f.Type}
		host, ok := t.Elem().FieldByName(f.Name)
		if !ok || len(host.Index) != 1 || !host.IsExported() {
			continue
		}
		if decode, form, err := pairs.decoder(host.Type, f.Type); err == nil && form != asHandle && form != asText {
			steps[j] = step{index: host.Index[0], decode: decode}
		}
	}
	return func(d *incoming, v reflect.Value) {
		if !tagged(d) {
			d.Fail(wire.ErrTag)
			return
		}
		if len(steps) == 0 {
			d.Byte()
		}
		fresh := reflect.New(t.Elem()).Elem()
		for _, s := range steps {
			if s.index < 0 {
				i.skip(d, s.drop)
			} else {
				s.decode(d, fresh.Field(s.index))
			}
		}
		if d.Err() != nil {
			return
		}
		for _, s := range steps {
			if s.index >= 0 {
				v.Elem().Field(s.index).Set(fresh.Field(s.index))
			}
		}
	}
}

// skipChange drops the new value of a parameter.
func (i *Instance) skipChange(d *incoming, n int) {
	typ := &i.api.Types[n]
	if typ.Kind == KindPointer && typ.Class == Held {
		if d.Byte() != wire.TagValue {
			d.Fail(wire.ErrTag)
		}
		i.skipValue(d, typ.Elem)
		return
	}
	i.skip(d, n)
}
