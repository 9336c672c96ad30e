package wasm

import (
	"encoding/binary"
	"fmt"
)

// emptyLoop is a loop that does nothing: wazero checks at loops whether a call is to end, and nowhere
// else.
var emptyLoop = []byte{0x03, 0x40, 0x0b}

// checked returns the code with a check at the beginning of each function that calls others, so that
// recursion ends, too, and one before each instruction whose work its operands choose: a function
// can have hundreds of thousands of them without a loop.
func checked(r reader) ([]byte, error) {
	count := r.u32()
	out := binary.AppendUvarint(nil, uint64(count))
	for range count {
		body := r.bytes(r.u32())
		in := reader{data: body}
		in.locals()
		start := in.at
		code, calls := make([]byte, 0, len(body)), false
		for in.at < len(body) {
			from := in.at
			kind := in.instruction()
			if in.err != nil {
				return nil, invalid(in.err.Error())
			}
			calls = calls || kind == callsOthers
			if kind == worksLong {
				code = append(code, emptyLoop...)
			}
			code = append(code, body[from:in.at]...)
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

// What is to be known of an instruction.
type instructionKind int

const (
	worksBriefly instructionKind = iota
	callsOthers
	worksLong // on as much memory or as many elements as its operands say
)

// instruction skips an instruction of WebAssembly 2.0:
// https://webassembly.github.io/spec/core/binary/instructions.html.
func (r *reader) instruction() instructionKind {
	switch op := r.byte(); {
	case op >= 0x02 && op <= 0x04: // blocks
		r.signed()
	case op == 0x0c, op == 0x0d, op >= 0x20 && op <= 0x26, op == 0xd2: // a label or an index
		r.u32()
	case op == 0x0e: // labels
		for n := r.count(); n > 0 && r.err == nil; n-- {
			r.u32()
		}
		r.u32()
	case op == 0x10:
		r.u32()
		return callsOthers
	case op == 0x11:
		r.u32()
		r.u32()
		return callsOthers
	case op == 0x1c: // types
		r.skip(r.u32())
	case op >= 0x28 && op <= 0x3e: // loads and stores
		r.u32()
		r.u32()
	case op == 0x3f:
		r.byte()
	case op == 0x40: // memory.grow
		r.byte()
		return worksLong
	case op == 0x41, op == 0x42, op == 0xd0:
		r.signed()
	case op == 0x43:
		r.skip(4)
	case op == 0x44:
		r.skip(8)
	case op == 0xfc:
		return r.misc()
	case op == 0xfd:
		r.vector()
	case op <= 0x01, op == 0x05, op == 0x0b, op == 0x0f, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
	default:
		r.unknown(uint32(op))
	}
	return worksBriefly
}

// misc skips the rest of an instruction of two parts.
func (r *reader) misc() instructionKind {
	switch op := r.u32(); op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // conversions
		return worksBriefly
	case 9, 13, 16: // data.drop, elem.drop, table.size
		r.u32()
		return worksBriefly
	case 11, 15, 17: // memory.fill, table.grow, table.fill
		r.u32()
	case 8, 10, 12, 14: // memory.init, memory.copy, table.init, table.copy
		r.u32()
		r.u32()
	default:
		r.unknown(op)
	}
	return worksLong
}

// vector skips the rest of an instruction on vectors.
func (r *reader) vector() {
	switch op := r.u32(); {
	case op <= 11, op == 92, op == 93: // loads and stores
		r.u32()
		r.u32()
	case op == 12, op == 13: // a constant, or the lanes of a shuffle
		r.skip(16)
	case op >= 21 && op <= 34: // a lane
		r.byte()
	case op >= 84 && op <= 91: // a lane in memory
		r.u32()
		r.u32()
		r.byte()
	case op > 275:
		r.unknown(op)
	}
}

func (r *reader) unknown(op uint32) {
	if r.err == nil {
		r.err = fmt.Errorf("it has the unknown instruction %#x", op)
	}
}
