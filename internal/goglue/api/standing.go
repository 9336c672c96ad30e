package api

import (
	"strconv"
	"strings"
)

// Standing lists the interfaces of the module's own packages that say what a whole value is:
// encoders and loggers ask for them before they look at its parts. A value of the host that
// implements one is that in an any. Pointers are told apart: where a package has an Unmarshaler or
// a Decoder, too, a pointer may be one that is to be filled.
func (a *API) Standing() (interfaces []int, pointers map[int]bool) {
	pointers = map[int]bool{}
	fills := map[string]bool{}
	for _, s := range a.Symbols {
		if home, name := splitSymbol(s.Name); s.Type != 0 && (strings.HasSuffix(name, "Unmarshaler") || strings.HasSuffix(name, "Decoder")) {
			fills[home] = true
		}
	}
	for _, s := range a.Symbols {
		home, name := splitSymbol(s.Name)
		typ := &a.Types[s.Type]
		if typ.Kind != KindInterface || !typ.Given || typ.Std == "encoding/xml.Marshaler" { // its element has the type's name
			continue
		}
		if typ.Std == Formatter || strings.HasSuffix(name, "Marshaler") || strings.HasSuffix(name, "Valuer") || strings.HasSuffix(name, "Encoder") {
			interfaces, pointers[s.Type] = append(interfaces, s.Type), !fills[home]
		}
	}
	return interfaces, pointers
}

// Formatter is the interface as which values are in an any of package fmt that print themselves.
const Formatter = "fmt.Formatter"

// StandingName names an interface of Standing in an any: what has a value of it has this type in
// the module, since encoders look at the types of fields.
func StandingName(n int) string { return "#" + strconv.Itoa(n) }

// splitSymbol splits the name of a symbol behind the name of its package, "" for the first one.
func splitSymbol(symbol string) (home, name string) {
	at := strings.LastIndexByte(symbol, '.')
	return symbol[:max(at, 0)], symbol[at+1:]
}
