package checkpoint

import "fmt"

// Instructions: https://webassembly.github.io/spec/core/binary/instructions.html.
const (
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opI32Load      = 0x28 // the first of the loads and stores
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32LtS       = 0x48
	opI32LtU       = 0x49
	opI32GeS       = 0x4e
	opI32LeU       = 0x4d
	opI64GtU       = 0x56
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI32And       = 0x71
	opI32ShrU      = 0x76
	opI64Add       = 0x7c
	opI64Shl       = 0x86
	opI64ExtendU   = 0xad
	opMisc         = 0xfc
	opVector       = 0xfd

	miscMemoryCopy = 10
	miscMemoryFill = 11
)

// instruction is what has to be known of one that was read.
type instruction struct {
	op    byte
	misc  uint32   // the second part of the opcode
	value uint32   // the index, label, or constant of 32 bits
	void  bool     // for a block: it has neither parameters nor results
	table []uint32 // the labels of br_table, the default one last
}

// instruction reads one. It refuses what Go's compiler does not write.
func (r *reader) instruction() (instruction, error) {
	i := instruction{op: r.byte()}
	switch op := i.op; {
	case op == opBlock || op == opLoop || op == opIf:
		i.void = r.at < len(r.data) && r.data[r.at] == void
		r.s64()
	case op == opBrTable:
		n := r.u32()
		if int64(n) >= int64(len(r.data)-r.at) {
			r.fail()
			break
		}
		i.table = make([]uint32, n+1)
		for k := range i.table {
			i.table[k] = r.u32()
		}
	case op == opCallIndirect:
		r.u32()
		r.u32()
	case op == opSelectTyped:
		r.bytes(int(r.u32()))
	case op == opBr, op == opBrIf, op == opCall, op >= opLocalGet && op <= opGlobalSet:
		i.value = r.u32()
	case op >= opI32Load && op < opMemorySize: // loads and stores
		r.u32()
		r.u32()
	case op == opMemorySize || op == opMemoryGrow:
		r.byte()
	case op == opI32Const:
		i.value = uint32(r.s64())
	case op == opI64Const:
		r.s64()
	case op == opF32Const:
		r.bytes(4)
	case op == opF64Const:
		r.bytes(8)
	case op == opMisc:
		return i, r.misc(&i)
	case op == opVector:
		return i, r.vector()
	case op <= 0x01, op == opElse, op == opEnd, op == opReturn, op == 0x1a, op == 0x1b, op > opF64Const && op <= 0xc4:
	default:
		return i, fmt.Errorf("it has the unknown instruction %#x", op)
	}
	return i, nil
}

// misc reads the rest of an instruction of two parts.
func (r *reader) misc(i *instruction) error {
	switch i.misc = r.u32(); {
	case i.misc < 8:
	case i.misc == miscMemoryCopy && string(r.bytes(2)) == "\x00\x00", i.misc == miscMemoryFill && r.byte() == 0: // of the only memory
	default:
		return fmt.Errorf("it has the unknown instruction %#x %d", i.op, i.misc)
	}
	return nil
}

// vector reads the rest of an instruction on vectors.
func (r *reader) vector() error {
	switch op := r.u32(); {
	case op <= 11 || op == 92 || op == 93: // loads and stores
		r.u32()
		r.u32()
	case op <= 13: // a constant, or the lanes of a shuffle
		r.bytes(16)
	case op >= 21 && op <= 34: // a lane
		r.byte()
	case op >= 84 && op <= 91: // loads and stores of a lane
		r.u32()
		r.u32()
		r.byte()
	case op > 275:
		return fmt.Errorf("it has the unknown instruction %#x %d", opVector, op)
	}
	return nil
}
