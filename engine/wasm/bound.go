package wasm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/loadgo/load/engine"
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
			if content, err = boundTables(reader{data: b.data[:s.end], at: s.content}); err != nil {
				return nil, err
			}
		case sectionImport:
			content = b.renamed()
		case sectionCode:
			var err error
			if content, err = checked(reader{data: b.data[:s.end], at: s.content}); err != nil {
				return nil, err
			}
		case sectionCustom:
			if !wholeNames(reader{data: b.data[:s.end], at: s.content}) {
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

// wholeNames reports whether a custom section holds names, and no list that claims more of them.
func wholeNames(r reader) bool {
	if r.name() != "name" {
		return false
	}
	for r.at < len(r.data) && r.err == nil {
		kind := r.byte()
		in := reader{data: r.bytes(r.u32())}
		switch kind {
		case 0:
			in.name()
		case 1, 4, 5, 6, 7, 8, 9, 11:
			in.names()
		case 2, 3, 10:
			for n := in.count(); n > 0 && in.err == nil; n-- {
				in.u32()
				in.names()
			}
		}
		r.err = errors.Join(r.err, in.err)
	}
	return r.err == nil
}

// names skips a list of names.
func (r *reader) names() {
	for n := r.count(); n > 0 && r.err == nil; n-- {
		r.u32()
		r.name()
	}
}

// checkElement looks at a segment of a table's elements.
func checkElement(r *reader) {
	flags := r.u32()
	if flags > 7 && r.err == nil {
		r.err = errors.New("a segment of elements is of an unknown kind")
	}
	if flags&1 == 0 { // it is for a table, at an offset
		if flags&2 != 0 {
			r.u32()
		}
		r.expression()
	}
	if flags&3 != 0 {
		r.byte()
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		if flags&4 != 0 {
			r.expression()
		} else {
			r.u32()
		}
	}
}

// checkData looks at a segment of the memory.
func checkData(r *reader) {
	flags := r.u32()
	if flags == 2 {
		r.u32()
	}
	if flags != 1 {
		r.expression()
	}
	r.skip(r.u32())
}

// What a function may have, as elsewhere: https://webassembly.github.io/spec/js-api/#limits.
const (
	maxLocals = 50_000
	maxBody   = 7_654_321 // bytes
	maxValues = 1000      // parameters, and as many results
)

// checkBody looks at a function's variables: a list of a few bytes can claim billions. Those of all
// functions together are bounded by the code, in which each takes two bytes to be used.
func (b *binaryModule) checkBody(r *reader) {
	body := reader{data: r.bytes(r.u32())}
	total := body.locals()
	b.locals += total
	switch {
	case body.err != nil:
	case total > maxLocals:
		body.err = fmt.Errorf("a function has %d variables, more than %d", total, maxLocals)
	case len(body.data) > maxBody:
		body.err = fmt.Errorf("a function has %d bytes, more than %d", len(body.data), maxBody)
	case b.locals > maxLocals+uint64(len(b.data)):
		body.err = fmt.Errorf("its functions have %d variables in a file of %d bytes", b.locals, len(b.data))
	}
	if r.err == nil {
		r.err = body.err
	}
}

// locals skips a function's variables, and returns how many there are.
func (r *reader) locals() uint64 {
	total := uint64(0)
	for n := r.count(); n > 0 && r.err == nil; n-- {
		total += uint64(r.u32())
		if t := r.byte(); t == 0x63 || t == 0x64 { // a reference to a type
			r.signed()
		}
	}
	return total
}

type table struct {
	element  byte
	min, max uint64
}

func boundTables(r reader) ([]byte, error) {
	var tables []table
	count := r.count()
	total := uint64(0)
	for i := uint32(0); i < count && r.err == nil; i++ {
		t := table{element: r.byte()}
		if t.element != 0x70 && t.element != 0x6f && r.err == nil {
			return nil, invalid("a table has elements of an unknown kind")
		}
		t.min, t.max = r.limits()
		total += t.min
		tables = append(tables, t)
	}
	switch {
	case r.err != nil || r.at != len(r.data):
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
