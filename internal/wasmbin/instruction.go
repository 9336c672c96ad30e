package wasmbin

import "fmt"

// InstructionKind is what is to be known of an instruction.
type InstructionKind int

const (
	WorksBriefly InstructionKind = iota
	CallsOthers
	WorksLong // on as much memory or as many elements as its operands say
)

// Instruction skips an instruction of WebAssembly 2.0:
// https://webassembly.github.io/spec/core/binary/instructions.html.
func (r *Reader) Instruction() InstructionKind {
	switch op := r.Byte(); {
	case op >= 0x02 && op <= 0x04: // blocks
		r.Signed()
	case op == 0x0c, op == 0x0d, op >= 0x20 && op <= 0x26, op == 0xd2: // a label or an index
		r.U32()
	case op == 0x0e: // labels
		for n := r.Count(); n > 0 && r.Err == nil; n-- {
			r.U32()
		}
		r.U32()
	case op == 0x10:
		r.U32()
		return CallsOthers
	case op == 0x11:
		r.U32()
		r.U32()
		return CallsOthers
	case op == 0x1c: // types
		r.Skip(r.U32())
	case op >= 0x28 && op <= 0x3e: // loads and stores
		r.U32()
		r.U32()
	case op == 0x3f:
		r.Byte()
	case op == 0x40: // memory.grow
		r.Byte()
		return WorksLong
	case op == 0x41, op == 0x42, op == 0xd0:
		r.Signed()
	case op == 0x43:
		r.Skip(4)
	case op == 0x44:
		r.Skip(8)
	case op == 0xfc:
		return r.misc()
	case op == 0xfd:
		r.vector()
	case op <= 0x01, op == 0x05, op == 0x0b, op == 0x0f, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
	default:
		r.unknown(uint32(op))
	}
	return WorksBriefly
}

// misc skips the rest of an instruction of two parts.
func (r *Reader) misc() InstructionKind {
	switch op := r.U32(); op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // conversions
		return WorksBriefly
	case 9, 13, 16: // data.drop, elem.drop, table.size
		r.U32()
		return WorksBriefly
	case 11, 15, 17: // memory.fill, table.grow, table.fill
		r.U32()
	case 8, 10, 12, 14: // memory.init, memory.copy, table.init, table.copy
		r.U32()
		r.U32()
	default:
		r.unknown(op)
	}
	return WorksLong
}

// vector skips the rest of an instruction on vectors.
func (r *Reader) vector() {
	switch op := r.U32(); {
	case op <= 11, op == 92, op == 93: // loads and stores
		r.U32()
		r.U32()
	case op == 12, op == 13: // a constant, or the lanes of a shuffle
		r.Skip(16)
	case op >= 21 && op <= 34: // a lane
		r.Byte()
	case op >= 84 && op <= 91: // a lane in memory
		r.U32()
		r.U32()
		r.Byte()
	case op > 275:
		r.unknown(op)
	}
}

func (r *Reader) unknown(op uint32) {
	if r.Err == nil {
		r.Err = fmt.Errorf("it has the unknown instruction %#x", op)
	}
}
