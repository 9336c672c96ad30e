package wasm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// kind is what a module is for.
type kind int

const (
	plain   kind = iota // functions of numbers
	plugin              // an Extism plugin: functions of bytes
	command             // a program
)

// kind tells it by the imports and exports.
func (b *binaryModule) kind() kind {
	switch {
	case slices.ContainsFunc(b.imports, func(i importation) bool { return isExtism(i.module, i.name) || i.module == userModule }):
		return plugin
	case slices.ContainsFunc(b.exports, func(e export) bool { return e.name == startFunction && e.kind == 0 }):
		return command
	}
	return plain
}

// startFunction is the program of a command.
const startFunction = "_start"

// hidden are the exports that are there for who runs a module.
var hidden = []string{startFunction, "_initialize", "__wasm_call_ctors", "hs_init", "hs_exit"}

// wasiFunctions are the names of what WASI provides.
const wasiModule = wasi_snapshot_preview1.ModuleName

// check refuses a module that imports what nobody can provide. Each import is named. Whether the
// program provides what only it can is seen when the module is opened.
func (b *binaryModule) check(others others) error {
	var missing []string
	for _, i := range b.imports {
		why := ""
		if from := others[i.module]; from != nil {
			why = from.lacks(i)
		} else {
			why = i.missing()
		}
		if why != "" {
			missing = append(missing, i.missingBecause(why))
		}
	}
	return missingError(missing, "build it for WASI preview 1 (wasm32-wasip1) or as an Extism plugin")
}

func (i importation) missingBecause(reason string) string {
	return fmt.Sprintf("%s %s: %s", i.module, i.name, reason)
}

// maxNamed is how many missing imports an error names.
const maxNamed = 100

// missing says why nobody provides the import, or "".
func (i importation) missing() string {
	if i.kind != 0 {
		return "memories, tables and variables of others are not to be had"
	}
	var want functionType
	var known bool
	switch {
	case i.module == wasiModule:
		want, known = wasiFunctions()[i.name]
	case isExtism(i.module, i.name):
		want, known = extismType(i.name)
	case i.module == "wasi_unstable":
		return "it is of an older WASI; build it for " + wasiModule
	default:
		return "" // the program may have registered it
	}
	switch {
	case !known:
		return "there is no such function"
	case i.function.String() != want.String():
		return fmt.Sprintf("it is %s, not %s", want, i.function)
	}
	return ""
}

// String spells a type as Go does.
func (t functionType) String() string {
	text := "func(" + goTypes(t.params) + ")"
	switch len(t.results) {
	case 0:
		return text
	case 1:
		return text + " " + goTypes(t.results)
	}
	return text + " (" + goTypes(t.results) + ")"
}

func goTypes(types []byte) string {
	var names []string
	for _, t := range types {
		names = append(names, goType(t))
	}
	return strings.Join(names, ", ")
}
