package wasm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/event"
)

// extismModule is the module whose functions plugins import. Older ones import them from env, with
// extism_ before each name; what Compile makes of them has the present names.
const (
	extismModule = "extism:host/env"
	oldModule    = "env"
	oldPrefix    = "extism_"
)

func isExtism(module, name string) bool {
	return module == extismModule || module == oldModule && strings.HasPrefix(name, oldPrefix)
}

// hostFunction is a function of the host for plugins. The stack holds its arguments, then its
// result.
type hostFunction struct {
	params, results []api.ValueType
	call            func(m *module, ctx context.Context, stack []uint64)
}

var (
	none = []api.ValueType{}
	i32  = []api.ValueType{api.ValueTypeI32}
	i64  = []api.ValueType{api.ValueTypeI64}
	two  = []api.ValueType{api.ValueTypeI64, api.ValueTypeI64}
	pair = []api.ValueType{api.ValueTypeI64, api.ValueTypeI32}
)

// extismFunctions is the published interface of Extism. A function without a call is the kernel's.
var extismFunctions = map[string]hostFunction{
	"load_u8":        {params: i64, results: i32},
	"load_u64":       {params: i64, results: i64},
	"store_u8":       {params: pair, results: none},
	"store_u64":      {params: two, results: none},
	"input_length":   {params: none, results: i64},
	"input_offset":   {params: none, results: i64},
	"input_load_u8":  {params: i64, results: i32},
	"input_load_u64": {params: i64, results: i64},

	"alloc":         {i64, i64, of(func(m *module, s []uint64) { s[0] = m.kernel.Alloc(s[0]) })},
	"free":          {i64, none, of(func(m *module, s []uint64) { m.kernel.Release(s[0]) })},
	"length":        {i64, i64, of(func(m *module, s []uint64) { s[0] = m.kernel.Length(s[0]) })},
	"length_unsafe": {i64, i64, of(func(m *module, s []uint64) { s[0] = m.kernel.Length(s[0]) })},
	"input_set": {two, none, of(func(m *module, s []uint64) {
		m.memory("input_set", s[0], s[1])
		m.kernel.SetInput(s[0], s[1])
	})},
	"output_set": {two, none, of(func(m *module, s []uint64) {
		m.memory("output_set", s[0], s[1])
		m.kernel.Output, m.kernel.OutputLength = s[0], s[1]
	})},
	"output_length": {none, i64, of(func(m *module, s []uint64) { s[0] = m.kernel.OutputLength })},
	"output_offset": {none, i64, of(func(m *module, s []uint64) { s[0] = m.kernel.Output })},
	"memory_bytes":  {none, i64, of(func(m *module, s []uint64) { s[0] = m.kernel.Size() })},
	"reset":         {none, none, of(func(m *module, _ []uint64) { m.kernel.Begin(nil) })},
	"error_set":     {i64, none, of((*module).setError)},
	"error_get":     {none, i64, of(func(m *module, s []uint64) { s[0] = m.kernel.Failure })},
	"config_get": {i64, i64, of(func(m *module, s []uint64) {
		value := m.config.Values[string(m.block("config_get", s[0]))]
		s[0] = m.give("config_get", []byte(value))
	})},
	"var_get":          {i64, i64, of(func(m *module, s []uint64) { s[0] = m.give("var_get", m.variables[m.take("var_get", s[0])]) })},
	"var_set":          {two, none, of((*module).setVariable)},
	"log_trace":        {i64, none, logs(levelTrace)},
	"log_debug":        {i64, none, logs(levelDebug)},
	"log_info":         {i64, none, logs(levelInfo)},
	"log_warn":         {i64, none, logs(levelWarn)},
	"log_error":        {i64, none, logs(levelError)},
	"get_log_level":    {none, i32, of(func(_ *module, s []uint64) { s[0] = levelTrace })},
	"http_request":     {two, i64, (*module).request},
	"http_status_code": {none, i32, of(func(m *module, s []uint64) { s[0] = uint64(m.response.status) })},
	"http_headers":     {none, i64, of(func(m *module, s []uint64) { s[0] = m.give("http_headers", m.response.headers) })},
}

// of makes a function of the host of one that needs no context.
func of(call func(m *module, stack []uint64)) func(*module, context.Context, []uint64) {
	return func(m *module, _ context.Context, stack []uint64) { call(m, stack) }
}

// extismType is the type of a function by its name, old or new.
func extismType(name string) (functionType, bool) {
	f, ok := extismFunctions[strings.TrimPrefix(name, oldPrefix)]
	return functionType{f.params, f.results}, ok
}

// memory returns a part of the exchanged memory, and ends the call if there is none.
func (m *module) memory(function string, place, length uint64) []byte {
	data, ok := m.kernel.At(place, length)
	if !ok {
		panic(&refusal{reason: fmt.Sprintf("%s: %d bytes at %d are not in the plugin's memory of %d bytes", function, length, place, m.kernel.Size())})
	}
	return data
}

// block returns the data of a block, and ends the call if there is none. The place 0 is an empty
// one.
func (m *module) block(function string, place uint64) []byte {
	data, ok := m.kernel.Block(place)
	if !ok && place != 0 {
		panic(&refusal{reason: fmt.Sprintf("%s: there is no block at %d", function, place)})
	}
	return data
}

// take returns what a block holds and frees it: most functions own what a plugin gives them.
func (m *module) take(function string, place uint64) string {
	text := string(m.block(function, place))
	m.kernel.Release(place)
	return text
}

// give makes a block for the plugin; nothing is the place 0.
func (m *module) give(function string, data []byte) uint64 {
	place := m.kernel.Put(data)
	if place == 0 && len(data) > 0 {
		panic(&refusal{reason: fmt.Sprintf("%s: there is no room for %d bytes", function, len(data))})
	}
	return place
}

func (m *module) setError(stack []uint64) {
	m.block("error_set", stack[0])
	m.kernel.Failure = stack[0]
}

// variableSize is what each variable of a plugin counts beside its name and its value.
const variableSize = 48

// setVariable keeps a value for later calls. The place 0 takes it away.
func (m *module) setVariable(stack []uint64) {
	name, value := string(m.block("var_set", stack[0])), bytes.Clone(m.block("var_set", stack[1]))
	m.kernel.Release(stack[0]) // after both were read: they may be one block
	m.kernel.Release(stack[1])
	if stack[1] == 0 {
		delete(m.variables, name)
		return
	}
	size := variableSize + len(name) + len(value)
	for other, v := range m.variables {
		if other != name {
			size += variableSize + len(other) + len(v)
		}
	}
	if most := m.config.maxVariables(); int64(size) > most {
		panic(&refusal{reason: fmt.Sprintf("var_set: the variables of a plugin take at most %d bytes", most)})
	}
	if m.variables == nil {
		m.variables = make(map[string][]byte)
	}
	m.variables[name] = value
}

// The levels of a plugin's log, as plugins see them.
const (
	levelTrace = iota
	levelDebug
	levelInfo
	levelWarn
	levelError
)

// logs makes a function that writes a line of the log.
func logs(level int) func(*module, context.Context, []uint64) {
	name := [...]string{"trace", "debug", "info", "warn", "error"}[level]
	return of(func(m *module, stack []uint64) {
		text := m.take("log_"+name, stack[0])
		if m.config.Stderr != nil {
			fmt.Fprintf(m.config.Stderr, "%s: %s\n", name, text)
			return
		}
		text = text[:min(len(text), maxLogged)]
		m.events.Emit(event.Output{Name: m.name, Stream: "log", Line: name + ": " + text})
	})
}

// maxLogged is how many bytes of a text one event carries.
const maxLogged = 8 << 10

// callPlugin calls a function of bytes. What it returns is a copy.
func (m *module) callPlugin(ctx context.Context, symbol string, input []byte) (output []byte, err error) {
	ctx, leave, err := m.enter(ctx, symbol)
	if err != nil {
		return nil, err
	}
	defer func() { leave(ended(err)) }()
	if _, err := m.present(ctx); err != nil {
		return nil, err
	}
	if !m.kernel.Begin(input) {
		return nil, &refusal{reason: fmt.Sprintf("an input of %d bytes does not fit into wasm.Config.Memory", len(input))}
	}
	var stack [1]uint64
	if err = m.invoke(ctx, symbol, stack[:]); err != nil {
		if exit, ok := errors.AsType[*ExitError](err); !ok || exit.Code != 0 {
			return nil, err
		}
	}
	code := uint32(stack[0]) // 0 of a function that returns none
	if message := m.message(); code != 0 || message != "" {
		return nil, &PluginError{Module: m.name, Symbol: symbol, Code: code, Message: message}
	}
	data, _ := m.kernel.At(m.kernel.Output, m.kernel.OutputLength)
	return append([]byte{}, data...), nil
}

// message is the error that the plugin set, or "".
func (m *module) message() string {
	text, _ := m.kernel.Block(m.kernel.Failure)
	return string(text)
}

// isBytes reports whether a function is one of bytes.
func (s *shared) isBytes(def api.FunctionDefinition) bool {
	return s.kind == plugin && isBytes(def.ParamTypes(), def.ResultTypes())
}

// isBytes reports whether a type is that of a plugin's functions: they take nothing, and return
// nothing or a status.
func isBytes(params, results []api.ValueType) bool {
	return len(params) == 0 && (len(results) == 0 || len(results) == 1 && (results[0] == api.ValueTypeI32 || results[0] == api.ValueTypeI64))
}
