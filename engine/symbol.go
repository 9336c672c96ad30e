package engine

import (
	"slices"
	"strings"
)

// SymbolKind is what a symbol is.
type SymbolKind string

// The kinds of symbols.
const (
	KindFunc  SymbolKind = "func"
	KindVar   SymbolKind = "var"
	KindConst SymbolKind = "const"
	KindType  SymbolKind = "type"
)

// Symbol is something that a module exports.
type Symbol struct {
	Name      string     `json:"name"`
	Kind      SymbolKind `json:"kind"`
	Signature string     `json:"signature"`         // as Go source: "func Make(s string) (slug string)"
	Doc       string     `json:"doc,omitempty"`     // first sentence of its documentation, where known
	Methods   []Symbol   `json:"methods,omitempty"` // of a type; each method's Signature has its receiver
	Limit     string     `json:"limit,omitempty"`   // why it cannot be bound, "" where it can: binding it is refused with this reason

	// Params are a function's parameters and Results its results, as Signature has them: with a
	// context and a trailing error. Both are nil of what is no function, and of a function of
	// Starlark that Go implements.
	Params  []Param `json:"params,omitempty"`
	Results []Param `json:"results,omitempty"`
}

// Param is a parameter or a result of a function.
type Param struct {
	Name string `json:"name,omitempty"` // "" if it has none
	Type string `json:"type,omitempty"` // as source: "time.Duration", "...string"; "" in a language without types
	Kind string `json:"kind,omitempty"` // of the type, as [reflect.Kind] spells it: "int64"; "" if it is unknown
}

// Spread is a variadic argument of a call by name that is given as one slice, as f(xs...) gives it.
// It stands in the place of the last argument.
type Spread struct{ Slice any }

// FindSymbol looks a name up in symbols sorted by name. Engines use it to answer Bind.
func FindSymbol(symbols []Symbol, name string) (Symbol, bool) {
	i, ok := slices.BinarySearchFunc(symbols, name, func(s Symbol, name string) int { return strings.Compare(s.Name, name) })
	if !ok {
		return Symbol{}, false
	}
	return symbols[i], true
}
