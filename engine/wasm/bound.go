package wasm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wasmbin"
)

// maxElements is how many elements the tables of a module have together: 8 MiB of the host.
const maxElements = 1 << 20

// bounded returns the module with a maximum for each of its tables: they lie in the host's memory,
// and what limits the module's own does not count them. Growing beyond fails in the module as the
// specification allows. Functions get checks, see checked, and imports their present names. Of the
// custom sections it has the names alone, where they are whole.
func (b *binaryModule) bounded() ([]byte, error) {
	out := append([]byte{}, b.data[:8]...)
	for _, s := range b.sections {
		content := b.data[s.content:s.end]
		switch s.id {
		case sectionTable:
			var err error
			if content, err = boundTables(wasmbin.Reader{Data: b.data[:s.end], At: s.content}); err != nil {
				return nil, err
			}
		case sectionImport:
			content = b.renamed()
		case sectionCode:
			var err error
			if content, err = checked(wasmbin.Reader{Data: b.data[:s.end], At: s.content}); err != nil {
				return nil, err
			}
		case sectionCustom:
			if !wholeNames(wasmbin.Reader{Data: b.data[:s.end], At: s.content}) {
				continue
			}
		}
		out = append(out, s.id)
		out = binary.AppendUvarint(out, uint64(len(content)))
		out = append(out, content...)
	}
	return out, nil
}

// renamed returns the imports, those of Extism by their present names.
func (b *binaryModule) renamed() []byte {
	out := binary.AppendUvarint(nil, uint64(len(b.imports)))
	for _, i := range b.imports {
		if isExtism(i.module, i.name) {
			i.module, i.name = extismModule, strings.TrimPrefix(i.name, oldPrefix)
		}
		for _, name := range []string{i.module, i.name} {
			out = append(binary.AppendUvarint(out, uint64(len(name))), name...)
		}
		out = append(out, i.described...)
	}
	return out
}

// wholeNames reports whether a custom section holds names, and no list that claims more of them, or
// fewer than it has: wazero would read on where the list ends.
func wholeNames(r wasmbin.Reader) bool {
	if r.Name() != "name" {
		return false
	}
	for r.At < len(r.Data) && r.Err == nil {
		kind := r.Byte()
		in := wasmbin.Reader{Data: r.Bytes(r.U32())}
		switch kind {
		case 0:
			in.Name()
		case 1, 4, 5, 6, 7, 8, 9, 11:
			names(&in)
		case 2, 3, 10:
			for n := in.Count(); n > 0 && in.Err == nil; n-- {
				in.U32()
				names(&in)
			}
		default:
			continue
		}
		if in.Err != nil || in.At < len(in.Data) {
			return false
		}
	}
	return r.Err == nil
}

// names skips a list of names.
func names(r *wasmbin.Reader) {
	for n := r.Count(); n > 0 && r.Err == nil; n-- {
		r.U32()
		r.Name()
	}
}

// checkElement looks at a segment of a table's elements.
func (b *binaryModule) checkElement(r *wasmbin.Reader) {
	flags := r.U32()
	if flags > 7 && r.Err == nil {
		r.Err = errors.New("a segment of elements is of an unknown kind")
	}
	if flags&1 == 0 { // it is for a table, at an offset
		if flags&2 != 0 {
			r.U32()
		}
		r.Expression()
	}
	if flags&3 != 0 {
		r.Byte()
	}
	n := r.Count()
	if b.elements += uint64(n); b.elements > maxElements && r.Err == nil {
		r.Err = fmt.Errorf("its segments have %d elements, and the engine allows %d in all", b.elements, maxElements)
	}
	for ; n > 0 && r.Err == nil; n-- {
		if flags&4 != 0 {
			r.Expression()
		} else {
			r.U32()
		}
	}
}

// checkData looks at a segment of the memory.
func checkData(r *wasmbin.Reader) {
	flags := r.U32()
	if flags == 2 {
		r.U32()
	}
	if flags != 1 {
		r.Expression()
	}
	r.Skip(r.U32())
}

// What a function may have, as elsewhere: https://webassembly.github.io/spec/js-api/#limits.
const (
	maxLocals = 50_000
	maxBody   = 7_654_321 // bytes
	maxValues = 1000      // parameters, and as many results
)

// checkBody looks at a function's variables: a list of a few bytes can claim billions. Those of all
// functions together are bounded by the code, in which each takes two bytes to be used.
func (b *binaryModule) checkBody(r *wasmbin.Reader) {
	body := wasmbin.Reader{Data: r.Bytes(r.U32())}
	total := body.Locals()
	b.locals += total
	switch {
	case body.Err != nil:
	case total > maxLocals:
		body.Err = fmt.Errorf("a function has %d variables, more than %d", total, maxLocals)
	case len(body.Data) > maxBody:
		body.Err = fmt.Errorf("a function has %d bytes, more than %d", len(body.Data), maxBody)
	case b.locals > maxLocals+uint64(len(b.data)):
		body.Err = fmt.Errorf("its functions have %d variables in a file of %d bytes", b.locals, len(b.data))
	}
	if r.Err == nil {
		r.Err = body.Err
	}
}

type table struct {
	element  byte
	min, max uint64
}

func boundTables(r wasmbin.Reader) ([]byte, error) {
	var tables []table
	count := r.Count()
	total := uint64(0)
	for i := uint32(0); i < count && r.Err == nil; i++ {
		t := table{element: r.Byte()}
		if t.element != 0x70 && t.element != 0x6f && r.Err == nil {
			return nil, invalid("a table has elements of an unknown kind")
		}
		t.min, t.max = r.Limits()
		total += t.min
		tables = append(tables, t)
	}
	switch {
	case r.Err != nil || r.At != len(r.Data):
		return nil, invalid("its tables are cut off")
	case total+uint64(len(tables))*16 > maxElements: // a table costs more than its elements
		return nil, &engine.CompileError{Reason: fmt.Sprintf("its %d tables have %d elements, and the engine allows %d in all", len(tables), total, maxElements)}
	}
	out := binary.AppendUvarint(nil, uint64(len(tables)))
	for _, t := range tables {
		room := (maxElements - total) / uint64(len(tables))
		out = append(out, t.element, 1)
		out = binary.AppendUvarint(out, t.min)
		out = binary.AppendUvarint(out, max(t.min, min(t.max, t.min+room)))
	}
	return out, nil
}

// emptyLoop is a loop that does nothing: wazero checks at loops whether a call is to end, and
// nowhere else.
var emptyLoop = []byte{0x03, 0x40, 0x0b}

// checked returns the code with a check at the beginning of each function that calls others, so
// that recursion ends, too, and one before each instruction whose work its operands choose: a
// function can have hundreds of thousands of them without a loop.
func checked(r wasmbin.Reader) ([]byte, error) {
	count := r.U32()
	out := binary.AppendUvarint(nil, uint64(count))
	for range count {
		body := r.Bytes(r.U32())
		in := wasmbin.Reader{Data: body}
		in.Locals()
		start := in.At
		code, calls := make([]byte, 0, len(body)), false
		for in.At < len(body) {
			from := in.At
			kind := in.Instruction()
			if in.Err != nil {
				return nil, invalid(in.Err.Error())
			}
			calls = calls || kind == wasmbin.CallsOthers
			if kind == wasmbin.WorksLong {
				code = append(code, emptyLoop...)
			}
			code = append(code, body[from:in.At]...)
		}
		var first []byte
		if calls {
			first = emptyLoop
		}
		out = binary.AppendUvarint(out, uint64(start+len(first)+len(code)))
		out = append(append(append(out, body[:start]...), first...), code...)
	}
	return out, nil
}
