package wasm

import (
	"context"
	"fmt"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wasmbytes"
)

// bindPlugin binds a function of bytes: at most one parameter and one result. A []byte and a string
// are the bytes themselves; any other type crosses by its codec, mostly as JSON.
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
		if reason := m.config.codecs.Unfit(t); reason != "" {
			return nil, reason
		}
	}
	return func(ctx context.Context, args, results []reflect.Value) error {
		var input []byte
		if len(args) == 1 {
			var err error
			if input, err = m.config.codecs.Encode(args[0]); err != nil {
				return fmt.Errorf("%s: argument 1: %w", symbol, err)
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

// decode sets a Go value to bytes, which it may keep. What a codec reads is bounded.
func (m *module) decode(data []byte, to reflect.Value) error {
	if most := m.config.MaxOutput; !wasmbytes.IsRaw(to.Type()) && int64(len(data)) > most {
		return &engine.LimitError{Reason: fmt.Sprintf("it has %d bytes, and %d are decoded", len(data), most), Fix: "set wasm.Config.MaxOutput, or take []byte"}
	}
	return m.config.codecs.Decode(data, to)
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
			reason = m.config.codecs.Unfit(v.Type())
		}
		var err error
		if input, err = m.config.codecs.Encode(v); err != nil {
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
