package wasm

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/loadgo/load/engine"
)

// bindPlugin binds a function of bytes: at most one parameter and one result. A []byte and a string
// are the bytes themselves, any other type is JSON.
func (m *module) bindPlugin(symbol string, f *goFunction) (run func(ctx context.Context, args, results []reflect.Value) error, reason string) {
	switch {
	case f.t.IsVariadic():
		return nil, "it is not variadic"
	case len(f.params) > 1:
		return nil, fmt.Sprintf("it has one parameter, its input, not %d: put them into a struct", len(f.params))
	case len(f.results) > 1:
		return nil, fmt.Sprintf("it has one result, its output, and an error, not %d: put them into a struct", len(f.results))
	}
	for _, t := range append(append([]reflect.Type{}, f.params...), f.results...) {
		if reason := jsonless(t); reason != "" {
			return nil, reason
		}
	}
	return func(ctx context.Context, args, results []reflect.Value) error {
		var input []byte
		if len(args) == 1 {
			var err error
			if input, err = encodeBytes(args[0]); err != nil {
				return fmt.Errorf("argument 1: %w", err)
			}
		}
		output, err := m.callPlugin(ctx, symbol, input)
		if err != nil || len(results) == 0 {
			return err
		}
		if err := m.decode(output, results[0]); err != nil {
			return fmt.Errorf("the output of %s is not a %s: %w", symbol, results[0].Type(), err)
		}
		return nil
	}, ""
}

// decode sets a Go value to bytes, which it may keep. Of JSON there is a bound.
func (m *module) decode(data []byte, to reflect.Value) error {
	if most := m.config.MaxOutput; !isRaw(to.Type()) && int64(len(data)) > most {
		return &engine.LimitError{Reason: fmt.Sprintf("it has %d bytes, and %d are read as JSON", len(data), most), Fix: "set wasm.Config.MaxOutput, or take []byte"}
	}
	return decodeBytes(data, to)
}

// jsonless says why values of a type cannot be written as JSON, or "".
func jsonless(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Sprintf("a %s is neither bytes nor JSON", t)
	}
	return ""
}

// isRaw reports whether values of a type are bytes as they are.
func isRaw(t reflect.Type) bool {
	return t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// encodeBytes makes the input of a Go value. The zero Value is no input.
func encodeBytes(v reflect.Value) ([]byte, error) {
	switch {
	case !v.IsValid():
		return nil, nil
	case v.Kind() == reflect.Interface && !v.IsNil() && isRaw(v.Elem().Type()):
		return encodeBytes(v.Elem())
	case !isRaw(v.Type()):
		return json.Marshal(v.Interface())
	case v.Kind() == reflect.String:
		return []byte(v.String()), nil
	}
	return v.Bytes(), nil
}

// decodeBytes sets a Go value to the output, which it may keep.
func decodeBytes(output []byte, to reflect.Value) error {
	switch {
	case !isRaw(to.Type()):
		return json.Unmarshal(output, to.Addr().Interface())
	case to.Kind() == reflect.String:
		to.SetString(string(output))
	default:
		to.SetBytes(output)
	}
	return nil
}

// callBytes calls a function of bytes with an argument whose type is seen only now. The output is a
// string, whatever it holds.
func (m *module) callBytes(ctx context.Context, s engine.Symbol, args []any) ([]any, error) {
	if len(args) > 1 {
		return nil, m.misfit(s, "", fmt.Sprintf("it has one parameter, its input, not %d", len(args)))
	}
	var input []byte
	if len(args) == 1 {
		v := reflect.ValueOf(args[0])
		reason := ""
		if v.IsValid() {
			reason = jsonless(v.Type())
		}
		var err error
		if input, err = encodeBytes(v); err != nil {
			reason = err.Error()
		}
		if reason != "" {
			return nil, m.misfit(s, "", "argument 1: "+reason)
		}
	}
	output, err := m.callPlugin(ctx, s.Name, input)
	if err != nil {
		return nil, err
	}
	return []any{string(output)}, nil
}
