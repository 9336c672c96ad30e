// Package checkpoint puts checkpoints into WebAssembly: places at which code that runs for long
// calls its host. Machine code made of WebAssembly cannot be stopped from outside, and a garbage
// collector that wants to stop all threads waits for it; what it calls can be stopped, and can end
// it.
//
// A counter, a global variable, is lowered at every branch that leads back and at the entry of
// every function that calls others. Where it falls below zero it is set again and the host is
// called. Branches lower it by a few steps ahead and count these in a variable of their function,
// which is in a register where the global is in memory: that halves what a small loop loses.
// Every way through the code that can be long passes such a place:
//
//   - Within a function, a way without one only leads forward. Go's compiler makes a loop of each function
//     that has branches, and branches to its head, where a table finds the place to go on; one that provably goes
//     on further down is no branch back, and becomes a branch to that place.
//   - A function without one calls nothing and is short.
//   - Instructions that work on any amount of memory work on a part at a time.
//
// What the counter loses at a place grows with the code that may have run since the one before.
package checkpoint

import (
	"errors"
	"fmt"
)

// Version changes whenever the output of Insert does.
const Version = 2

// Period is how far the counter is lowered between two calls of the host. A step takes a nanosecond
// in a small loop, and a microsecond where each misses the processor's caches.
const Period = 10_000

// Insert returns the WebAssembly module with checkpoints that call the function which it imports
// under the given names. That function has neither parameters nor results. Indices and names of the
// module's functions and variables stay what they are.
//
// Insert checks of the module what it builds on, and no more: whether it is valid is for who runs
// it to find out.
func Insert(wasm []byte, module, name string) ([]byte, error) {
	w := rewriter{in: reader{data: wasm}, module: module, name: name}
	out, err := w.rewrite()
	if err != nil {
		return nil, fmt.Errorf("put checkpoints into WebAssembly: %w", err)
	}
	return out, nil
}

// Sections of a module: https://webassembly.github.io/spec/core/binary/modules.html.
const (
	sectionType     = 1
	sectionImport   = 2
	sectionFunction = 3
	sectionGlobal   = 6
	sectionCode     = 10
)

// rewriter reads a module once, from its beginning to its end, and writes it.
type rewriter struct {
	in           reader
	module, name string // what is imported
	out          []byte
	last         byte // the last of the sections that are rewritten

	types    uint32   // how many there are
	params   []uint32 // of each type, how many parameters
	ofType   []uint32 // of each defined function, its type
	host     uint32   // index of the type of the host's function, which is also that of check
	tick     uint32   // index of the host's function
	imported struct{ functions, globals uint32 }
	defined  uint32 // functions
	globals  uint32 // imported ones too

	body    []byte // of the function that is written
	frames  []frame
	helpers helpers
}

// helpers are the indices of what is added to the module.
type helpers struct {
	counter                 uint32 // the global
	check, take, copy, fill uint32 // the functions
}

var (
	errTruncated = errors.New("it is cut off")
	errOrder     = errors.New("it lacks a section, or its sections are not in order")
)

const magic = "\x00asm\x01\x00\x00\x00"

func (w *rewriter) rewrite() ([]byte, error) {
	if string(w.in.bytes(len(magic))) != magic {
		return nil, errors.New("it is no WebAssembly module")
	}
	w.out = append(make([]byte, 0, len(w.in.data)+len(w.in.data)/8), magic...)
	for w.in.more() {
		id := w.in.byte()
		content := reader{data: w.in.bytes(int(w.in.u32()))}
		if w.in.err != nil {
			break
		}
		if err := w.section(id, &content); err != nil {
			return nil, err
		}
	}
	if w.in.err == nil && w.last != sectionCode {
		return nil, errOrder
	}
	return w.out, w.in.err
}

// section writes a section.
func (w *rewriter) section(id byte, content *reader) error {
	write := map[byte]struct {
		after byte // the one of these sections that comes before
		write func(*reader) ([]byte, error)
	}{
		sectionType:     {0, w.typeSection},
		sectionImport:   {sectionType, w.importSection},
		sectionFunction: {sectionImport, w.functionSection},
		sectionGlobal:   {sectionFunction, w.globalSection},
		sectionCode:     {sectionGlobal, w.codeSection},
	}[id]
	data := content.data
	if write.write != nil {
		if w.last != write.after {
			return errOrder
		}
		w.last = id
		var err error
		if data, err = write.write(content); err != nil {
			return err
		}
		if content.err == nil && content.more() {
			return errors.New("a section holds more than it says")
		}
		if content.err != nil {
			return content.err
		}
	}
	w.out = appendU32(append(w.out, id), uint32(len(data)))
	w.out = append(w.out, data...)
	return nil
}

// added returns a section's vector that has more elements: what was read of it, and the encoding of
// the others.
func added(in *reader, count uint32, elements ...byte) []byte {
	from := in.data[sizeU32(in.data):]
	return append(append(appendU32(nil, count), from...), elements...)
}

const (
	functionType = 0x60
	i32          = 0x7f
	void         = 0x40 // the type of a block without parameters and results
)

// typeSection adds the types of what is added.
func (w *rewriter) typeSection(in *reader) ([]byte, error) {
	w.types = in.u32()
	w.host = w.types
	for i := uint32(0); i < w.types && in.err == nil; i++ {
		if in.byte() != functionType && in.err == nil {
			return nil, errors.New("it has types that are not those of functions")
		}
		params := in.bytes(int(in.u32()))
		results := in.bytes(int(in.u32()))
		w.params = append(w.params, uint32(len(params)))
		if len(params)+len(results) == 0 {
			w.host = min(w.host, i)
		}
	}
	if in.err == nil && w.host == w.types {
		return nil, w.noImport()
	}
	return added(in, w.types+2, functionType, 3, i32, i32, i32, 0, functionType, 1, i32, 1, i32), nil
}

func (w *rewriter) noImport() error {
	return fmt.Errorf("it does not import the function %s.%s without parameters and results", w.module, w.name)
}

// importSection finds the host's function.
func (w *rewriter) importSection(in *reader) ([]byte, error) {
	found := false
	count := in.u32()
	for i := uint32(0); i < count && in.err == nil; i++ {
		module, name := in.bytes(int(in.u32())), in.bytes(int(in.u32()))
		switch in.byte() {
		case 0: // a function
			if t := in.u32(); !found && t == w.host && string(module) == w.module && string(name) == w.name {
				found, w.tick = true, w.imported.functions
			}
			w.imported.functions++
		case 3: // a global
			in.bytes(2)
			w.imported.globals++
		default:
			return nil, errors.New("it imports something else than functions and variables")
		}
	}
	if in.err == nil && !found {
		return nil, w.noImport()
	}
	return in.data, nil
}

// functionSection declares the functions that are added.
func (w *rewriter) functionSection(in *reader) ([]byte, error) {
	w.defined = in.u32()
	for i := uint32(0); i < w.defined && in.err == nil; i++ {
		t := in.u32()
		if t >= w.types && in.err == nil {
			return nil, errors.New("a function has a type that is not there")
		}
		w.ofType = append(w.ofType, t)
	}
	first := w.imported.functions + w.defined
	w.helpers.check, w.helpers.take, w.helpers.copy, w.helpers.fill = first, first+1, first+2, first+3
	data := added(in, w.defined+helperCount)
	for _, t := range [helperCount]uint32{w.host, w.types + 1, w.types, w.types} {
		data = appendU32(data, t)
	}
	return data, nil
}

// globalSection declares the counter.
func (w *rewriter) globalSection(in *reader) ([]byte, error) {
	defined := in.u32()
	w.globals = w.imported.globals + defined
	w.helpers.counter = w.globals
	in.bytes(len(in.data) - in.at)
	data := append(added(in, defined+1), i32, 1, opI32Const)
	return append(appendS32(data, Period), opEnd), nil
}

// codeSection writes the functions.
func (w *rewriter) codeSection(in *reader) ([]byte, error) {
	if count := in.u32(); count != w.defined && in.err == nil {
		return nil, errors.New("it declares more or fewer functions than it has")
	}
	out := appendU32(make([]byte, 0, len(in.data)+len(in.data)/8), w.defined+helperCount)
	for n := range w.defined {
		body := reader{data: in.bytes(int(in.u32()))}
		if in.err != nil {
			break
		}
		var err error
		if out, err = w.function(out, w.params[w.ofType[n]], &body); err != nil {
			return nil, err
		}
	}
	for _, body := range w.helpers.bodies(w.tick) {
		out = append(appendU32(out, uint32(len(body))), body...)
	}
	return out, nil
}
