// Package wit reads the text that says what the functions of a WebAssembly module take and return:
// the functions of a world, in the language of interfaces that WebAssembly's components have, with
// strings, lists of bytes and numbers.
//
//	package example:tax;           // may be missing, as may the world around the functions
//
//	world tax {
//	  export price: func(order: string, count: u32) -> string;
//	}
//
// See https://component-model.bytecodealliance.org/design/wit.html.
package wit

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Type is the type of a parameter or a result; "" is none.
type Type string

// The types that are not numbers.
const (
	String Type = "string"
	Bytes  Type = "list<u8>"
	Bool   Type = "bool"
	Char   Type = "char"
)

// IsText reports whether values of a type lie in the memory of a module.
func (t Type) IsText() bool { return t == String || t == Bytes }

// Param is a parameter.
type Param struct {
	Name string
	Type Type
}

// Func is a function.
type Func struct {
	Name   string // as it is written: with hyphens
	Params []Param
	Result Type
	Doc    string // what the comments of three slashes before it say, or ""
}

// known are the types by their names.
var known = map[string]Type{
	"string": String, "bool": Bool, "char": Char,
	"u8": "u8", "u16": "u16", "u32": "u32", "u64": "u64", "s8": "s8", "s16": "s16", "s32": "s32", "s64": "s64",
	"f32": "f32", "f64": "f64", "float32": "f32", "float64": "f64",
}

const (
	// MaxText is how many bytes a text has.
	MaxText  = 1 << 20
	maxFuncs = 10_000
)

// Parse reads the functions of a text.
func Parse(text string) ([]Func, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("it has more than %d bytes", MaxText)
	}
	p := newParser(text)
	if p.take("package") {
		for len(p.tokens) > 0 && !p.take(";") {
			p.next()
		}
	}
	world := p.take("world")
	if world {
		p.next()
		p.want("{")
	}
	var all []Func
	seen := make(map[string]bool)
	for len(p.tokens) > 0 && p.err == nil && (!world || p.tokens[0] != "}") {
		f := p.function()
		if p.err == nil && (seen[f.Name] || len(all) == maxFuncs) {
			p.err = fmt.Errorf("%s is there twice, or one too many", f.Name)
		}
		seen[f.Name] = true
		all = append(all, f)
	}
	if world {
		p.want("}")
	}
	if p.err == nil && len(p.tokens) > 0 {
		p.err = fmt.Errorf("something follows the world: %s", p.tokens[0])
	}
	if p.err != nil {
		return nil, p.err
	}
	return all, nil
}

var (
	tokens = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/|%?[A-Za-z][A-Za-z0-9_-]*|->|\S`)
	name   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
)

// parser reads tokens. After an error it reads nothing.
type parser struct {
	tokens []string
	docs   map[int]string // by how many tokens there are from the one on that they stand before
	err    error
}

func newParser(text string) *parser {
	p := &parser{docs: make(map[int]string)}
	docs := make(map[int][]string) // by the index of that token
	for _, token := range tokens.FindAllString(text, -1) {
		switch {
		case strings.HasPrefix(token, "///"):
			docs[len(p.tokens)] = append(docs[len(p.tokens)], strings.TrimSpace(token[3:]))
		case strings.HasPrefix(token, "//"), strings.HasPrefix(token, "/*"):
		default:
			p.tokens = append(p.tokens, token)
		}
	}
	for at, lines := range docs {
		p.docs[len(p.tokens)-at] = strings.TrimSpace(strings.Join(lines, "\n"))
	}
	return p
}

func (p *parser) next() string {
	if p.err == nil && len(p.tokens) == 0 {
		p.err = errors.New("it is cut off")
	}
	if p.err != nil {
		return ""
	}
	token := p.tokens[0]
	p.tokens = p.tokens[1:]
	return token
}

// take takes a token if it is next.
func (p *parser) take(token string) bool {
	if p.err != nil || len(p.tokens) == 0 || p.tokens[0] != token {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *parser) want(token string) {
	if got := p.next(); p.err == nil && got != token {
		p.err = fmt.Errorf("%q is in the place of %q", got, token)
	}
}

func (p *parser) name() string {
	token := strings.TrimPrefix(p.next(), "%")
	if p.err == nil && !name.MatchString(token) {
		p.err = fmt.Errorf("%q is in the place of a name", token)
	}
	return token
}

func (p *parser) function() Func {
	doc := p.docs[len(p.tokens)]
	if p.err == nil && len(p.tokens) > 1 && p.tokens[1] != ":" && (p.tokens[0] == "import" || p.tokens[0] == "interface" || p.tokens[0] == "use" || p.tokens[0] == "include") {
		p.err = fmt.Errorf("%s is for components; only functions that are exported are read", p.tokens[0])
	}
	if len(p.tokens) > 1 && p.tokens[1] != ":" {
		p.take("export")
	}
	f := Func{Name: p.name(), Doc: doc}
	for _, token := range []string{":", "func", "("} {
		p.want(token)
	}
	for p.err == nil && !p.take(")") {
		if len(f.Params) > 0 {
			p.want(",")
		}
		param := Param{Name: p.name()}
		p.want(":")
		param.Type = p.typ()
		f.Params = append(f.Params, param)
	}
	if p.take("->") {
		f.Result = p.typ()
	}
	p.want(";")
	return f
}

func (p *parser) typ() Type {
	token := p.next()
	if p.err == nil && token == "list" {
		for _, part := range []string{"<", "u8", ">"} {
			p.want(part)
		}
		return Bytes
	}
	t, ok := known[token]
	if p.err == nil && !ok {
		p.err = fmt.Errorf("the type %s is not supported: strings, list<u8>, bool, char and numbers are", token)
	}
	return t
}
