package given

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// askedMethods answer for what the standard library asks for by type assertion, in the order of
// their numbers in package wire. What a value is given as an interface for is its methods: its
// fields are read and written only as its type itself says.
var askedMethods = []Method{
	answerOwnJSON, answerFromJSON, answerFormat,
	answerFlag(func(v interface{ IsBoolFlag() bool }) bool { return v.IsBoolFlag() }),
	answerFlag(func(v interface{ IsCumulative() bool }) bool { return v.IsCumulative() }),
}

// answerOwnJSON answers with the JSON of a value. Whether < is escaped is the module's to say.
func answerOwnJSON(c *Call, v reflect.Value) error {
	if err := c.taken(); err != nil {
		return err
	}
	if !hasJSON(v.Type(), reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()) {
		return noJSON(v, "MarshalJSON")
	}
	text, err := writeJSON(v.Interface())
	c.out.Bytes(text)
	c.putError(err)
	return nil
}

// writeJSON is [json.Marshal] without escapes for HTML: the module's encoder makes them, where it
// is to.
func writeJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// answerFromJSON fills what a value leads to, also a map, from JSON.
func answerFromJSON(c *Call, v reflect.Value) error {
	text := c.in.Bytes()
	if err := c.taken(); err != nil {
		return err
	}
	if !hasJSON(v.Type(), reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return noJSON(v, "UnmarshalJSON")
	}
	to := v.Interface()
	if v.Kind() == reflect.Map && !v.Type().Implements(reflect.TypeFor[json.Unmarshaler]()) {
		filled := reflect.New(v.Type())
		filled.Elem().Set(v)
		to = filled.Interface()
	}
	err := json.Unmarshal(text, to)
	c.results(nil, func() { c.putError(err) })
	return nil
}

func noJSON(v reflect.Value, method string) error {
	return fmt.Errorf("a %s of the host has no JSON form in the module: it needs json tags or a method %s", v.Type(), method)
}

// hasJSON reports whether a type says that it has a JSON form: by a method, by the tags of its
// fields, or because it is a map.
func hasJSON(t reflect.Type, methods ...reflect.Type) bool {
	if slices.ContainsFunc(methods, t.Implements) {
		return true
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Map || hasTags(t, map[reflect.Type]bool{})
}

// hasTags reports whether a struct, or one that it embeds, has tags for JSON.
func hasTags(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return false
	}
	seen[t] = true
	for f := range t.Fields() {
		if _, tagged := f.Tag.Lookup("json"); tagged && f.IsExported() || f.Anonymous && hasTags(f.Type, seen) {
			return true
		}
	}
	return false
}

// oneVerb is what [fmt.FormatString] makes.
var oneVerb = regexp.MustCompile(`^%[ +\-#0]*[0-9]{0,6}(\.[0-9]{0,6})?(.)$`)

// answerFormat answers with what package fmt prints of a value that has a method for that.
func answerFormat(c *Call, v reflect.Value) error {
	format := c.in.String()
	if err := c.taken(); err != nil {
		return err
	}
	verb := oneVerb.FindStringSubmatch(format)
	if verb == nil {
		return errors.New("the format cannot be understood")
	}
	value := v.Interface()
	_, says := value.(fmt.Formatter)
	switch {
	case says:
	case verb[2] == "v" && strings.Contains(format, "#"):
		_, says = value.(fmt.GoStringer)
	case strings.Contains("vsxXq", verb[2]):
		_, isError := value.(error)
		_, isStringer := value.(fmt.Stringer)
		says = isError || isStringer
	}
	if !says {
		return fmt.Errorf("a %s of the host does not say how it is printed", v.Type())
	}
	text := fmt.Sprintf(format, value)
	c.results(nil, func() { c.out.String(text) })
	return nil
}

// answerFlag answers with what a flag says of itself.
func answerFlag[I any](is func(I) bool) Method {
	return func(c *Call, v reflect.Value) error {
		if err := c.taken(); err != nil {
			return err
		}
		flag, ok := v.Interface().(I)
		says := ok && is(flag)
		c.results(nil, func() { c.out.Bool(says) })
		return nil
	}
}

// Wider finds the interfaces of the module that values are beside the one that they are given as:
// its code asks for them by type assertion. It is safe for concurrent use.
type Wider struct {
	values *Values

	numbers []int
	known   sync.Map // reflect.Type → *widest, nil for none
}

type widest struct {
	number int
	encode codec.Encoder
	err    error
}

// Wider returns what finds them for interface n.
func (h *Values) Wider(n int) *Wider { return &Wider{values: h, numbers: h.api.Wider(n)} }

// Put appends a value as the widest interface that it is, and reports whether it is one.
func (w *Wider) Put(e *wire.Encoder, v reflect.Value) bool {
	if len(w.numbers) == 0 {
		return false
	}
	found, ok := w.known.Load(v.Type())
	if !ok {
		found = w.find(v.Type())
		w.known.Store(v.Type(), found)
	}
	wide := found.(*widest)
	switch {
	case wide == nil:
		return false
	case wide.err != nil:
		e.Fail(wide.err)
	default:
		e.Byte(wire.TagTyped)
		e.Uint(uint64(wide.number))
		wide.encode(e, v)
	}
	return true
}

func (w *Wider) find(t reflect.Type) (found *widest) {
	described := w.values.api
	for _, n := range w.numbers {
		if slices.ContainsFunc(described.Types[n].Methods, func(m api.Method) bool { _, ok := t.MethodByName(m.Name); return !ok }) {
			continue
		}
		encode, err := w.values.codec.Encoder(t, n, false)
		switch {
		case err != nil: // a method of that name is another one
		case found == nil:
			found = &widest{number: n, encode: encode}
		case !described.Covers(found.number, n):
			found.err = fmt.Errorf("a %s is %s and %s of the module, and can be given as one of them only", t, described.Types[found.number].Text, described.Types[n].Text)
		}
	}
	return found
}
