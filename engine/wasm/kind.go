package wasm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/loadgo/load/engine"
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
	case slices.ContainsFunc(b.imports, func(i importation) bool { return isExtism(i.module, i.name) }):
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

// check refuses a module that imports what nobody provides. Each import is named.
func (b *binaryModule) check() error {
	var missing []string
	for _, i := range b.imports {
		if why := i.missing(); why != "" {
			missing = append(missing, fmt.Sprintf("%s %s: %s", i.module, i.name, why))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	more := ""
	if n := len(missing) - maxNamed; n > 0 {
		missing, more = missing[:maxNamed], fmt.Sprintf("\nand %d more", n)
	}
	return &engine.CompileError{
		Reason: "it imports what nobody provides",
		Output: strings.Join(missing, "\n") + more,
		Fix:    "build it for WASI preview 1 (wasm32-wasip1) or as an Extism plugin",
	}
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
	case i.module == "extism:host/user":
		return "functions of the program are not given to plugins"
	case i.module == "env":
		return "the host provides nothing called env; a function that was not linked is often the reason"
	default:
		return "there is no such module"
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
