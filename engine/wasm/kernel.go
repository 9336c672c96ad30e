package wasm

import (
	"encoding/binary"
	"math/bits"
)

// kernel is the memory that a plugin and the host exchange blocks in, beside the plugin's own. A
// block is known by the place at which it begins. Everything in it lasts for one call. The zero
// kernel is empty.
type kernel struct {
	limit  uint64 // of the memory, in bytes
	memory []byte
	blocks map[uint64]block
	free   [maxClass + 1][]uint64 // places of freed blocks, by class

	input, inputLength   uint64
	output, outputLength uint64
	failure              uint64 // the block of the error, or 0
}

// block is what is handed out.
type block struct {
	length uint64
	class  int // it takes 1<<class bytes
}

const (
	minClass = 4
	maxClass = 32
	// firstPlace is where the first block lies; 0 means that there is none.
	firstPlace = 16
	// keptMemory is how much memory is kept for the next call.
	keptMemory = 4 << 20
)

// begin forgets what the last call left, and takes the input.
func (k *kernel) begin(limit uint64, input []byte) bool {
	memory := k.memory
	if cap(memory) > keptMemory {
		memory = nil
	}
	blocks := k.blocks
	if blocks == nil {
		blocks = make(map[uint64]block)
	}
	clear(blocks)
	*k = kernel{limit: limit, memory: memory[:0], blocks: blocks}
	if len(input) == 0 {
		return true
	}
	k.input, k.inputLength = k.put(input), uint64(len(input))
	return k.input != 0
}

// alloc hands out a block, or 0 where there is no room.
func (k *kernel) alloc(length uint64) uint64 {
	if length == 0 || length > k.limit {
		return 0
	}
	class := max(minClass, bits.Len64(length-1))
	if n := len(k.free[class]); n > 0 {
		place := k.free[class][n-1]
		k.free[class] = k.free[class][:n-1]
		k.blocks[place] = block{length, class}
		return place
	}
	size := uint64(1) << class
	place := max(firstPlace, uint64(len(k.memory)))
	if place+size > k.limit+firstPlace || len(k.blocks) >= maxBlocks {
		return 0
	}
	k.grow(place + size)
	k.blocks[place] = block{length, class}
	return place
}

// maxBlocks bounds what the host knows about blocks.
const maxBlocks = 1 << 20

// grow makes the memory as large. New memory is zero, and so is what an earlier call had used.
func (k *kernel) grow(size uint64) {
	from := len(k.memory)
	if size <= uint64(cap(k.memory)) {
		k.memory = k.memory[:size]
		clear(k.memory[from:])
		return
	}
	memory := make([]byte, size, max(size, min(2*uint64(cap(k.memory)), k.limit+firstPlace)))
	copy(memory, k.memory)
	k.memory = memory
}

// release takes a block back. What is no block, or no more, is left alone.
func (k *kernel) release(place uint64) {
	b, ok := k.blocks[place]
	if !ok {
		return
	}
	delete(k.blocks, place)
	k.free[b.class] = append(k.free[b.class], place)
	if place == k.input {
		k.inputLength = 0
	}
}

// put makes a block of data, or 0 where there is no room or no data.
func (k *kernel) put(data []byte) uint64 {
	place := k.alloc(uint64(len(data)))
	if place != 0 {
		copy(k.memory[place:], data)
	}
	return place
}

// block returns the data of a block. It is the kernel's own memory.
func (k *kernel) block(place uint64) ([]byte, bool) {
	b, ok := k.blocks[place]
	if !ok {
		return nil, false
	}
	return k.memory[place : place+b.length], true
}

// at returns a part of the memory.
func (k *kernel) at(place, length uint64) ([]byte, bool) {
	size := uint64(len(k.memory))
	if length == 0 && place <= size {
		return nil, true
	}
	if place < firstPlace || place > size || length > size-place {
		return nil, false
	}
	return k.memory[place : place+length], true
}

// inputAt reads a number of up to eight bytes from the input, beyond which everything is 0.
func (k *kernel) inputAt(offset uint64, length int) uint64 {
	input, ok := k.at(k.input, k.inputLength)
	if !ok || offset >= uint64(len(input)) {
		return 0
	}
	var number [8]byte
	copy(number[:length], input[offset:])
	return binary.LittleEndian.Uint64(number[:])
}
