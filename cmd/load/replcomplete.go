package main

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/internal/visible"
)

// completer completes what is typed in a session.
type completer struct{ *repl }

// Do implements readline.AutoCompleter: it returns what may follow, and how much of that is typed
// already.
func (c completer) Do(line []rune, pos int) (following [][]rune, typed int) {
	word, known := c.candidates(string(line[:pos]))
	for _, name := range known {
		if visible.Text(name) != name { // a .wasm file may export anything, and this goes to the terminal as it is
			continue
		}
		if rest, ok := strings.CutPrefix(name, word); ok {
			following = append(following, []rune(rest))
		}
	}
	return following, len([]rune(word))
}

// candidates returns the word at the end of a text, and what it may become.
func (c completer) candidates(text string) (word string, known []string) {
	if verb(text+"x") == "load" && strings.HasPrefix(strings.TrimSpace(text), "load") {
		word = text[strings.LastIndexAny(text, " \"`")+1:]
		return word, moduleNames()
	}
	start := strings.LastIndexFunc(text, func(r rune) bool { return r != '.' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) + 1
	path := text[start:]
	before, member, ok := strings.Cut(path, ".")
	if !ok {
		return path, c.top()
	}
	if strings.Contains(member, ".") {
		return "", nil // nothing is evaluated to complete something
	}
	return member, c.members(before)
}

// top lists what can begin an expression or a line.
func (c completer) top() []string {
	known := []string{"exit", "help", "load ", "modules", "quit", "vars"}
	for name := range c.names {
		known = append(known, name+".")
	}
	known = slices.AppendSeq(known, maps.Keys(c.vars))
	for path := range strings.FieldsSeq(toolchain.Packages) {
		if name := packageName(path); len(standardNamed(name)) == 1 {
			known = append(known, name+".")
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// members lists what can stand behind the dot of a module or a variable.
func (c completer) members(of string) []string {
	if v, ok := c.vars[of]; ok {
		return membersOf(v)
	}
	name := c.names[of]
	if standard := standardNamed(of); name == "" && len(standard) == 1 {
		name = standard[0]
	}
	if name == "" {
		return nil
	}
	m, err := c.loader.Load(c.life, name, c.along())
	if err != nil {
		return nil
	}
	var known []string
	for _, s := range m.Symbols() {
		if s.Kind == "func" && strings.HasPrefix(s.Signature, "func") {
			known = append(known, s.Name+"(")
			continue
		}
		known = append(known, s.Name)
	}
	return known
}

// membersOf lists the methods and fields of a value.
func membersOf(v any) []string {
	var known []string
	if o, ok := v.(*load.Object); ok {
		for _, m := range o.Methods() {
			known = append(known, m.Name+"(")
		}
		return known
	}
	if v == nil {
		return nil
	}
	t := reflect.TypeOf(v)
	for m := range t.Methods() {
		known = append(known, m.Name+"(")
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		for f := range t.Fields() {
			if f.IsExported() {
				known = append(known, f.Name)
			}
		}
	}
	return known
}

// moduleNames lists the modules that are installed, and those of the standard library.
func moduleNames() []string {
	var names []string
	if all, err := listed(); err == nil {
		for _, m := range all {
			names = append(names, m.Name)
		}
	}
	names = slices.AppendSeq(names, strings.FieldsSeq(toolchain.Packages))
	slices.Sort(names)
	return slices.Compact(names)
}
