package wasmrun

import (
	"reflect"
	"sync"

	"github.com/tetratelabs/wazero/api"
)

// StackOf returns the size of the machine stack of a function, in bytes. wazero does not tell: it
// is in a field of what makes machine code; its interpreter has none.
func StackOf(f api.Function) int {
	v := reflect.ValueOf(f)
	field := stackField(v.Type())
	if field < 0 {
		return 0
	}
	return v.Elem().Field(field).Cap()
}

var stackFields sync.Map // reflect.Type → int

// stackField returns the number of the field, -1 for a type that does not have it.
func stackField(t reflect.Type) int {
	if known, ok := stackFields.Load(t); ok {
		return known.(int)
	}
	number := -1
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		if f, ok := t.Elem().FieldByName("stack"); ok && f.Type == reflect.TypeFor[[]byte]() && len(f.Index) == 1 {
			number = f.Index[0]
		}
	}
	stackFields.Store(t, number)
	return number
}
