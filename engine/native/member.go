package native

import (
	"fmt"
	"go/token"
	"reflect"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/signature"
)

// member is a symbol of a module, or a field or method of an object.
type member struct {
	name  string
	value reflect.Value // of a variable: addressable where the present value is wanted
	call  bool          // it is a function
}

// membersOf lists what a value offers, sorted by name: the entries of a map, or the fields and
// methods of a struct.
func membersOf(value any) ([]member, error) {
	v := reflect.ValueOf(value)
	var all []member
	switch {
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		for key, entry := range v.Seq2() {
			if entry.Kind() == reflect.Interface {
				entry = entry.Elem()
			}
			all = append(all, member{key.String(), entry, entry.Kind() == reflect.Func})
		}
	case reflect.Indirect(v).Kind() == reflect.Struct:
		all = append(fieldsOf(reflect.Indirect(v)), methodsOf(v)...)
	default:
		return nil, fmt.Errorf("its factory returned %T: a module is made of a map with string keys, a struct or a pointer to one", value)
	}
	for _, m := range all {
		switch {
		case !token.IsIdentifier(m.name):
			return nil, fmt.Errorf("the symbol %q is not an identifier", m.name)
		case !m.value.IsValid() || m.call && m.value.IsNil():
			return nil, fmt.Errorf("the symbol %s is nil", m.name)
		}
	}
	sortMembers(all)
	for i := 1; i < len(all); i++ {
		if all[i].name == all[i-1].name {
			return nil, fmt.Errorf("it has two symbols %s", all[i].name)
		}
	}
	return all, nil
}

// fieldsOf lists the exported fields, with those of embedded structs. The tag `load:"name"` gives a
// field another name; "-" leaves it out.
func fieldsOf(v reflect.Value) []member {
	var all []member
	for _, f := range reflect.VisibleFields(v.Type()) {
		name := f.Name
		if tag, ok := f.Tag.Lookup("load"); ok {
			name = tag
		}
		if !f.IsExported() || f.Anonymous || name == "-" {
			continue
		}
		if value, err := v.FieldByIndexErr(f.Index); err == nil {
			all = append(all, member{name, value, value.Kind() == reflect.Func && !value.IsNil()})
		}
	}
	return all
}

func methodsOf(v reflect.Value) []member {
	var all []member
	for i := range v.NumMethod() {
		all = append(all, member{v.Type().Method(i).Name, v.Method(i), true})
	}
	return all
}

func sortMembers(all []member) {
	slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.name, b.name) })
}

func lookUp(members []member, name string) (member, bool) {
	i, ok := slices.BinarySearchFunc(members, name, func(m member, name string) int { return strings.Compare(m.name, name) })
	if !ok {
		return member{}, false
	}
	return members[i], true
}

func symbolsOf(members []member) []engine.Symbol {
	all := make([]engine.Symbol, len(members))
	for i, m := range members {
		all[i] = engine.Symbol{Name: m.name, Kind: engine.KindVar, Signature: "var " + m.name + " " + m.value.Type().String()}
		if m.call {
			all[i].Kind, all[i].Signature = engine.KindFunc, "func "+m.name+signatureOf(m.value.Type())
			all[i].Params, all[i].Results = signature.Of(m.value.Type())
		}
	}
	return all
}

// signatureOf is a function type as Go source, without the word func.
func signatureOf(t reflect.Type) string {
	return strings.TrimPrefix(reflect.FuncOf(ins(t), outs(t), t.IsVariadic()).String(), "func")
}

func ins(t reflect.Type) []reflect.Type  { return slices.Collect(t.Ins()) }
func outs(t reflect.Type) []reflect.Type { return slices.Collect(t.Outs()) }
