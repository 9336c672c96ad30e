package asgo

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load"
)

// describe prints values, those of the package as the objects that stand for them.
func describe(values []reflect.Value) string {
	parts := make([]string, len(values))
	for j, v := range values {
		parts[j] = text(v, 0)
	}
	return strings.Join(parts, ", ")
}

// shown is how long a string is printed in full.
const shown = 80

func text(v reflect.Value, depth int) string {
	if !v.IsValid() || depth > maxLevels+2 {
		return "…"
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Slice, reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
	}
	if v.Type() != errorType && v.Kind() != reflect.Interface && hostType(v.Type()) == objectType && v.Type() != objectType {
		return own(v)
	}
	switch x := v.Interface().(type) {
	case *load.Object:
		return objectText(x)
	case time.Time:
		return x.Format(time.RFC3339Nano) + " " + x.Location().String()
	case *time.Location:
		return x.String()
	case *reader:
		return fmt.Sprintf("reader(%.80q, %d, %v)", x.text, x.step, x.err)
	case *writer:
		return fmt.Sprintf("writer(%.80q)", x.text)
	case error:
		return own(v)
	}
	if v.Kind() == reflect.Interface {
		return text(v.Elem(), depth)
	}
	switch v.Kind() {
	case reflect.String:
		if v.Len() > shown {
			return fmt.Sprintf("%q…%d", v.String()[:shown], v.Len())
		}
		return fmt.Sprintf("%q", v.String())
	case reflect.Pointer:
		return "&" + text(v.Elem(), depth+1)
	case reflect.Func:
		return "func"
	case reflect.Struct:
		if hasText(v.Type()) {
			p := reflect.New(v.Type())
			p.Elem().Set(v)
			return fmt.Sprint(p.Interface())
		}
		return list("{", v.NumField(), func(j int) string { return v.Type().Field(j).Name + ":" + text(v.Field(j), depth+1) })
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return fmt.Sprintf("%.80q", v.Interface())
		}
		return list("[", v.Len(), func(j int) string { return text(v.Index(j), depth+1) })
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(text(a, 0), text(b, 0)) })
		return list("map[", len(keys), func(j int) string { return text(keys[j], 0) + ":" + text(v.MapIndex(keys[j]), depth+1) })
	}
	return fmt.Sprint(v.Interface())
}

func list(open string, n int, text func(int) string) string {
	parts := make([]string, n)
	for j := range parts {
		parts[j] = text(j)
	}
	return open + strings.Join(parts, " ") + map[byte]string{'{': "}", '[': "]"}[open[len(open)-1]]
}

// own is what a value that stays in the module says of itself, by Error or String, which may panic.
// The text of others is made of addresses.
func own(v reflect.Value) (s string) {
	defer func() {
		if recover() != nil {
			s = "object()"
		}
	}()
	switch x := v.Interface().(type) {
	case error:
		return fmt.Sprintf("error(%.200s)", x.Error())
	case fmt.Stringer:
		return fmt.Sprintf("object(%.200s)", x.String())
	}
	return "object()"
}

func objectText(o *load.Object) string {
	for _, m := range o.Methods() {
		form := "object(%.200s)"
		if m.Name == "Error" {
			form = "error(%.200s)"
		}
		if (m.Name == "String" || m.Name == "Error") && strings.HasSuffix(m.Signature, m.Name+"() string") {
			text, err := o.Call(context.Background(), m.Name)
			if err != nil {
				return "object()"
			}
			return fmt.Sprintf(form, text...)
		}
	}
	return "object()"
}
