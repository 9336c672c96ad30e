package wasm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/manifest"
	"github.com/loadgo/load/internal/wasmvalue"
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
	case b.importsExtism():
		return plugin
	case b.isCommand() && slices.ContainsFunc(b.exports, b.isPluginFunction):
		return plugin // that calls nothing of the host
	case b.isCommand():
		return command
	}
	return plain
}

func (b *binaryModule) importsExtism() bool {
	return slices.ContainsFunc(b.imports, func(i importation) bool { return isExtism(i.module, i.name) || i.module == userModule })
}

func (b *binaryModule) isCommand() bool {
	_, ok := b.function(startFunction)
	return ok
}

// isPluginFunction reports whether an export is a function as plugins have, and none that languages
// put there themselves.
func (b *binaryModule) isPluginFunction(e export) bool {
	if e.kind != 0 || slices.Contains(hidden, e.name) || strings.HasPrefix(e.name, "__") || strings.HasPrefix(e.name, "asyncify_") {
		return false
	}
	f, ok := b.functionType(e.index)
	return ok && isBytes(f.params, f.results)
}

func (k kind) String() string {
	return [...]string{"a module of functions of numbers", "an Extism plugin", "a WASI command"}[k]
}

// describe says what the module is.
func (b *binaryModule) describe() string {
	k := b.kind()
	initialises := slices.ContainsFunc(b.exports, func(e export) bool { return e.name == "_initialize" })
	if k == plain && (initialises || b.importsFrom(wasiModule)) {
		return "a WASI reactor: " + k.String()
	}
	return k.String()
}

// Describe implements [engine.Describer].
func (e *Engine) Describe(src find.Source) string {
	later := func(_ context.Context, url string) (io.ReadCloser, error) {
		return nil, fmt.Errorf("it is at %s, and fetched when the manifest is compiled", url)
	}
	source, _, err := (&Engine{config: Config{Fetch: later}}).readSource(context.Background(), src)
	var remote *manifest.FetchError
	if errors.As(err, &remote) {
		return plugin.String() + " with a manifest; " + err.Error()
	}
	if err != nil {
		return err.Error()
	}
	all, err := linkAll(source.Modules)
	if err != nil {
		return err.Error()
	}
	text := all[len(all)-1].binary.describe()
	if manifest.Is(src.File) {
		text = plugin.String() + " with a manifest" + linksTo(all) + asksFor(source.Asks)
	}
	return text + callsOf(all)
}

func linksTo(all []linked) string {
	var names []string
	for _, l := range all[:len(all)-1] {
		names = append(names, l.name)
	}
	return phrased("; it links to ", names)
}

// asksFor says what a manifest asks for that has to be granted.
func asksFor(asks manifest.Asks) string {
	var paths []string
	for _, p := range asks.Paths {
		use := "change"
		if p.ReadOnly {
			use = "read"
		}
		paths = append(paths, fmt.Sprintf("%s (to %s, at %s)", p.Host, use, p.Guest))
	}
	return phrased("; it asks for the hosts ", asks.Hosts) + phrased("; it asks for the directories ", paths)
}

// callsOf names the functions that the program has to register.
func callsOf(all []linked) string {
	var names []string
	for _, l := range all {
		for _, i := range l.binary.imports {
			if i.fromProgram() && byName(all)[i.module] == nil {
				names = append(names, i.module+" "+i.name)
			}
		}
	}
	slices.Sort(names)
	return phrased("; it calls of the program ", slices.Compact(names))
}

func phrased(before string, list []string) string {
	if len(list) == 0 {
		return ""
	}
	return before + strings.Join(list, ", ")
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
	return fmt.Sprintf("%s %s: %s", clipped(i.module), clipped(i.name), reason)
}

// clipped is a name as an error shows it: files have names of 100,000 bytes.
func clipped(name string) string {
	if len(name) <= maxShown {
		return name
	}
	return strings.ToValidUTF8(name[:maxShown], "") + "…"
}

const maxShown = 200

// maxNamed is how many missing imports an error names.
const maxNamed = 100

// missing says why nobody provides the import, or "".
func (i importation) missing() string {
	if i.kind != 0 {
		return "memories, tables and variables of other modules are unavailable"
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
	text := "func(" + wasmvalue.GoTypes(t.params) + ")"
	switch len(t.results) {
	case 0:
		return text
	case 1:
		return text + " " + wasmvalue.GoTypes(t.results)
	}
	return text + " (" + wasmvalue.GoTypes(t.results) + ")"
}
