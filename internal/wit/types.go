package wit

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/tetratelabs/wazero/api"
)

// Kind is the kind of a type.
type Kind int

// The kinds. A text is a string or a list of bytes.
const (
	Number Kind = iota
	Text
	List
	Record
	Enum
	Option
	Result
)

// Type is the type of a parameter or a result; nil is none.
type Type = *Def

// Def is a type: its parts are those that its kind has.
type Def struct {
	Kind   Kind
	Name   string // as it is written
	Fields []Field
	Labels []string
	Elem   Type // of a list, of an option
	Ok     Type // of a result, or nil
	Err    Type // of a result, or nil

	size, align uint32
	leaves      int // numbers that values consist of, as parameters
	deep        int // types within each other
}

// Field is a field of a record.
type Field struct {
	Name string
	Type Type
	at   uint32
}

func number(name string, size uint32) Type {
	return &Def{Kind: Number, Name: name, size: size, align: size, leaves: 1}
}

func text(name string) Type { return &Def{Kind: Text, Name: name, size: 8, align: 4, leaves: 2} }

// The types that are not made of others.
var (
	String = text("string")
	Bytes  = text("list<u8>")
	Bool   = number("bool", 1)
	Char   = number("char", 4)
	U8     = number("u8", 1)
	U16    = number("u16", 2)
	U32    = number("u32", 4)
	U64    = number("u64", 8)
	S8     = number("s8", 1)
	S16    = number("s16", 2)
	S32    = number("s32", 4)
	S64    = number("s64", 8)
	F32    = number("f32", 4)
	F64    = number("f64", 8)
)

// known are the types by their names.
var known = map[string]Type{
	"string": String, "bool": Bool, "char": Char, "u8": U8, "u16": U16, "u32": U32, "u64": U64,
	"s8": S8, "s16": S16, "s32": S32, "s64": S64, "f32": F32, "f64": F64, "float32": F32, "float64": F64,
}

// maxLeaves bounds a type: one of few letters can have billions of parts.
const maxLeaves = 1000

// complete works out the layout of a type whose parts are complete.
func (t *Def) complete() error {
	switch t.Kind {
	case List:
		t.size, t.align, t.leaves = 8, 4, 2
	case Option:
		t.variant(t.Elem, nil)
	case Result:
		t.variant(t.Ok, t.Err)
	case Enum:
		if n := len(t.Labels); n == 0 || n > 1<<16 {
			return fmt.Errorf("it has %d values", n)
		}
		t.size, t.leaves = 1, 1
		if len(t.Labels) > 1<<8 {
			t.size = 2
		}
		t.align = t.size
		return twice(t.Labels)
	case Record:
		var names []string
		t.align = 1
		for i := range t.Fields {
			f := &t.Fields[i]
			names = append(names, plainName(f.Name))
			t.align, t.leaves = max(t.align, f.Type.align), t.leaves+f.Type.leaves
			f.at = aligned(t.size, f.Type.align)
			t.size = f.at + f.Type.size
		}
		if t.size = aligned(t.size, t.align); t.size == 0 {
			return errors.New("it has no fields")
		}
		if err := twice(names); err != nil {
			return err
		}
	}
	for _, part := range t.parts() {
		t.deep = max(t.deep, part.deep+1)
	}
	if t.deep > maxDepth {
		return fmt.Errorf("its types nest more than %d deep", maxDepth)
	}
	if t.leaves > maxLeaves {
		return fmt.Errorf("its values consist of more than %d numbers", maxLeaves)
	}
	return nil
}

// parts are the types that it is made of.
func (t *Def) parts() []Type {
	var all []Type
	for _, part := range []Type{t.Elem, t.Ok, t.Err} {
		if part != nil {
			all = append(all, part)
		}
	}
	for _, f := range t.Fields {
		all = append(all, f.Type)
	}
	return all
}

// variant works out the layout of a type with a case and perhaps a value.
func (t *Def) variant(values ...Type) {
	t.size, t.align, t.leaves = 1, 1, 1
	most := 0
	for _, v := range values {
		if v != nil {
			t.align, most = max(t.align, v.align), max(most, v.leaves)
		}
	}
	for _, v := range values {
		if v != nil {
			t.size = max(t.size, aligned(1, t.align)+v.size)
		}
	}
	t.size, t.leaves = aligned(t.size, t.align), 1+most
}

// payload is where the value of a variant lies.
func (t *Def) payload() uint32 { return aligned(1, t.align) }

func aligned(at, align uint32) uint32 { return (at + align - 1) / align * align }

func twice(names []string) error {
	seen := make(map[string]bool)
	for _, name := range names {
		if seen[name] {
			return fmt.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	return nil
}

// plainName is a name as those of Go are compared with it.
func plainName(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// Flat are the WebAssembly types that values consist of, as parameters.
func (t *Def) Flat() []api.ValueType {
	switch t.Kind {
	case Number, Enum:
		return []api.ValueType{Core(t)}
	case Text, List:
		return []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}
	case Record:
		var all []api.ValueType
		for _, f := range t.Fields {
			all = append(all, f.Type.Flat()...)
		}
		return all
	case Option:
		return append([]api.ValueType{api.ValueTypeI32}, t.Elem.Flat()...)
	}
	// Of a result only the case is ever one: as what is returned it lies in the memory otherwise.
	all := make([]api.ValueType, t.leaves)
	for i := range all {
		all[i] = api.ValueTypeI32
	}
	return all
}

// What a function takes and returns beyond these lies in the memory.
const (
	maxFlatParams  = 16
	maxFlatResults = 1
)

// Core are the types that the function has in the module.
func (f *Func) Core() (params, results []api.ValueType) {
	for _, p := range f.Params {
		params = append(params, p.Type.Flat()...)
	}
	if len(params) > maxFlatParams {
		params = []api.ValueType{api.ValueTypeI32}
	}
	if f.Result != nil {
		results = f.Result.Flat()
		if len(results) > maxFlatResults {
			results = []api.ValueType{api.ValueTypeI32}
		}
	}
	return params, results
}

// InMemory reports whether the function takes, or returns, what lies in the memory.
func (f *Func) InMemory() (takes, returns bool) {
	n := 0
	for _, p := range f.Params {
		n += p.Type.leaves
		takes = takes || p.Type.pointed()
	}
	return takes || n > maxFlatParams, f.Result != nil && f.Result.leaves > maxFlatResults
}

// pointed reports whether values have parts that lie in the memory.
func (t *Def) pointed() bool {
	switch t.Kind {
	case Text, List:
		return true
	case Option:
		return t.Elem.pointed()
	case Record:
		for _, f := range t.Fields {
			if f.Type.pointed() {
				return true
			}
		}
	}
	return false
}

// Spelled is the type as Go has it, in signatures: a record by its name.
func (t *Def) Spelled() string {
	switch t.Kind {
	case Number, Text:
		return GoType(t).String()
	case List:
		return "[]" + t.Elem.Spelled()
	case Option:
		return "*" + t.Elem.Spelled()
	case Enum:
		return "string"
	}
	return "map[string]any"
}

// GoType is the Go type of a number or a text.
func GoType(t Type) reflect.Type { return goTypes[t] }
