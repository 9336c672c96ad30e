package standing

import (
	"fmt"
	"reflect"

	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/wire"
)

// printed is a value of the host that has a method to print it. The host's own package fmt does.
type printed struct{ value reflect.Value }

// Format implements [fmt.Formatter].
func (p printed) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), p.value.Interface())
}

// Original implements [adapted.Given].
func (p printed) Original() reflect.Value { return p.value }

// printing returns as what values of a type are printed by package fmt as a module, or nil. A
// pointer to what is no struct may be one that is scanned into.
func (t *Table) printing(typ reflect.Type) *standing {
	prints := typ.Implements(reflect.TypeFor[fmt.Stringer]()) || typ.Implements(reflect.TypeFor[fmt.GoStringer]()) || typ.Implements(reflect.TypeFor[fmt.Formatter]())
	if t.formatter == 0 || !prints || t.itself(typ) || typ.Kind() == reflect.Pointer && typ.Elem().Kind() != reflect.Struct {
		return nil
	}
	encode, err := t.codec.Encoder(reflect.TypeFor[printed](), t.formatter, false)
	if err != nil {
		return nil
	}
	return &standing{t.formatter, func(e *wire.Encoder, v reflect.Value) { encode(e, reflect.ValueOf(printed{given.Still(v)})) }}
}
