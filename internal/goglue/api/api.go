// Package api is what the generator and the host both know about a module: the description of its
// symbols and types, how the description is encoded, and the names that both sides use.
package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wire"
)

// Class says in which forms a value of a type crosses.
type Class uint8

// The classes.
const (
	// Data is copied.
	Data Class = iota
	// Both is copied where the host has a type for it, and held where it has not: the type has
	// methods.
	Both
	// Held stays in the module: the type has unexported parts or is an interface, a function or a
	// channel.
	Held
)

// Kind is a type's kind as far as crossing goes.
type Kind uint8

// The kinds. Basic ones have the numbers of [reflect.Kind].
const (
	KindBool       Kind = 1
	KindInt        Kind = 2
	KindInt8       Kind = 3
	KindInt16      Kind = 4
	KindInt32      Kind = 5
	KindInt64      Kind = 6
	KindUint       Kind = 7
	KindUint8      Kind = 8
	KindUint16     Kind = 9
	KindUint32     Kind = 10
	KindUint64     Kind = 11
	KindUintptr    Kind = 12
	KindFloat32    Kind = 13
	KindFloat64    Kind = 14
	KindComplex64  Kind = 15
	KindComplex128 Kind = 16
	KindArray      Kind = 17
	KindChan       Kind = 18
	KindFunc       Kind = 19
	KindInterface  Kind = 20
	KindMap        Kind = 21
	KindPointer    Kind = 22
	KindSlice      Kind = 23
	KindString     Kind = 24
	KindStruct     Kind = 25
	KindUnsafe     Kind = 26
	KindAny        Kind = 32 // an interface without methods
	KindError      Kind = 33 // error itself
	KindContext    Kind = 34 // context.Context; not on the wire
	KindTime       Kind = 35 // time.Time
	KindDuration   Kind = 36 // time.Duration
	KindPlace      Kind = 37 // *time.Location
)

// Type describes a type of the API. Other types are referred to by their number, their index in
// [API].Types; 0 is no type.
type Type struct {
	Kind    Kind
	Class   Class
	Text    string // as Go source, qualified by package names
	Elem    int
	Key     int
	Len     int
	Fields  []Field  // exported ones, of a struct
	Methods []Method // sorted by name
	Codec   Codec
	Given   bool   // a function or an interface of which the host can give a value
	Made    bool   // the host can give a value by its parts, whatever the class
	Std     string // "net/http.Handler", of an interface of the standard library
	Bridge  int    // the type that crosses instead, or 0
	Named   string // its name in [API].Named, or ""
}

// Answered lists the methods that a value of the host has to answer: of a function only the call,
// whatever other methods its type has.
func (t *Type) Answered() []Method {
	switch {
	case t.Kind != KindFunc:
		return t.Methods
	case len(t.Methods) > 0 && t.Methods[0].Name == "":
		return t.Methods[:1]
	}
	return nil
}

// Codec says how values of a type are written by their own methods.
type Codec uint8

// The codecs.
const (
	CodecNone   Codec = iota
	CodecText         // MarshalText and UnmarshalText
	CodecBinary       // MarshalBinary and UnmarshalBinary
	CodecGob          // GobEncode and GobDecode, of big.Float, whose text lacks the precision and the mode
)

// Field is an exported field of a struct. Fields with promoted names are under their embedded
// Field.
type Field struct {
	Name     string
	Type     int
	Tag      string
	Embedded bool
	Fixed    bool // the host cannot give it: its type cannot be named outside of its package
	Get      int  // the function that reads it from a handle, or 0
}

// Method is an exported method of a type or of its pointer, or what can be done with it otherwise:
// a function type has one without a name, the call, a channel [Receive], and lists and maps those
// by which the host looks into them.
type Method struct {
	Name string
	Doc  string
	Func int // index in API.Funcs plus 1, 0 where it cannot be called
}

// Func describes something to call. Its number on the wire is its index plus [wire.FuncCount].
type Func struct {
	Text     string // the signature, without "func" and name: "(s string) string"
	Receiver int
	// Pointer is the type as which the host may give the receiver itself in the place of a handle:
	// a pointer to it; or 0.
	Pointer  int
	In       []int
	Out      []int // with the trailing error
	Variadic bool  // the last of In is a slice
	// NoVariadic: the variadic part cannot be given, because its type has no name that another
	// package may use; it is left out of In.
	NoVariadic bool
	// Makes: it converts to a type, and the result is held where the host wants an object, whatever
	// its class.
	Makes bool
	Serve Serve
}

// Serve is the second form of a function that takes an http.ResponseWriter and an *http.Request,
// the parameters of these numbers: in the place of the writer it has a func(http.Handler), which
// lets a handler answer, and no request.
type Serve struct {
	Func            int // index in API.Funcs plus 1, or 0
	Writer, Request int
}

// Symbol is one exported name.
type Symbol struct {
	Name  string
	Kind  engine.SymbolKind
	Text  string
	Doc   string
	Type  int    // of a variable, a constant; the type itself of a type
	Func  int    // index in API.Funcs plus 1: the function, what reads the variable, or the type's conversion
	Const string // the exact value of a constant, as go/constant writes it
	Limit string // why it cannot be bound
}

// API describes everything that a host can do with a module.
type API struct {
	Package string
	Types   []Type
	Funcs   []Func
	Symbols []Symbol // sorted by name
	Bridges []Bridge
	Named   []string // see IsNamed; sorted
	Asked   Forms
	Known   []string // the packages of types that keep their names in an any, as far as the module contains them; sorted
}

// Encode writes the API as the artifact keeps it.
func (a *API) Encode() []byte {
	var e wire.Encoder
	e.String(a.Package)
	e.Uint(uint64(len(a.Types)))
	for _, t := range a.Types {
		e.Byte(byte(t.Kind))
		e.Byte(byte(t.Class))
		e.String(t.Text)
		e.Uint(uint64(t.Elem))
		e.Uint(uint64(t.Key))
		e.Uint(uint64(t.Len))
		e.Uint(uint64(len(t.Fields)))
		for _, f := range t.Fields {
			e.String(f.Name)
			e.Uint(uint64(f.Type))
			e.String(f.Tag)
			e.Bool(f.Embedded)
			e.Bool(f.Fixed)
			e.Uint(uint64(f.Get))
		}
		e.Uint(uint64(len(t.Methods)))
		for _, m := range t.Methods {
			e.String(m.Name)
			e.String(m.Doc)
			e.Uint(uint64(m.Func))
		}
		e.Byte(byte(t.Codec))
		e.Bool(t.Given)
		e.Bool(t.Made)
		e.String(t.Std)
		e.String(t.Named)
		e.Uint(uint64(t.Bridge))
	}
	e.Uint(uint64(len(a.Funcs)))
	for _, f := range a.Funcs {
		e.String(f.Text)
		e.Uint(uint64(f.Receiver))
		e.Uint(uint64(f.Pointer))
		encodeInts(&e, f.In)
		encodeInts(&e, f.Out)
		e.Bool(f.Variadic)
		e.Bool(f.NoVariadic)
		e.Bool(f.Makes)
		encodeInts(&e, []int{f.Serve.Func, f.Serve.Writer, f.Serve.Request})
	}
	e.Uint(uint64(len(a.Symbols)))
	for _, s := range a.Symbols {
		e.String(s.Name)
		e.String(string(s.Kind))
		e.String(s.Text)
		e.String(s.Doc)
		e.Uint(uint64(s.Type))
		e.Uint(uint64(s.Func))
		e.String(s.Const)
		e.String(s.Limit)
	}
	e.Uint(uint64(len(a.Bridges)))
	for _, b := range a.Bridges {
		e.String(b.Name)
		e.Uint(uint64(b.Func))
	}
	e.String(strings.Join(a.Named, "\n"))
	e.Byte(byte(a.Asked))
	e.String(strings.Join(a.Known, "\n"))
	return e.Buf
}

func encodeInts(e *wire.Encoder, v []int) {
	e.Uint(uint64(len(v)))
	for _, n := range v {
		e.Uint(uint64(n))
	}
}

func decodeInts(d *wire.Decoder) []int {
	v := make([]int, decodeCount(d))
	for i := range v {
		v[i] = int(d.UintN(31))
	}
	return v
}

func decodeCount(d *wire.Decoder) int {
	n := d.Uint()
	if n > uint64(len(d.Rest())) {
		d.Fail(wire.ErrLength)
		return 0
	}
	return int(n)
}

// DecodeAPI reads what Encode wrote and checks that every number in it refers to something.
func DecodeAPI(data []byte) (*API, error) {
	d := wire.NewDecoder(data)
	a := &API{Package: d.String()}
	a.Types = make([]Type, decodeCount(&d))
	for i := range a.Types {
		t := Type{Kind: Kind(d.Byte()), Class: Class(d.Byte()), Text: d.String(), Elem: int(d.UintN(31)), Key: int(d.UintN(31)), Len: int(d.UintN(62))}
		for range decodeCount(&d) {
			t.Fields = append(t.Fields, Field{Name: d.String(), Type: int(d.UintN(31)), Tag: d.String(), Embedded: d.Bool(), Fixed: d.Bool(), Get: int(d.UintN(31))})
		}
		for range decodeCount(&d) {
			t.Methods = append(t.Methods, Method{Name: d.String(), Doc: d.String(), Func: int(d.UintN(31))})
		}
		t.Codec, t.Given, t.Made, t.Std, t.Named, t.Bridge = Codec(d.Byte()), d.Bool(), d.Bool(), d.String(), d.String(), int(d.UintN(31))
		a.Types[i] = t
	}
	a.Funcs = make([]Func, decodeCount(&d))
	for i := range a.Funcs {
		a.Funcs[i] = Func{Text: d.String(), Receiver: int(d.UintN(31)), Pointer: int(d.UintN(31)), In: decodeInts(&d), Out: decodeInts(&d), Variadic: d.Bool(), NoVariadic: d.Bool(), Makes: d.Bool()}
		if serve := decodeInts(&d); len(serve) == 3 {
			a.Funcs[i].Serve = Serve{serve[0], serve[1], serve[2]}
		}
	}
	a.Symbols = make([]Symbol, decodeCount(&d))
	for i := range a.Symbols {
		a.Symbols[i] = Symbol{Name: d.String(), Kind: engine.SymbolKind(d.String()), Text: d.String(), Doc: d.String(), Type: int(d.UintN(31)), Func: int(d.UintN(31)), Const: d.String(), Limit: d.String()}
	}
	a.Bridges = make([]Bridge, decodeCount(&d))
	for i := range a.Bridges {
		a.Bridges[i] = Bridge{Name: d.String(), Func: int(d.UintN(31))}
	}
	a.Named, a.Asked, a.Known = strings.Fields(d.String()), Forms(d.Byte()), strings.Fields(d.String())
	if err := d.End(); err != nil {
		return nil, fmt.Errorf("damaged API description: %w", err)
	}
	if !a.consistent() {
		return nil, fmt.Errorf("damaged API description: it refers to what it does not hold")
	}
	return a, nil
}

func (a *API) consistent() bool {
	ok := true
	typ := func(n int) { ok = ok && n < len(a.Types) }
	fun := func(n int) { ok = ok && n <= len(a.Funcs) }
	for _, t := range a.Types {
		typ(t.Elem)
		typ(t.Key)
		typ(t.Bridge)
		for _, f := range t.Fields {
			typ(f.Type)
			fun(f.Get)
		}
		for _, m := range t.Methods {
			fun(m.Func)
		}
	}
	for _, f := range a.Funcs {
		typ(f.Receiver)
		typ(f.Pointer)
		fun(f.Serve.Func)
		ok = ok && (f.Serve.Func == 0 || f.Serve.Writer < len(f.In) && f.Serve.Request < len(f.In))
		for _, n := range f.In {
			typ(n)
		}
		for _, n := range f.Out {
			typ(n)
		}
	}
	for _, b := range a.Bridges {
		fun(b.Func)
		ok = ok && b.Func != 0
	}
	for _, s := range a.Symbols {
		typ(s.Type)
		fun(s.Func)
		if s.Kind == engine.KindType && s.Func != 0 {
			fun(s.Func + 1) // what makes a pointer
		}
	}
	return ok
}

// Sum identifies the encoded API. The module carries it, so that a host never calls a module by the
// numbers of another one.
func Sum(encoded []byte) string {
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:16])
}

// Bridge is a function that the host calls for a value of an interface of the standard library.
type Bridge struct {
	Name string // "net/http.Handler.Serve"
	Func int    // index in API.Funcs plus 1
}

// Field returns an exported field by name, or nil.
func (t *Type) Field(name string) *Field {
	for j := range t.Fields {
		if t.Fields[j].Name == name {
			return &t.Fields[j]
		}
	}
	return nil
}

// Pointed returns a type, or what it points to if it is a pointer: the methods and fields are
// there.
func (a *API) Pointed(n int) *Type {
	typ := &a.Types[n]
	if typ.Kind == KindPointer {
		return &a.Types[typ.Elem]
	}
	return typ
}

// Told reports whether the host is told of a field of a struct that stays in the module whether it
// is what it was: its type is a function, an interface or a pointer that is held.
func Told(kind Kind, class Class) bool {
	switch kind {
	case KindFunc, KindInterface, KindAny, KindError, KindChan:
		return true
	}
	return kind == KindPointer && class == Held
}
