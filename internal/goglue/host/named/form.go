package named

import (
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire/dynamic"
)

// formMethods are the interfaces of one form, and the letter of what is only read from it, if that
// is carried.
type formMethods struct {
	asked         api.Forms
	letter, reads byte
	marshal, fill reflect.Type
}

var forms = []formMethods{
	{api.TextForm, dynamic.FormText, dynamic.FormFromText, reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()},
	{api.BinaryForm, dynamic.FormBinary, 0, reflect.TypeFor[encoding.BinaryMarshaler](), nil},
	{api.JSONForm, dynamic.FormJSON, dynamic.FormFromJSON, reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler]()},
}

// Form names the forms that values of a type have by methods of their own and that the module asks
// for, as package dynamic does. Of values that have an address, the methods of the pointer count.
func (n *Types) Form(t reflect.Type, addressable bool) string {
	if n.api.Asked == 0 || t.Name() == "" && t.Kind() != reflect.Struct || t.Kind() == reflect.Interface {
		return ""
	}
	p := reflect.PointerTo(t)
	if p.NumMethod() == 0 {
		return ""
	}
	var letters strings.Builder
	onlyRead := ""
	for _, f := range forms {
		switch {
		case n.api.Asked&f.asked == 0:
		case t.Implements(f.marshal) || addressable && p.Implements(f.marshal):
			letters.WriteByte(f.letter)
		case f.reads != 0 && onlyRead == "" && addressable && p.Implements(f.fill):
			onlyRead = string(f.reads)
		}
	}
	switch {
	case letters.Len() > 0:
		return dynamic.FormPrefix + letters.String()
	case onlyRead != "":
		return dynamic.FormPrefix + onlyRead
	}
	return ""
}

// notCarried are the forms that a value of the host does not have in a module. Packages gob and sql
// are large.
var notCarried = []struct {
	asked api.Forms
	by    reflect.Type
	text  string
}{
	{api.GobForm, reflect.TypeFor[interface{ GobEncode() ([]byte, error) }](), "GobEncode"},
	{api.GobForm, reflect.TypeFor[interface{ GobDecode([]byte) error }](), "GobDecode"},
	{api.ValuerForm, reflect.TypeFor[driver.Valuer](), "Value"},
	{api.ScannerForm, reflect.TypeFor[interface{ Scan(any) error }](), "Scan"},
}

// Refused says why values of a type that have no form do not cross by what they are made of, or
// returns "": the module asks for a form that is not carried.
func (n *Types) Refused(t reflect.Type) string {
	if t.Name() == "" && t.Kind() != reflect.Struct || t.Kind() == reflect.Interface {
		return ""
	}
	for _, f := range notCarried {
		if n.api.Asked&f.asked != 0 && reflect.PointerTo(t).Implements(f.by) {
			return "the module asks for its method " + f.text + ", which does not cross"
		}
	}
	return ""
}
