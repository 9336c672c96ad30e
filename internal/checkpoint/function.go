package checkpoint

import "errors"

// function is the one that is written.
type function struct {
	*rewriter
	in     *reader
	body   []byte  // without the locals
	frames []frame // what is open, the outermost first
	count  int     // of the instructions that were read
	last   [2]instruction
	calls  bool
	back   bool   // a branch leads back
	own    uint32 // the variable that counts steps, which it has if one does
}

// frame is a block, a loop, an if, or the function itself, which is open.
type frame struct {
	op    byte
	void  bool
	at    int // where it begins
	count int // how many instructions were read before
	// dispatch is that of a loop, or of the loop that a block belongs to.
	dispatch *dispatch
	label    uint32 // of the block there
}

// dispatch is a loop at whose head a variable says where to go on:
//
//	loop
//	  block … block
//	    local.get variable
//	    br_table …
//	  end
//	  … ; here the loop goes on with the label 0 of the table
//	  end
//	  … ; here with 1
type dispatch struct {
	variable uint32
	table    []uint32
	frame    int   // of the loop
	ends     []int // by label: where the block ends, 0 while it is open
}

const (
	// smallFunction is the size up to which a function that calls nothing has no checkpoint at its
	// entry.
	smallFunction = 1 << weightShift
	// weightShift is the logarithm of the size of the code that one step of the counter stands for.
	weightShift = 8
	// maxLocals is more variables than wazero takes of a function.
	maxLocals = 1 << 20
	// smallCopy is how much memory one instruction works on without a checkpoint.
	smallCopy = 4 << 10
)

// weight is what the counter loses for code of that size.
func weight(size int) uint32 { return 1 + uint32(size)>>weightShift }

// function appends a function with so many parameters to out.
func (w *rewriter) function(out []byte, params uint32, in *reader) ([]byte, error) {
	f := function{rewriter: w, in: in, body: w.body[:0], frames: append(w.frames[:0], frame{op: opBlock})}
	groups := in.u32()
	from, own := in.at, uint64(params)
	for range groups {
		own += uint64(in.u32())
		in.byte()
		if in.err != nil {
			return nil, in.err
		}
	}
	if own >= maxLocals {
		return nil, errors.New("a function has too many variables")
	}
	f.own = uint32(own)
	declared := in.data[from:in.at]
	for len(f.frames) > 0 {
		if err := f.step(); err != nil {
			return nil, err
		}
	}
	if in.more() {
		return nil, errors.New("a function goes on behind its end")
	}
	w.body, w.frames = f.body, f.frames
	var entry []byte
	if f.calls || len(f.body) > smallFunction {
		entry = w.helpers.checkpoint(nil, appendS32([]byte{opI32Const}, int32(weight(len(f.body)))))
	}
	var locals []byte
	if f.back {
		locals = append(append(appendU32(nil, groups+1), declared...), 1, i32)
	} else {
		locals = append(appendU32(nil, groups), declared...)
	}
	out = appendU32(out, uint32(len(locals)+len(entry)+len(f.body)))
	return append(append(append(out, locals...), entry...), f.body...), nil
}

// step reads an instruction and writes it.
func (f *function) step() error {
	from := f.in.at
	i, err := f.in.instruction()
	if err == nil {
		err = f.in.err
	}
	if err != nil {
		return err
	}
	text := f.in.data[from:f.in.at]
	switch i.op {
	case opBlock, opLoop, opIf:
		f.frames = append(f.frames, frame{op: i.op, void: i.void, at: from, count: f.count})
	case opEnd:
		f.end(f.in.at)
	case opBr:
		text, err = f.branch(i, text)
	case opBrIf:
		err = f.branches(i.value)
	case opBrTable:
		f.dispatches(i.table)
		err = f.branches(i.table...)
	case opCall:
		f.calls = true
		if i.value >= f.helpers.check {
			err = errors.New("it calls a function that it does not have")
		}
	case opCallIndirect:
		f.calls = true
	case opGlobalGet, opGlobalSet:
		if i.value >= f.helpers.counter {
			err = errors.New("it uses a variable that it does not have")
		}
	case opMisc:
		text = f.memory(i, text)
	}
	f.body = append(f.body, text...)
	f.count++
	f.last[0], f.last[1] = f.last[1], i
	return err
}

// end closes a block.
func (f *function) end(at int) {
	top := f.frames[len(f.frames)-1]
	if top.op == opBlock && top.dispatch != nil {
		top.dispatch.ends[top.label] = at
	}
	f.frames = f.frames[:len(f.frames)-1]
}

// dispatches finds out whether the table that was just read makes a dispatch of the loop around.
func (f *function) dispatches(table []uint32) {
	blocks := 0
	loop := len(f.frames) - 1
	for ; loop >= 0; loop-- {
		// Between the loop and the table there is nothing but the blocks, and what gets the
		// variable.
		fr := &f.frames[loop]
		if !fr.void || fr.count != f.count-2-blocks {
			return
		}
		if fr.op == opLoop {
			break
		}
		if fr.op != opBlock {
			return
		}
		blocks++
	}
	if loop < 0 || f.last[1].op != opLocalGet {
		return
	}
	d := &dispatch{variable: f.last[1].value, table: table, frame: loop, ends: make([]int, blocks)}
	f.frames[loop].dispatch = d
	for label := range blocks {
		block := &f.frames[len(f.frames)-1-label]
		block.dispatch, block.label = d, uint32(label)
	}
}

// target returns what a label means.
func (f *function) target(label uint32) (*frame, error) {
	if int64(label) >= int64(len(f.frames)) {
		return nil, errors.New("it branches to a label that is not there")
	}
	return &f.frames[len(f.frames)-1-int(label)], nil
}

// branch returns what to write for a br, and writes a checkpoint where it may lead back.
func (f *function) branch(i instruction, text []byte) ([]byte, error) {
	loop, err := f.target(i.value)
	if err != nil || loop.op != opLoop {
		return text, err
	}
	at := loop.at
	set, constant, d := f.last[1], f.last[0], loop.dispatch
	if d != nil && constant.op == opI32Const && set.op == opLocalSet && set.value == d.variable {
		label := d.table[min(int64(constant.value), int64(len(d.table)-1))]
		if int64(label) < int64(len(d.ends)) {
			if at = d.ends[label]; at == 0 {
				open := d.frame + len(d.ends) - int(label)
				return appendU32([]byte{opBr}, uint32(len(f.frames)-1-open)), nil
			}
		}
	}
	f.back = true
	f.body = f.helpers.branch(f.body, f.own, f.weight(at), i.value)
	return text, nil
}

// branches writes a checkpoint where one of the labels may lead back.
func (f *function) branches(labels ...uint32) error {
	at := f.in.at
	for _, label := range labels {
		to, err := f.target(label)
		if err != nil {
			return err
		}
		if to.op == opLoop {
			at = min(at, to.at)
		}
	}
	if at < f.in.at {
		f.back = true
		f.body = f.helpers.mayBranch(f.body, f.own, f.weight(at))
	}
	return nil
}

// weight is what a branch that leads back to a place costs.
func (f *function) weight(back int) uint32 { return weight(f.in.at - back) }

// memory returns what to write for an instruction that may work on much memory.
func (f *function) memory(i instruction, text []byte) []byte {
	if size := f.last[1]; size.op == opI32Const && size.value <= smallCopy {
		return text
	}
	switch i.misc {
	case miscMemoryCopy:
		return appendU32([]byte{opCall}, f.helpers.copy)
	case miscMemoryFill:
		return appendU32([]byte{opCall}, f.helpers.fill)
	}
	return text
}
