package guestjson

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/loadgo/load/internal/wire"
)

// field is a field of a struct as encoding/json sees it.
type field struct {
	name   string
	tagged bool // the name is that of the tag
	index  []int
	empty  bool // it is left out where it is empty
	zero   bool // or zero
	quoted bool
}

func putStruct(e *wire.Encoder, v reflect.Value) error {
	fields := dominant(fieldsOf(v.Type()))
	e.Byte(wire.TreeStruct)
	for _, f := range fields {
		fv, ok := f.of(v)
		if !ok || f.empty && isEmpty(fv) || f.zero && isZero(fv) {
			continue
		}
		e.Bool(true)
		e.String(f.name)
		e.Bool(f.quoted)
		if err := put(e, fv); err != nil {
			return err
		}
	}
	e.Bool(false)
	return nil
}

// of returns the field of a struct, unless it is behind a nil pointer.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

// fieldsOf lists the fields of a struct, and of structs that are embedded, each of these types once
// at its least depth.
func fieldsOf(t reflect.Type) []field {
	type level struct {
		t     reflect.Type
		index []int
	}
	var fields []field
	seen := map[reflect.Type]bool{}
	now, times := []level{{t, nil}}, map[reflect.Type]int{}
	for len(now) > 0 {
		var next []level
		nextTimes := map[reflect.Type]int{}
		for _, l := range now {
			if seen[l.t] {
				continue
			}
			seen[l.t] = true
			for i := range l.t.NumField() {
				f, embedded := fieldOf(l.t.Field(i))
				f.index = append(l.index[:len(l.index):len(l.index)], i)
				switch {
				case embedded != nil:
					if nextTimes[embedded]++; nextTimes[embedded] == 1 {
						next = append(next, level{embedded, f.index})
					}
				case f.name != "":
					fields = append(fields, f)
					if times[l.t] > 1 { // a name that is there twice hides itself
						fields = append(fields, f)
					}
				}
			}
		}
		now, times = next, nextTimes
	}
	return fields
}

// fieldOf reads the tag of a field. It returns the struct that is embedded by it, and no name where
// it is left out.
func fieldOf(sf reflect.StructField) (f field, embedded reflect.Type) {
	t := sf.Type
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	if !sf.IsExported() && (!sf.Anonymous || t.Kind() != reflect.Struct) {
		return f, nil
	}
	tag := sf.Tag.Get("json")
	if tag == "-" {
		return f, nil
	}
	name, options, _ := strings.Cut(tag, ",")
	if f.tagged = isName(name); f.tagged {
		f.name = name
	} else if sf.Anonymous && t.Kind() == reflect.Struct {
		return f, t
	} else {
		f.name = sf.Name
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			f.empty = true
		case "omitzero":
			f.zero = true
		case "string":
			f.quoted = quotable(t.Kind())
		}
	}
	return f, nil
}

func isName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

func quotable(k reflect.Kind) bool {
	return k == reflect.Bool || k >= reflect.Int && k <= reflect.Float64 || k == reflect.String
}

// dominant leaves of the fields of one name the one at the least depth; of several there the one
// that is tagged, and none where that is not one.
func dominant(fields []field) []field {
	var kept []field
	for i, f := range fields {
		alone := true
		for j, other := range fields {
			if j == i || other.name != f.name {
				continue
			}
			nearer := len(other.index) < len(f.index)
			same := len(other.index) == len(f.index)
			if nearer || same && (other.tagged || !f.tagged) {
				alone = false
				break
			}
		}
		if alone {
			kept = append(kept, f)
		}
	}
	return inOrder(kept)
}

// inOrder sorts fields as the source has them.
func inOrder(fields []field) []field {
	for i := range fields {
		for j := i; j > 0 && before(fields[j].index, fields[j-1].index); j-- {
			fields[j], fields[j-1] = fields[j-1], fields[j]
		}
	}
	return fields
}

func before(a, b []int) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return len(a) < len(b)
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func isZero(v reflect.Value) bool {
	if v.CanAddr() {
		if own, ok := v.Addr().Interface().(interface{ IsZero() bool }); ok {
			return own.IsZero()
		}
	}
	nilable := v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface
	if own, ok := v.Interface().(interface{ IsZero() bool }); ok && !(nilable && v.IsNil()) {
		return own.IsZero()
	}
	return v.IsZero()
}
