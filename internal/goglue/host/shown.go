package host

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// shownType is a held type of the host whose values show fields of the module's.
type shownType struct {
	name   string
	number int    // of the module's type
	mode   uint64 // beside the forms of the fields
	fields []shownField
	zero   []uint64 // the sums of fields that are zero
}

// shownField is a field that both sides have.
type shownField struct {
	index int  // in the host's type
	wire  int  // among the exported fields of the module's type
	told  bool // the module reports whether it has changed
	put   codec.Encoder
	take  codec.Decoder
	form  codec.Form
}

// shownValue is a pointer of the host to a value of such a type. Its fields are what the module's
// are before and after each call that mentions it, or that mentions a value which a call mentioned
// together with it: what is called may reach all of these, so nobody else may use them meanwhile,
// as in Go.
type shownValue struct {
	held   weak.Pointer[engine.Held]
	t      reflect.Type // what it points to
	handle uint64
	group  *shownGroup
}

// shownGroup are values that calls have mentioned together.
type shownGroup struct{ members []*shownValue }

// shownValues are the values with fields that the host has.
type shownValues struct {
	types  sync.Map // reflect.Type → *shownType, nil if it shows nothing
	active atomic.Bool

	mu     sync.Mutex
	values map[uint64]*shownValue // by handle
	// recent are the last ones that a call mentioned: a field that was set when the program let go
	// of a value counts, too.
	recent [512]*engine.Held
	next   int
}

// shown returns how values of a held type show fields, or nil.
func (i *Instance) shown(t reflect.Type) (*shownType, error) {
	if t.NumField() == 1 {
		return nil, nil
	}
	if known, ok := i.fields.types.Load(t); ok {
		return known.(*shownType), nil
	}
	n := i.twin(t)
	if n == 0 {
		return nil, nil // of an interface
	}
	typ := &i.api.Types[n]
	s := &shownType{name: typ.Text, number: n}
	for j := 1; j < t.NumField(); j++ {
		f := t.Field(j)
		at := slices.IndexFunc(typ.Fields, func(field api.Field) bool { return field.Name == f.Name })
		if at < 0 {
			return nil, fmt.Errorf("%s has no field %s", typ.Text, f.Name)
		}
		field := &typ.Fields[at]
		put, err := i.codec.Encoder(f.Type, field.Type, f.Type == codec.AnyType)
		if err != nil {
			return nil, fmt.Errorf("field %s.%s: %w", typ.Text, f.Name, err)
		}
		take, form, err := i.codec.Decoder(f.Type, field.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s.%s: %w", typ.Text, f.Name, err)
		}
		s.mode |= i.opaqueMode(f.Type, field.Type)
		of := &i.api.Types[field.Type]
		s.fields = append(s.fields, shownField{j, at, api.Told(of.Kind, of.Class), put, take, form})
	}
	s.zero = s.sums(reflect.New(t).Elem())
	i.fields.types.Store(t, s)
	return s, nil
}

// sums are what the fields of a value are now.
func (s *shownType) sums(v reflect.Value) []uint64 {
	sums := make([]uint64, len(s.fields))
	for j, f := range s.fields {
		sums[j] = codec.Sum(v.Field(f.index))
	}
	return sums
}

// dirty reports whether fields have been set since they were what the module's are.
func (s *shownType) dirty(v reflect.Value) bool {
	return !slices.Equal(s.sums(v), s.marks(engine.HeldAt(v)))
}

func (s *shownType) marks(h *engine.Held) []uint64 {
	if marks := h.Marks(); marks != nil {
		return marks
	}
	return s.zero
}

// exchangeFields sets those fields in the module that were set here, and here those that were set
// in the module.
func (i *Instance) exchangeFields(ctx context.Context, s *shownType, handle uint64, v reflect.Value) error {
	h := engine.HeldAt(v)
	marks, sums := s.marks(h), s.sums(v)
	h.Mark(sums) // a field may lead to the value itself
	var set, others []int
	for j := range s.fields {
		if sums[j] != marks[j] {
			set = append(set, j)
		} else {
			others = append(others, j)
		}
	}
	taken := slices.Clone(sums)
	for first := true; first || len(others) > 0; first = false {
		some := others[:min(len(others), wire.MaxModes)]
		if err := i.exchangeSome(ctx, s, handle, v, set, some, taken); err != nil {
			h.Mark(marks)
			return err
		}
		set, others = nil, others[len(some):]
	}
	h.Mark(taken)
	return nil
}

// exchangeSome sets some fields in the module, and takes others, whose sums it changes with them.
func (i *Instance) exchangeSome(ctx context.Context, s *shownType, handle uint64, v reflect.Value, set, others []int, sums []uint64) error {
	e := &wire.Encoder{Buf: make([]byte, Headroom, Headroom+64)}
	e.Handle(handle)
	e.Uint(uint64(s.number))
	e.Uint(uint64(len(set)))
	for _, j := range set {
		f := &s.fields[j]
		e.Uint(uint64(f.wire))
		if f.put(e, v.Field(f.index)); e.Err != nil {
			return fmt.Errorf("a field of %s: %w", s.name, e.Err)
		}
	}
	e.Uint(uint64(len(others)))
	mode := s.mode
	for at, j := range others {
		e.Uint(uint64(s.fields[j].wire))
		mode |= s.fields[j].form.Mode() << (at * wire.ModeBits)
	}
	if err := i.exchangeAll(ctx, i.grouped(append(slices.Clone(e.Handles), handle)), true); err != nil {
		return err
	}
	reply, err := i.access(ctx, s.name, wire.FuncFields, mode, e)
	if err != nil {
		return err
	}
	d := i.decode(ctx, reply)
	defer i.decoded(&d, reply)
	for _, j := range others {
		f := &s.fields[j]
		if f.told && d.Byte() == 0 {
			continue
		}
		there := reflect.New(v.Type().Field(f.index).Type).Elem()
		if f.take(&d, there); d.Err() != nil {
			break
		}
		if f.told || codec.Sum(there) != sums[j] {
			v.Field(f.index).Set(there)
			sums[j] = codec.Sum(v.Field(f.index))
		}
	}
	if err := d.End(); err != nil {
		return fmt.Errorf("what fields of %s are cannot be understood: %w", s.name, i.Memory.TooMuch(err))
	}
	i.grouped(append(d.Mentioned, handle))
	return nil
}

// show brings the fields of a value, which has an address, up to date.
func (i *Instance) show(ctx context.Context, o *engine.Object, v reflect.Value) error {
	s, err := i.shown(v.Type())
	if s == nil || err != nil {
		return err
	}
	return i.exchangeFields(ctx, s, o.Ref().(*object).handle, v)
}

// note remembers a pointer to a value that shows fields.
func (i *Instance) note(o *engine.Object, h *engine.Held, t reflect.Type) {
	if !i.fields.active.Load() {
		return
	}
	handle := o.Ref().(*object).handle
	f := &i.fields
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.values == nil {
		f.values = map[uint64]*shownValue{}
	}
	if known := f.values[handle]; known != nil && known.held.Value() == h {
		return
	}
	v := &shownValue{weak.Make(h), t, handle, &shownGroup{}}
	v.group.members = []*shownValue{v}
	f.values[handle] = v
}

// grouped lists the values with these handles and those that belong to them, which belong to each
// other from now on.
func (i *Instance) grouped(handles []uint64) []*shownValue {
	f := &i.fields
	if !f.active.Load() || len(handles) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var group *shownGroup
	for _, handle := range handles {
		v := f.values[handle]
		if v == nil {
			continue
		}
		if h := v.held.Value(); h != nil {
			f.recent[f.next], f.next = h, (f.next+1)%len(f.recent)
		}
		switch {
		case group == nil:
			group = v.group
		case group != v.group:
			if len(v.group.members) > len(group.members) {
				group, v = v.group, group.members[0]
			}
			for _, member := range v.group.members {
				group.members, member.group = append(group.members, member), group
			}
		}
	}
	if group == nil {
		return nil
	}
	group.members = slices.DeleteFunc(group.members, func(v *shownValue) bool {
		gone := v.held.Value() == nil
		if gone && f.values[v.handle] == v {
			delete(f.values, v.handle)
		}
		return gone
	})
	return slices.Clone(group.members)
}

// exchangeAll brings the fields of values up to date: all of them, or only those of which fields
// were set here.
func (i *Instance) exchangeAll(ctx context.Context, values []*shownValue, onlySet bool) error {
	for _, value := range values {
		h := value.held.Value()
		if h == nil {
			continue
		}
		s, err := i.shown(value.t)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		v := reflect.NewAt(value.t, h.At()).Elem()
		if onlySet && !s.dirty(v) {
			continue
		}
		if err := i.exchangeFields(ctx, s, value.handle, v); err != nil {
			return err
		}
	}
	return nil
}

// mentionedBy is grouped for what a message has handles of; nil in most modules.
func (i *Instance) mentionedBy(e *wire.Encoder) []*shownValue {
	if !i.fields.active.Load() {
		return nil
	}
	return i.grouped(e.Handles)
}

// together lists values that a call mentioned, with those among its results and what belongs to
// these.
func (i *Instance) together(values []*shownValue, handles []uint64) []*shownValue {
	if len(handles) == 0 {
		return values
	}
	return i.grouped(append(slices.Clone(handles), values[0].handle))
}
