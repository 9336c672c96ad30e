package dynamic

import (
	"errors"
	"reflect"
)

// formTypes are what values of the host are in the module that cross in their forms: encoders and
// decoders find the same methods there.
var formTypes = map[string]reflect.Type{
	".t": reflect.TypeFor[Text](), ".b": reflect.TypeFor[Binary](), ".j": reflect.TypeFor[JSON](),
	".tb": reflect.TypeFor[TextBinary](), ".tj": reflect.TypeFor[TextJSON](), ".bj": reflect.TypeFor[BinaryJSON](), ".tbj": reflect.TypeFor[TextBinaryJSON](),
	".T": reflect.TypeFor[FromText](), ".J": reflect.TypeFor[FromJSON](),
	".tw": reflect.TypeFor[TextWhole](), ".bw": reflect.TypeFor[BinaryWhole](), ".jw": reflect.TypeFor[JSONWhole](),
}

// Values in one form are that form. Those in several, and those that are only read, have each of
// them, or the one that they were filled by.
type (
	Text           string
	Binary         string
	JSON           string
	TextBinary     string
	TextJSON       string
	BinaryJSON     string
	TextBinaryJSON string
	FromText       string
	FromJSON       string
	TextWhole      string
	BinaryWhole    string
	JSONWhole      string
)

func (v Text) MarshalText() ([]byte, error)               { return []byte(v), nil }
func (v *Text) UnmarshalText(text []byte) error           { *v = Text(text); return nil }
func (v Binary) MarshalBinary() ([]byte, error)           { return []byte(v), nil }
func (v *Binary) UnmarshalBinary(data []byte) error       { *v = Binary(data); return nil }
func (v JSON) MarshalJSON() ([]byte, error)               { return []byte(v), nil }
func (v *JSON) UnmarshalJSON(text []byte) error           { *v = JSON(text); return nil }
func (v TextBinary) MarshalText() ([]byte, error)         { return form(v, FormText) }
func (v *TextBinary) UnmarshalText(text []byte) error     { return setForm(v, FormText, text) }
func (v TextBinary) MarshalBinary() ([]byte, error)       { return form(v, FormBinary) }
func (v *TextBinary) UnmarshalBinary(data []byte) error   { return setForm(v, FormBinary, data) }
func (v TextJSON) MarshalText() ([]byte, error)           { return form(v, FormText) }
func (v *TextJSON) UnmarshalText(text []byte) error       { return setForm(v, FormText, text) }
func (v TextJSON) MarshalJSON() ([]byte, error)           { return form(v, FormJSON) }
func (v *TextJSON) UnmarshalJSON(text []byte) error       { return setForm(v, FormJSON, text) }
func (v BinaryJSON) MarshalBinary() ([]byte, error)       { return form(v, FormBinary) }
func (v *BinaryJSON) UnmarshalBinary(data []byte) error   { return setForm(v, FormBinary, data) }
func (v BinaryJSON) MarshalJSON() ([]byte, error)         { return form(v, FormJSON) }
func (v *BinaryJSON) UnmarshalJSON(text []byte) error     { return setForm(v, FormJSON, text) }
func (v TextBinaryJSON) MarshalText() ([]byte, error)     { return form(v, FormText) }
func (v *TextBinaryJSON) UnmarshalText(text []byte) error { return setForm(v, FormText, text) }
func (v TextBinaryJSON) MarshalBinary() ([]byte, error)   { return form(v, FormBinary) }
func (v *TextBinaryJSON) UnmarshalBinary(d []byte) error  { return setForm(v, FormBinary, d) }
func (v TextBinaryJSON) MarshalJSON() ([]byte, error)     { return form(v, FormJSON) }
func (v *TextBinaryJSON) UnmarshalJSON(text []byte) error { return setForm(v, FormJSON, text) }
func (v FromText) MarshalText() ([]byte, error)           { return nil, errOnlyRead }
func (v *FromText) UnmarshalText(text []byte) error       { return setForm(v, FormFromText, text) }
func (v FromJSON) MarshalJSON() ([]byte, error)           { return nil, errOnlyRead }
func (v *FromJSON) UnmarshalJSON(text []byte) error       { return setForm(v, FormFromJSON, text) }
func (v TextWhole) MarshalText() ([]byte, error)          { return form(v, FormText) }
func (v *TextWhole) UnmarshalText(text []byte) error      { return setForm(v, FormText, text) }
func (v BinaryWhole) MarshalBinary() ([]byte, error)      { return form(v, FormBinary) }
func (v *BinaryWhole) UnmarshalBinary(data []byte) error  { return setForm(v, FormBinary, data) }
func (v JSONWhole) MarshalJSON() ([]byte, error)          { return form(v, FormJSON) }
func (v *JSONWhole) UnmarshalJSON(text []byte) error      { return setForm(v, FormJSON, text) }

// String prints a value in several forms.
func (v TextBinary) String() string     { return formText(v) }
func (v TextJSON) String() string       { return formText(v) }
func (v BinaryJSON) String() string     { return formText(v) }
func (v TextBinaryJSON) String() string { return formText(v) }
func (v FromText) String() string       { return formText(v) }
func (v FromJSON) String() string       { return formText(v) }
func (v TextWhole) String() string      { return formText(v) }
func (v BinaryWhole) String() string    { return formText(v) }
func (v JSONWhole) String() string      { return formText(v) }

var (
	errOnlyRead = errors.New("a value of the host is only read from this form: its type has UnmarshalText or UnmarshalJSON, and no MarshalText or MarshalJSON")
	errFilled   = errors.New("a value of the host does not have this form: it has been filled by another one, or embeds nil")
)
