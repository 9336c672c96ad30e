package wasm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wasmbin"
)

// Sections of a module: https://webassembly.github.io/spec/core/binary/modules.html.
const (
	sectionCustom  = 0
	sectionType    = 1
	sectionImport  = 2
	sectionFunc    = 3 // the types of the functions
	sectionTable   = 4
	sectionMemory  = 5
	sectionGlobal  = 6
	sectionExport  = 7
	sectionStart   = 8 // an index
	sectionElement = 9
	sectionCode    = 10
	sectionData    = 11
	sectionCount   = 12 // of the data segments: a number
	lastSection    = 13
)

// maxCounts are how many elements a section has: what takes three bytes of a file takes hundreds of
// the host's memory. They are those of browsers or fewer, and many times what compilers make.
var maxCounts = map[byte]struct {
	n    uint32
	what string
}{
	sectionType:    {100_000, "types"},
	sectionImport:  {100_000, "imports"},
	sectionFunc:    {1_000_000, "functions"},
	sectionGlobal:  {100_000, "variables"},
	sectionExport:  {100_000, "exports"},
	sectionElement: {100_000, "segments of elements"},
	sectionData:    {100_000, "segments of data"},
}

const (
	maxSections = 10_000
	maxName     = 100_000 // bytes
	maxCrossing = 1_000_000
	maxDeclared = 1_000_000_000 // some ten seconds
)

// binaryModule is a core module as its sections tell it.
type binaryModule struct {
	data     []byte
	sections []section
	types    []functionType
	imports  []importation
	exports  []export
	exported map[exportKey]uint32 // the index of each export
	imported []functionType       // the functions of imports
	crossing int                  // the parameters and results of what is imported and exported
	defined  []uint32             // the types of the functions that are not imported
	locals   uint64               // the variables of the functions read
	elements uint64               // of the segments read
	globals  uint64               // its variables
}

type section struct {
	id         byte
	start, end int // all of it, its number included
	content    int // where what it holds begins
}

// functionType is the type of a function, by the encodings of its value types.
type functionType struct{ params, results []byte }

type importation struct {
	module, name string
	kind         byte
	function     functionType // where kind is 0
	described    []byte       // what follows the names
}

type exportKey struct {
	name string
	kind byte
}

type export struct {
	name  string
	kind  byte // as of an import: 0 a function, 1 a table, 2 a memory, 3 a global
	index uint32
}

// has reports whether the module has a section.
func (b *binaryModule) has(id byte) bool {
	return slices.ContainsFunc(b.sections, func(s section) bool { return s.id == id })
}

// invalid is the error of a file that is not valid WebAssembly.
func invalid(reason string) error {
	return &engine.CompileError{Reason: "it is not a valid WebAssembly module", Output: reason}
}

var magic = []byte("\x00asm")

// read takes a module apart as far as this package needs it. No list of a valid section has more
// elements than bytes: what claims more is refused before anything makes room for it.
func read(data []byte) (*binaryModule, error) {
	if err := checkFormat(data); err != nil {
		return nil, err
	}
	b := &binaryModule{data: data}
	r := wasmbin.Reader{Data: data, At: 8}
	for r.At < len(data) && r.Err == nil {
		s := section{start: r.At}
		s.id = r.Byte()
		size := r.U32()
		s.content = r.At
		r.Skip(size)
		s.end = r.At
		if r.Err == nil && len(b.sections) == maxSections {
			r.Err = fmt.Errorf("it has more than %d sections", maxSections)
		}
		if r.Err == nil {
			b.sections = append(b.sections, s)
			r.Err = b.section(s)
		}
	}
	if r.Err == nil && uint64(len(b.defined))*b.globals > maxDeclared {
		r.Err = fmt.Errorf("it has %d functions and %d variables, and wazero's compiler declares each in each", len(b.defined), b.globals)
	}
	if r.Err != nil {
		return nil, invalid(r.Err.Error())
	}
	return b, nil
}

func checkFormat(data []byte) error {
	switch {
	case bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 1000)], " \t\r\n"), []byte("(module")), bytes.HasPrefix(data, []byte(";;")):
		return &engine.CompileError{Reason: "it is the text of a WebAssembly module, not the module", Fix: "compile it: wat2wasm FILE.wat"}
	case !bytes.HasPrefix(data, magic):
		return &engine.CompileError{Reason: "it is not a WebAssembly module", Fix: "build a core module: for Rust, cargo build --target wasm32-wasip1"}
	case len(data) < 8:
		return invalid("it is cut off")
	case binary.LittleEndian.Uint16(data[6:]) != 0:
		return &engine.CompileError{
			Reason: "it is a WebAssembly component, and the engine runs core modules",
			Fix:    "build a core module (WASI preview 1): for Rust, cargo build --target wasm32-wasip1; for Go, GOOS=wasip1 GOARCH=wasm; for C, clang --target=wasm32-wasi",
		}
	case binary.LittleEndian.Uint32(data[4:]) != 1:
		return invalid(fmt.Sprintf("its version is %d, not 1", binary.LittleEndian.Uint32(data[4:])))
	}
	return nil
}

// section reads what is needed of a section, and looks at every length that something is made for.
func (b *binaryModule) section(s section) error {
	r := wasmbin.Reader{Data: b.data[:s.end], At: s.content}
	element := map[byte]func(*wasmbin.Reader){
		sectionType:    b.readType,
		sectionImport:  b.readImport,
		sectionFunc:    func(r *wasmbin.Reader) { b.defined = append(b.defined, r.U32()) },
		sectionExport:  b.readExport,
		sectionElement: b.checkElement,
		sectionCode:    b.checkBody,
		sectionData:    checkData,
	}[s.id]
	switch {
	case s.id > lastSection:
		return fmt.Errorf("it has a section of the unknown kind %d", s.id)
	case s.id == sectionCustom || s.id == sectionStart || s.id == sectionCount:
		return nil
	}
	count := r.Count()
	if most, ok := maxCounts[s.id]; ok && count > most.n {
		return fmt.Errorf("it has %d %s, more than %d", count, most.what, most.n)
	}
	if s.id == sectionGlobal {
		b.globals = uint64(count)
	}
	for i := uint32(0); i < count && r.Err == nil && element != nil; i++ {
		element(&r)
	}
	return r.Err
}

func (b *binaryModule) readType(r *wasmbin.Reader) {
	if r.Byte() != 0x60 && r.Err == nil {
		r.Err = errors.New("it has types that are not those of functions")
	}
	params := r.Bytes(r.Count())
	results := r.Bytes(r.Count())
	if n := max(len(params), len(results)); n > maxValues && r.Err == nil {
		r.Err = fmt.Errorf("a type has %d parameters or results, more than %d", n, maxValues)
	}
	b.types = append(b.types, functionType{params, results})
}

func (b *binaryModule) readExport(r *wasmbin.Reader) {
	e := export{name: nameOf(r), kind: r.Byte(), index: r.U32()}
	b.exports = append(b.exports, e)
	if b.exported == nil {
		b.exported = make(map[exportKey]uint32)
	}
	b.exported[exportKey{e.name, e.kind}] = e.index
	if f, ok := b.functionType(e.index); ok && e.kind == 0 {
		b.cross(r, f)
	}
}

// cross counts what a function takes and returns: many exports can be of one type.
func (b *binaryModule) cross(r *wasmbin.Reader, f functionType) {
	if b.crossing += len(f.params) + len(f.results); b.crossing > maxCrossing && r.Err == nil {
		r.Err = fmt.Errorf("the functions that it imports and exports have more than %d parameters and results", maxCrossing)
	}
}

func (b *binaryModule) readImport(r *wasmbin.Reader) {
	i := importation{module: nameOf(r), name: nameOf(r)}
	start := r.At
	i.kind = r.Byte()
	switch i.kind {
	case 0:
		index := r.U32()
		if r.Err == nil && int(index) >= len(b.types) {
			r.Err = errors.New("an import has a type that is not there")
			return
		}
		if r.Err == nil {
			i.function = b.types[index]
			b.imported = append(b.imported, i.function)
			b.cross(r, i.function)
		}
	case 1:
		r.Byte()
		r.Limits()
	case 2:
		r.Limits()
	case 3:
		r.Skip(2)
	case 4:
		r.Byte()
		r.U32()
	default:
		r.Err = errors.New("an import is of an unknown kind")
	}
	if r.Err == nil {
		i.described = r.Data[start:r.At]
	}
	b.imports = append(b.imports, i)
}

// nameOf reads the name of an import or an export.
func nameOf(r *wasmbin.Reader) string {
	name := r.Bytes(r.U32())
	if len(name) > maxName {
		r.Err = fmt.Errorf("a name has %d bytes, more than %d", len(name), maxName)
		return ""
	}
	return string(name)
}
