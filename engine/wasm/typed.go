package wasm

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wit"
)

// typed is an exported function whose types a text beside the module says. What is no number lies in
// the module's memory; the module makes room for what it takes.
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

// rooms notes how what lies in the memory crosses, or says why it cannot.
func (b *binaryModule) rooms(t *typed) string {
	takes, returns := t.InMemory()
	if !takes && !returns {
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
	params, results := t.Core()
	return functionType{params, results}
}

// symbol describes the function.
func (t *typed) symbol() engine.Symbol {
	var params []string
	for _, p := range t.Params {
		params = append(params, strings.ReplaceAll(p.Name, "-", "_")+" "+p.Type.Spelled())
	}
	result := ""
	switch r := t.Result; {
	case r == nil:
	case r.Kind != wit.Result:
		result = " " + r.Spelled()
	case r.Ok == nil:
		result = " error"
	default:
		result = " (" + r.Ok.Spelled() + ", error)"
	}
	return engine.Symbol{Name: t.export, Kind: engine.KindFunc, Signature: "func " + t.export + "(" + strings.Join(params, ", ") + ")" + result}
}

// value is the type of what the function returns beside an error, or nil.
func (t *typed) value() wit.Type {
	if t.Result != nil && t.Result.Kind == wit.Result {
		return t.Result.Ok
	}
	return t.Result
}

// unfit says why Go values of a type cannot be those of another, or "".
func (s *shared) unfit(g reflect.Type, t wit.Type, argument bool) string {
	return wit.Unfit(g, t, argument, func(g reflect.Type) string {
		if isNumeric(g) {
			return "it is a number"
		}
		return s.config.codecs.Unfit(g)
	})
}

// bindTyped binds a function whose types a text says.
func (m *module) bindTyped(t *typed, f *goFunction) (run func(ctx context.Context, args, results []reflect.Value) error, reason string) {
	wanted := 0
	if t.value() != nil {
		wanted = 1
	}
	switch {
	case f.t.IsVariadic():
		return nil, "it is not variadic"
	case len(f.params) != len(t.Params):
		return nil, fmt.Sprintf("it has %d parameters, not %d", len(t.Params), len(f.params))
	case len(f.results) != wanted:
		return nil, fmt.Sprintf("it has %d results, not %d", wanted, len(f.results))
	case !f.withError && t.Result != nil && t.Result.Kind == wit.Result:
		return nil, "its result may be an error: give the function one, last"
	}
	for i, p := range t.Params {
		if reason := m.unfit(f.params[i], p.Type, true); reason != "" {
			return nil, fmt.Sprintf("parameter %d %s", i+1, reason)
		}
	}
	if wanted == 1 {
		if reason := m.unfit(f.results[0], t.value(), false); reason != "" {
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
		reason := ""
		switch {
		case values[i].IsValid() && p.Type.Kind != wit.Option:
			reason = m.unfit(values[i].Type(), p.Type, true)
		case p.Type.Kind != wit.Option:
			reason = "is a " + p.Type.Spelled() + ", not nil"
		}
		if reason != "" {
			return nil, m.misfit(s, "", fmt.Sprintf("argument %d %s", i+1, reason))
		}
	}
	var result reflect.Value
	if t.value() != nil {
		result = reflect.New(reflect.TypeFor[any]()).Elem()
	}
	if err := m.callTyped(ctx, t, values, result); err != nil {
		return nil, err
	}
	if !result.IsValid() {
		return []any{}, nil
	}
	return []any{result.Interface()}, nil
}

// callTyped calls the function.
func (m *module) callTyped(ctx context.Context, t *typed, args []reflect.Value, result reflect.Value) (err error) {
	ctx, leave, err := m.enter(ctx, t.Name)
	if err != nil {
		return err
	}
	defer func() { leave(ended(err)) }()
	crossing := wit.Crossing{Guest: guestMemory{ctx, m, t}, Texts: texts{m}, Left: m.config.MaxOutput}
	stack, err := crossing.Lower(&t.Func, args)
	if err != nil {
		return fmt.Errorf("%s: %w", t.export, err)
	}
	stack = append(stack, 0)
	if err := m.invoke(ctx, t.export, stack); err != nil || t.Result == nil {
		return err
	}
	if m.guest == nil {
		return context.Cause(ctx)
	}
	err = crossing.Lift(stack[0], t.Result, result)
	if t.post != "" {
		if err := m.invoke(ctx, t.post, stack[:1]); err != nil {
			return err
		}
	}
	var failed *wit.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		return &ResultError{Module: m.name, Symbol: t.export, Value: failed.Value}
	case errors.Is(err, wit.ErrTooLarge):
		return &engine.LimitError{Reason: fmt.Sprintf("the result of %s takes more than %d bytes", t.export, m.config.MaxOutput), Fix: "set wasm.Config.MaxOutput"}
	}
	var outside wit.Outside
	if errors.As(err, &outside) {
		return &TrapError{Module: m.name, Symbol: t.export, Reason: "its result: " + err.Error(), Err: err}
	}
	return fmt.Errorf("the result of %s: %w", t.export, err)
}

// guestMemory is the memory of the instance that a call runs in.
type guestMemory struct {
	ctx    context.Context
	module *module
	typed  *typed
}

// Room implements [wit.Guest].
func (g guestMemory) Room(size, align uint32) (uint32, error) {
	stack := []uint64{0, 0, uint64(align), uint64(size)}
	if g.typed.makeRoom == plainRoom {
		stack = []uint64{uint64(size)}
	}
	if err := g.module.invoke(g.ctx, g.typed.makeRoom, stack); err != nil {
		return 0, err
	}
	if g.module.guest == nil {
		return 0, context.Cause(g.ctx)
	}
	at := uint32(stack[0])
	if _, ok := g.Read(at, size); !ok || size > 0 && at == 0 {
		return 0, &TrapError{Module: g.module.name, Symbol: g.typed.export, Reason: fmt.Sprintf("%s made no room for %d bytes", g.typed.makeRoom, size)}
	}
	return at, nil
}

// Read implements [wit.Guest].
func (g guestMemory) Read(at, size uint32) ([]byte, bool) {
	return g.module.guest.ExportedMemory("memory").Read(at, size)
}

// Write implements [wit.Guest].
func (g guestMemory) Write(at uint32, data []byte) bool {
	return g.module.guest.ExportedMemory("memory").Write(at, data)
}

// texts takes Go values to bytes as plugins do.
type texts struct{ module *module }

// Encode implements [wit.Texts].
func (t texts) Encode(v reflect.Value) ([]byte, error) { return t.module.config.codecs.Encode(v) }

// Decode implements [wit.Texts].
func (t texts) Decode(data []byte, to reflect.Value) error { return t.module.decode(data, to) }
