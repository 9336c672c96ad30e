package checkpoint

import "slices"

// code joins instructions.
func code(parts ...[]byte) []byte { return slices.Concat(parts...) }

func op(ops ...byte) []byte { return ops }

// with is an instruction with an index, a label or a type.
func with(op byte, index uint32) []byte { return appendU32([]byte{op}, index) }

func constant(v int32) []byte { return appendS32([]byte{opI32Const}, v) }

// checkpoint appends one: the counter loses what the instructions leave on the stack.
func (h helpers) checkpoint(to, weight []byte) []byte {
	to = appendU32(append(to, opGlobalGet), h.counter)
	to = append(append(to, weight...), opI32Sub, opGlobalSet)
	to = appendU32(to, h.counter)
	to = appendU32(append(to, opGlobalGet), h.counter)
	to = append(to, opI32Const, 0, opI32LtS, opIf, void, opCall)
	return append(appendU32(to, h.check), opEnd)
}

// pay appends that the function's own count of steps that are paid for loses a weight.
func (h helpers) pay(to []byte, own, weight uint32) []byte {
	to = appendU32(append(to, opLocalGet), own)
	to = appendS32(append(to, opI32Const), int32(weight))
	to = appendU32(append(to, opI32Sub, opLocalTee), own)
	return append(to, opI32Const, 0)
}

// owe appends that more steps are taken from the counter.
func (h helpers) owe(to []byte, own uint32) []byte {
	to = appendU32(append(to, opLocalGet), own)
	to = appendU32(append(to, opCall), h.take)
	return appendU32(append(to, opLocalSet), own)
}

// mayBranch appends a checkpoint before what may be a branch that leads back.
func (h helpers) mayBranch(to []byte, own, weight uint32) []byte {
	to = append(h.pay(to, own, weight), opI32LtS, opIf, void)
	return append(h.owe(to, own), opEnd)
}

// branch appends a checkpoint before a branch that leads back to a label. It is a branch there of
// its own, so that one that needs nothing costs no further one.
func (h helpers) branch(to []byte, own, weight, label uint32) []byte {
	to = append(h.pay(to, own, weight), opI32GeS)
	return h.owe(appendU32(append(to, opBrIf), label), own)
}

// ahead is how many steps a function takes from the counter beyond those that it has made. It is
// charged for them, too, if it ends before.
const ahead = 32

// part is how much memory is worked on at a time.
const part = 64 << 10

// helperCount is how many functions are added.
const helperCount = 4

// bodies are those of the functions that are added.
func (h helpers) bodies(tick uint32) [helperCount][]byte {
	const to, from, size = 0, 1, 2
	// The steps that were made without having been taken are below zero.
	take := h.checkpoint(op(0), code(constant(ahead), with(opLocalGet, 0), op(opI32Sub)))
	forward := code(
		with(opLocalGet, to), with(opLocalGet, from), constant(part), op(opMisc, miscMemoryCopy, 0, 0),
		with(opLocalGet, to), constant(part), op(opI32Add), with(opLocalSet, to),
		with(opLocalGet, from), constant(part), op(opI32Add), with(opLocalSet, from),
	)
	backward := code(
		with(opLocalGet, to), with(opLocalGet, size), op(opI32Add),
		with(opLocalGet, from), with(opLocalGet, size), op(opI32Add), constant(part), op(opMisc, miscMemoryCopy, 0, 0),
	)
	overlap := code(with(opLocalGet, from), with(opLocalGet, to), op(opI32LtU, opIf, void), backward, op(opElse), forward, op(opEnd))
	fill := code(
		with(opLocalGet, to), with(opLocalGet, size), op(opI32Add), with(opLocalGet, 1), constant(part), op(opMisc, miscMemoryFill, 0),
	)
	return [helperCount][]byte{
		code(op(0), constant(Period), with(opGlobalSet, h.counter), with(opCall, tick), op(opEnd)),
		code(take, constant(ahead), op(opEnd)),
		h.inParts(overlap, op(opMisc, miscMemoryCopy, 0, 0), to, from),
		h.inParts(fill, op(opMisc, miscMemoryFill, 0), to),
	}
}

// inParts is a function of three parameters, the last of which is a size: while it is larger than a
// part, it is lowered by one and the step is done; then the instruction is done with the parameters
// as they are. Where an address and the size lead out of the memory, that is at once: it traps
// before anything has changed.
func (h helpers) inParts(step, instruction []byte, addresses ...uint32) []byte {
	const size = 2
	var outside []byte
	for _, address := range addresses {
		outside = append(outside, code(
			with(opLocalGet, address), op(opI64ExtendU), with(opLocalGet, size), op(opI64ExtendU, opI64Add),
			op(opMemorySize, 0, opI64ExtendU, opI64Const, 16, opI64Shl, opI64GtU), with(opBrIf, 0),
		)...)
	}
	const shift = weightShift
	rest := code(with(opLocalGet, size), constant(part-1), op(opI32And), constant(shift), op(opI32ShrU), constant(1), op(opI32Add))
	return code(
		op(0), h.checkpoint(nil, rest),
		op(opBlock, void), outside,
		op(opLoop, void),
		with(opLocalGet, size), constant(part), op(opI32LeU), with(opBrIf, 1),
		with(opLocalGet, size), constant(part), op(opI32Sub), with(opLocalSet, size),
		step, h.checkpoint(nil, constant(part>>shift)), with(opBr, 0),
		op(opEnd, opEnd),
		with(opLocalGet, 0), with(opLocalGet, 1), with(opLocalGet, size), instruction, op(opEnd),
	)
}
