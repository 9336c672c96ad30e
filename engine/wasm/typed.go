package wasm

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wasmvalue"
	"github.com/loadgo/load/internal/wit"
)

// typed is an exported function that takes or returns texts in the module's memory, as a text
// beside the module says:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md. A text is
// two numbers, its place and its length; the module makes room for those that it takes. One that it
// returns is at the place that the function returns.
type typed struct {
	wit.Func
	export, makeRoom, post string // post is told when a returned text was read; "" is none
}

const (
	canonicalRoom = "cabi_realloc" // (old place, old size, alignment, size)
	plainRoom     = "malloc"
	postPrefix    = "cabi_post_"
	witSection    = "wit"
)

// typesText is the text that says the types of a module's functions: the file beside it, or else
// its section.
func (b *binaryModule) typesText(beside []byte) []byte {
	if beside != nil {
		return beside
	}
	return b.custom(witSection)
}

// typedFunctions are the functions of a text, compared with what the module exports.
func (b *binaryModule) typedFunctions(text []byte) (map[string]*typed, error) {
	wrong := func(reason string) (map[string]*typed, error) {
		return nil, &engine.CompileError{Reason: "the text that says its types is wrong: " + reason}
	}
	functions, err := wit.Parse(string(text))
	if err != nil {
		return wrong(err.Error())
	}
	all := make(map[string]*typed)
	for _, f := range functions {
		t := &typed{Func: f, export: f.Name}
		have, ok := b.function(t.export)
		if !ok {
			t.export = strings.ReplaceAll(f.Name, "-", "_")
			have, ok = b.function(t.export)
		}
		if want := t.core(); !ok || have.String() != want.String() {
			found := "and it is " + have.String()
			if !ok {
				found = "and it is not exported"
			}
			return wrong(fmt.Sprintf("%s has to be %s in the module, %s", f.Name, want, found))
		}
		if reason := b.rooms(t); reason != "" {
			return wrong(f.Name + ": " + reason)
		}
		all[t.export] = t
	}
	return all, nil
}

// rooms notes how texts cross, or says why they cannot.
func (b *binaryModule) rooms(t *typed) string {
	takes := slices.ContainsFunc(t.Params, func(p wit.Param) bool { return p.Type.IsText() })
	if !takes && !t.Result.IsText() {
		return ""
	}
	if _, ok := b.exported[exportKey{"memory", 2}]; !ok {
		return "the module exports no memory"
	}
	if _, ok := b.function(postPrefix + t.Name); ok {
		t.post = postPrefix + t.Name
	}
	for name, want := range map[string]string{canonicalRoom: "func(int32, int32, int32, int32) int32", plainRoom: "func(int32) int32"} {
		have, ok := b.function(name)
		if ok && have.String() == want && t.makeRoom != canonicalRoom {
			t.makeRoom = name
		}
	}
	if takes && t.makeRoom == "" {
		return "the module exports neither cabi_realloc nor malloc, which make room for what it takes"
	}
	return ""
}

// function is the type of an exported function.
func (b *binaryModule) function(name string) (functionType, bool) {
	index, ok := b.exported[exportKey{name, 0}]
	if !ok {
		return functionType{}, false
	}
	return b.functionType(index)
}

// core is the type that the function has in the module.
func (t *typed) core() functionType {
	var f functionType
	for _, p := range t.Params {
		f.params = append(f.params, wit.Core(p.Type))
		if p.Type.IsText() {
			f.params = append(f.params, api.ValueTypeI32)
		}
	}
	if t.Result != "" {
		f.results = []byte{wit.Core(t.Result)}
	}
	return f
}

// symbol describes the function.
func (t *typed) symbol() engine.Symbol {
	var params []string
	for _, p := range t.Params {
		params = append(params, strings.ReplaceAll(p.Name, "-", "_")+" "+wit.GoType(p.Type).String())
	}
	result := ""
	if t.Result != "" {
		result = " " + wit.GoType(t.Result).String()
	}
	return engine.Symbol{Name: t.export, Kind: engine.KindFunc, Signature: "func " + t.export + "(" + strings.Join(params, ", ") + ")" + result}
}

// unfit says why Go values of a type cannot be those of another, or "".
func (m *module) unfit(g reflect.Type, t wit.Type, argument bool) string {
	ok := false
	switch {
	case t.IsText():
		ok = !isNumeric(g) && m.config.codecs.Unfit(g) == ""
	case t == wit.Bool:
		ok = g.Kind() == reflect.Bool
	default:
		ok = g.Kind() != reflect.Bool && wasmvalue.Fits(g, wit.Core(t), argument)
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("is a %s, not a %s", wit.GoType(t), g)
}

// bindTyped binds a function whose types a text says.
func (m *module) bindTyped(t *typed, f *goFunction) (run func(ctx context.Context, args, results []reflect.Value) error, reason string) {
	wanted := 0
	if t.Result != "" {
		wanted = 1
	}
	switch {
	case f.t.IsVariadic():
		return nil, "it is not variadic"
	case len(f.params) != len(t.Params):
		return nil, fmt.Sprintf("it has %d parameters, not %d", len(t.Params), len(f.params))
	case len(f.results) != wanted:
		return nil, fmt.Sprintf("it has %d results, not %d", wanted, len(f.results))
	}
	for i, p := range t.Params {
		if reason := m.unfit(f.params[i], p.Type, true); reason != "" {
			return nil, fmt.Sprintf("parameter %d %s", i+1, reason)
		}
	}
	if wanted == 1 {
		if reason := m.unfit(f.results[0], t.Result, false); reason != "" {
			return nil, "its result " + reason
		}
	}
	return func(ctx context.Context, args, results []reflect.Value) error {
		var result reflect.Value
		if wanted == 1 {
			result = results[0]
		}
		return m.callTyped(ctx, t, args, result)
	}, ""
}

// callTypedNamed calls a function whose types a text says with arguments whose types are seen only
// now.
func (m *module) callTypedNamed(ctx context.Context, s engine.Symbol, t *typed, args []any) ([]any, error) {
	if len(args) != len(t.Params) {
		return nil, m.misfit(s, "", fmt.Sprintf("it has %d parameters, not %d", len(t.Params), len(args)))
	}
	values := make([]reflect.Value, len(args))
	for i, p := range t.Params {
		values[i] = wit.Loosened(reflect.ValueOf(args[i]), p.Type)
		reason := "is a " + wit.GoType(p.Type).String() + ", not nil"
		if values[i].IsValid() {
			reason = m.unfit(values[i].Type(), p.Type, true)
		}
		if reason != "" {
			return nil, m.misfit(s, "", fmt.Sprintf("argument %d %s", i+1, reason))
		}
	}
	if t.Result == "" {
		return []any{}, m.callTyped(ctx, t, values, reflect.Value{})
	}
	result := reflect.New(wit.GoType(t.Result)).Elem()
	if err := m.callTyped(ctx, t, values, result); err != nil {
		return nil, err
	}
	return []any{result.Interface()}, nil
}

// callTyped calls the function.
func (m *module) callTyped(ctx context.Context, t *typed, args []reflect.Value, result reflect.Value) (err error) {
	ctx, leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer func() { leave(err) }()
	var stack []uint64
	for i, p := range t.Params {
		bits, err := m.lower(ctx, t, p.Type, args[i])
		if err != nil {
			return fmt.Errorf("%s: argument %d: %w", t.export, i+1, err)
		}
		stack = append(stack, bits...)
	}
	stack = append(stack, make([]uint64, 1)...)
	if err := m.invoke(ctx, t.export, stack); err != nil || !result.IsValid() {
		return err
	}
	if !t.Result.IsText() {
		return wit.Decode(stack[0], t.Result, result)
	}
	data, err := m.lift(ctx, t, uint32(stack[0]))
	if err != nil {
		return err
	}
	if t.post != "" {
		if err := m.invoke(ctx, t.post, stack[:1]); err != nil {
			return err
		}
	}
	if err := m.decode(data, result); err != nil {
		return fmt.Errorf("the result of %s is not a %s: %w", t.export, result.Type(), err)
	}
	return nil
}

// lower makes the numbers of an argument, and writes it into the module's memory where it is a
// text.
func (m *module) lower(ctx context.Context, t *typed, of wit.Type, v reflect.Value) ([]uint64, error) {
	if !of.IsText() {
		bits, err := wit.Encode(v, of)
		return []uint64{bits}, err
	}
	data, err := m.config.codecs.Encode(v)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > math.MaxInt32 {
		return nil, fmt.Errorf("it has %d bytes", len(data))
	}
	stack := []uint64{0, 0, 1, uint64(len(data))}
	if t.makeRoom == plainRoom {
		stack = []uint64{uint64(len(data))}
	}
	if err := m.invoke(ctx, t.makeRoom, stack); err != nil {
		return nil, err
	}
	place := uint32(stack[0])
	if m.guest == nil {
		return nil, context.Cause(ctx)
	}
	if len(data) > 0 && place == 0 || !m.guest.ExportedMemory("memory").Write(place, data) {
		return nil, &TrapError{Module: m.name, Symbol: t.export, Reason: fmt.Sprintf("%s made no room for %d bytes", t.makeRoom, len(data))}
	}
	return []uint64{uint64(place), uint64(len(data))}, nil
}

// lift copies the text that a function returned.
func (m *module) lift(ctx context.Context, t *typed, at uint32) ([]byte, error) {
	if m.guest == nil {
		return nil, context.Cause(ctx)
	}
	memory := m.guest.ExportedMemory("memory")
	pair, ok := memory.Read(at, 8)
	if ok {
		pair, ok = memory.Read(binary.LittleEndian.Uint32(pair), binary.LittleEndian.Uint32(pair[4:]))
	}
	if !ok {
		return nil, &TrapError{Module: m.name, Symbol: t.export, Reason: fmt.Sprintf("its result, at %d, is not in the module's memory", at)}
	}
	return bytes.Clone(pair), nil
}
