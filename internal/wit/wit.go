// Package wit reads the text that says what the functions of a WebAssembly module take and return:
// the functions of a world, in the language of interfaces that WebAssembly's components have, and
// takes values of their types between Go and the memory of a module.
//
//	package example:tax;           // may be missing, as may the world around the functions
//
//	world tax {
//	  record order { item: string, count: u32, tags: list<string>, note: option<string> }
//	  export price: func(o: order) -> result<f64, string>;
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

// Param is a parameter.
type Param struct {
	Name string
	Type Type
}

// Func is a function.
type Func struct {
	Name   string // as it is written: with hyphens
	Params []Param
	Result Type   // nil is none
	Doc    string // what the comments of three slashes before it say, or ""
}

const (
	// MaxText is how many bytes a text has.
	MaxText  = 1 << 20
	maxFuncs = 10_000
	maxDepth = 32
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
		if p.declares() {
			p.declaration()
			continue
		}
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
	types  map[string]Type
	depth  int
	docs   map[int]string // by how many tokens there are from the one on that they stand before
	err    error
}

func newParser(text string) *parser {
	p := &parser{docs: make(map[int]string), types: make(map[string]Type)}
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
		f.Result = p.result()
	}
	p.want(";")
	return f
}

// declares reports whether a type is declared next; these words may be names of functions, too.
func (p *parser) declares() bool {
	if len(p.tokens) < 2 || p.tokens[1] == ":" {
		return false
	}
	switch p.tokens[0] {
	case "record", "enum", "type", "variant", "flags", "resource":
		return true
	}
	return false
}

// declaration reads a type with a name.
func (p *parser) declaration() {
	kind, name := p.next(), p.name()
	t := &Def{Name: name}
	switch kind {
	case "type":
		p.want("=")
		aliased := p.typ()
		p.want(";")
		t = aliased
	case "record":
		t.Kind = Record
		p.list(func() {
			field := Field{Name: p.name()}
			p.want(":")
			field.Type = p.typ()
			t.Fields = append(t.Fields, field)
		})
	case "enum":
		t.Kind = Enum
		p.list(func() { t.Labels = append(t.Labels, p.name()) })
	default:
		p.fail("%s %s: of the types with names, records, enums and those that are made of others are supported", kind, name)
	}
	if p.err != nil {
		return
	}
	if p.types[name] != nil || known[name] != nil {
		p.fail("the type %s is there twice", name)
	} else if err := t.complete(); err != nil {
		p.fail("%s: %w", name, err)
	} else if len(p.types) == maxFuncs {
		p.fail("it has more than %d types", maxFuncs)
	}
	p.types[name] = t
}

// list reads elements in braces, with commas between them.
func (p *parser) list(element func()) {
	p.want("{")
	for p.err == nil && !p.take("}") {
		element()
		if !p.take(",") {
			p.want("}")
			return
		}
	}
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// result reads the type of a result, which may be an error.
func (p *parser) result() Type {
	if !p.take("result") {
		return p.typ()
	}
	t := &Def{Kind: Result, Name: "result"}
	if p.take("<") {
		if !p.take("_") {
			t.Ok = p.typ()
		}
		if p.take(",") {
			t.Err = p.typ()
		}
		p.want(">")
	}
	return p.completed(t)
}

// completed is a type of which everything is known.
func (p *parser) completed(t Type) Type {
	if p.err == nil {
		p.err = t.complete()
	}
	return t
}

func (p *parser) typ() Type {
	if p.depth++; p.depth > maxDepth {
		p.fail("its types nest more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	token := p.next()
	if p.err != nil {
		return nil
	}
	if token == "list" || token == "option" {
		p.want("<")
		elem := p.typ()
		p.want(">")
		if p.err != nil {
			return nil
		}
		if token == "option" {
			return p.completed(&Def{Kind: Option, Name: "option<" + elem.Name + ">", Elem: elem})
		}
		if elem.Name == "u8" {
			return Bytes
		}
		return p.completed(&Def{Kind: List, Name: "list<" + elem.Name + ">", Elem: elem})
	}
	if t := known[token]; t != nil {
		return t
	}
	if t := p.types[strings.TrimPrefix(token, "%")]; t != nil {
		return t
	}
	switch token {
	case "result":
		p.fail("a result<…> is what a function returns, not part of another type")
	case "tuple", "variant", "flags", "borrow", "own", "stream", "future", "map":
		p.fail("the type %s is not supported", token)
	default:
		p.fail("the type %s is not supported, or not declared before", token)
	}
	return nil
}
