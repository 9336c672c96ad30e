package eval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/engine"
)

// natives is a module of plain Go functions and values: the part of an engine that the evaluator
// sees.
type natives map[string]native

type native struct {
	kind      engine.SymbolKind
	signature string
	value     any
}

func (m natives) Symbols() []engine.Symbol {
	var all []engine.Symbol
	for name, n := range m {
		all = append(all, engine.Symbol{Name: name, Kind: n.kind, Signature: n.signature})
	}
	slices.SortFunc(all, func(a, b engine.Symbol) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (m natives) Value(_ context.Context, name string) (any, error) { return m[name].value, nil }

func (m natives) Call(_ context.Context, name string, args ...any) ([]any, error) {
	return callNative(reflect.ValueOf(m[name].value), name, args)
}

func callNative(f reflect.Value, name string, args []any) ([]any, error) {
	if !f.IsValid() || len(args) > 0 && f.Type().NumIn() == 0 {
		return nil, &engine.SymbolError{Module: "example.com/m", Symbol: name}
	}
	if n := len(args); n > 0 {
		if spread, ok := args[n-1].(engine.Spread); ok {
			args = args[:n-1]
			for i := 0; spread.Slice != nil && i < reflect.ValueOf(spread.Slice).Len(); i++ {
				args = append(args, reflect.ValueOf(spread.Slice).Index(i).Interface())
			}
		}
	}
	in := make([]reflect.Value, len(args))
	for i, arg := range args {
		t := f.Type().In(min(i, f.Type().NumIn()-1))
		if f.Type().IsVariadic() && i >= f.Type().NumIn()-1 {
			t = t.Elem()
		}
		v, ok := convertArgument(arg, t)
		if !ok {
			return nil, &engine.SymbolError{Module: "example.com/m", Symbol: name, Want: fmt.Sprintf("%T", arg), Have: t.String()}
		}
		in[i] = v
	}
	return wrapResults(f.Call(in))
}

// convertArgument matches a struct by its field names, as an engine does.
func convertArgument(arg any, t reflect.Type) (reflect.Value, bool) {
	v := reflect.ValueOf(arg)
	if o, ok := arg.(*engine.Object); ok {
		switch ref := o.Ref().(type) {
		case *held:
			v = ref.v
		case *graded:
			v = ref.v
		}
	}
	switch {
	case !v.IsValid():
		return reflect.Zero(t), true
	case v.Type().AssignableTo(t):
		return v, true
	case v.CanInt() && reflect.Zero(t).CanInt(), v.CanInt() && reflect.Zero(t).CanFloat():
		return v.Convert(t), true
	case v.Kind() == reflect.Pointer && t.Kind() == reflect.Pointer:
		elem, ok := convertArgument(v.Elem().Interface(), t.Elem())
		return pointerToValue(elem), ok
	case v.Kind() == reflect.Slice && t.Kind() == reflect.Slice:
		out := reflect.MakeSlice(t, v.Len(), v.Len())
		for i := range v.Len() {
			elem, ok := convertArgument(v.Index(i).Interface(), t.Elem())
			if !ok {
				return out, false
			}
			out.Index(i).Set(elem)
		}
		return out, true
	case v.Kind() == reflect.Struct && t.Kind() == reflect.Struct:
		out := reflect.New(t).Elem()
		for i := range v.NumField() {
			field, ok := convertArgument(v.Field(i).Interface(), out.FieldByName(v.Type().Field(i).Name).Type())
			if !ok {
				return out, false
			}
			out.FieldByName(v.Type().Field(i).Name).Set(field)
		}
		return out, true
	}
	return v, false
}

func wrapResults(out []reflect.Value) ([]any, error) {
	if n := len(out); n > 0 && out[n-1].Type() == reflect.TypeFor[error]() {
		if err, _ := out[n-1].Interface().(error); err != nil {
			return nil, err
		}
		out = out[:n-1]
	}
	results := make([]any, len(out))
	for i, v := range out {
		results[i] = v.Interface()
		switch r := results[i].(type) {
		case *account:
			results[i] = engine.NewObject(&held{v})
		case grade:
			results[i] = engine.NewObject(&graded{held{v}, r})
		}
	}
	return results, nil
}

// account is opaque: the host has it as an object.
type account struct {
	Owner   string
	balance int
}

func (a *account) Deposit(n int) *account { return &account{a.Owner, a.balance + n} }
func (a *account) Balance() int           { return a.balance }
func (a *account) Check() error {
	if a.balance < 0 {
		return errors.New("overdrawn")
	}
	return nil
}

func (a *account) Split() (*account, int, error) {
	return &account{a.Owner, a.balance / 2}, a.balance % 2, a.Check()
}

type held struct{ v reflect.Value }

func (h *held) TypeName() string { return "*bank.Account" }
func (h *held) Methods() []engine.Symbol {
	return []engine.Symbol{
		{Name: "Balance", Kind: engine.KindFunc, Signature: "func (a *Account) Balance() int"},
		{Name: "Check", Kind: engine.KindFunc, Signature: "func (a *Account) Check() error"},
		{Name: "Deposit", Kind: engine.KindFunc, Signature: "func (a *Account) Deposit(n int) *Account"},
		{Name: "Split", Kind: engine.KindFunc, Signature: "func (a *Account) Split() (*Account, int, error)"},
	}
}
func (h *held) Bind(string, reflect.Type) (reflect.Value, error) { panic("not used") }
func (h *held) Call(_ context.Context, method string, args []any) ([]any, error) {
	return callNative(h.v.MethodByName(method), method, args)
}

func (h *held) Field(_ context.Context, name string) (any, error) {
	if f := h.v.Elem().FieldByName(name); f.IsValid() && f.CanInterface() {
		return f.Interface(), nil
	}
	return nil, errors.New("no such field")
}
func (h *held) SetField(context.Context, string, any) error { panic("not used") }
func (h *held) Equal(_ context.Context, other engine.ObjectRef) (bool, error) {
	return other.(*held).v == h.v, nil
}
func (h *held) Text(context.Context) (string, error) { return fmt.Sprint(h.v), nil }
func (h *held) JSON(context.Context) ([]byte, error) { return json.Marshal(h.v.Interface()) }
func (h *held) Release()                             {}

type options struct {
	Level int
	Names []string
	Next  *options
}

func testModule() natives {
	f := func(signature string, value any) native { return native{engine.KindFunc, signature, value} }
	return natives{
		"Make":      f("func Make(s string) string", strings.ToUpper),
		"Add":       f("func Add(a int, b int) int", func(a, b int) int { return a + b }),
		"Byte":      f("func Byte(b uint8) uint8", func(b uint8) uint8 { return b }),
		"Half":      f("func Half(x float64) float64", func(x float64) float64 { return x / 2 }),
		"Sum":       f("func Sum(xs ...int) int", func(xs ...int) (n int) { return sumOf(xs) }),
		"Show":      f("func Show(v any) string", func(v any) string { return fmt.Sprintf("%T %+v", v, v) }),
		"List":      f("func List() []string", func() []string { return []string{"a", "b", "c"} }),
		"Map":       f("func Map() map[string]any", func() map[string]any { return map[string]any{"n": 1, "l": []any{1, "x"}} }),
		"Cut":       f("func Cut(s string, sep string) (before string, after string, found bool)", strings.Cut),
		"Join":      f("func Join(a string, b string, c bool) string", func(a, b string, c bool) string { return fmt.Sprint(a, b, c) }),
		"Parse":     f("func Parse(s string) (int, error)", parseNumber),
		"Must":      f("func Must(n int, err error) int", func(n int, err error) int { return n }),
		"Fail":      f("func Fail(s string) error", fail),
		"Two":       f("func Two(s string) (int, string, error)", func(s string) (int, string, error) { n, err := parseNumber(s); return n, s, err }),
		"Nothing":   f("func Nothing()", func() {}),
		"Configure": f("func Configure(o Options) string", func(o options) string { return fmt.Sprint(o.Level, o.Names, o.Next != nil) }),
		"Pointer":   f("func Pointer(o *Options) int", func(o *options) int { return o.Level }),
		"All":       f("func All(os []Options) int", func(os []options) int { return len(os) + os[0].Level }),
		"Now":       f("func Now() time.Time", func() time.Time { return time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC) }),
		"Open":      f("func Open(owner string) *Account", func(owner string) *account { return &account{Owner: owner} }),
		"Use":       f("func Use(a *Account) int", func(a *account) int { return a.balance }),
		"Nil":       f("func Nil() any", func() any { return nil }),
		"Blob":      f("func Blob() []byte", func() []byte { return []byte("hi") }),
		"Apply":     f("func Apply(f func(string) string, s string) string", func(f func(string) string, s string) string { return f(s) }),
		"Func":      {engine.KindVar, "var Func func(s string) int", func(s string) int { return len(s) }},
		"Handle":    {engine.KindVar, "var Handle Handler", strings.ToUpper},
		"Best":      f("func Best() Grade", func() grade { return 1 }),
		"Grade":     {engine.KindType, "type Grade int", func(g grade) grade { return g }},
		"Handler":   {engine.KindType, "type Handler func(string) string", nil},
		"Limit":     {engine.KindVar, "var Limit int", 7},
		"Second":    {engine.KindConst, "const Second time.Duration", time.Second},
		"MaxInt8":   {engine.KindConst, "const MaxInt8 untyped int", 127},
		"Pi":        {engine.KindConst, "const Pi untyped float", math.Pi},
		"Name":      {engine.KindConst, "const Name untyped string", "load"},
		"Options":   {engine.KindType, "type Options struct{Level int; Names []string; Next *Options; secret bool}", nil},
		"Level":     {engine.KindType, "type Level int8", nil},
		"Headers":   {engine.KindType, "type Headers map[string][]string", nil},
		"Account":   {engine.KindType, "type Account struct{Owner string; balance int}", nil},
		"Reader":    {engine.KindType, "type Reader interface{Read()}", nil},
		"Loop":      {engine.KindType, "type Loop []Loop", nil},
		"Unknown":   {engine.KindType, "", nil},
	}
}

func sumOf(xs []int) (n int) {
	for _, x := range xs {
		n += x
	}
	return n
}

func fail(s string) error {
	if s == "" {
		return nil
	}
	return &engine.ModuleError{Message: s, Type: "*bank.Error"}
}

func parseNumber(s string) (int, error) {
	if s == "x" {
		return 0, errors.New("no number in it")
	}
	return len(s), nil
}

// grade is a named number with a method: the host has its values as objects.
type grade int

func (g grade) Text() string   { return fmt.Sprint("grade ", int(g)) }
func (g grade) String() string { return g.Text() }

// graded is the reference to a grade.
type graded struct {
	held
	g grade
}

func (r *graded) TypeName() string { return "eval.grade" }
func (r *graded) Methods() []engine.Symbol {
	return []engine.Symbol{{Name: "Text", Kind: engine.KindFunc, Signature: "func (g Grade) Text() string"}}
}

func (r *graded) Call(context.Context, string, []any) ([]any, error) { return []any{r.g.Text()}, nil }
func (r *graded) Text(context.Context) (string, error)               { return r.g.String(), nil }
func (r *graded) Copy(context.Context, *engine.Object) (any, error)  { return int(r.g), nil }
