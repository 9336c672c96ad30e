// Package kernel is the memory that an Extism plugin and the host exchange blocks in.
package kernel

import (
	_ "embed"
	"iter"
	"math/bits"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/internal/wasmrun"
)

// Code has the functions that plugins call for every few bytes: WebAssembly calls them hundreds of
// times faster than functions of the host. It hands on those of the host, from the module
// HostModule.
//
//go:embed kernel.wasm
var Code []byte

// HostModule is the module that Code imports from.
const HostModule = "load:host"

// Kernel is the memory that a plugin and the host exchange blocks in, beside the plugin's own. A
// block is known by the place at which it begins. Everything in it lasts for one call.
type Kernel struct {
	memory      api.Memory // nil of a module that is no plugin
	place, size api.MutableGlobal
	end         uint64 // of what was handed out
	used        uint64 // to where what was handed out is readable
	blocks      map[uint64]block
	free        map[int][]uint64 // places of freed blocks, by class

	// Output and OutputLength are where the plugin's answer lies, and Failure the block of its error,
	// or 0.
	Output, OutputLength uint64
	Failure              uint64
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
	// maxBlocks bounds what the host knows about blocks.
	maxBlocks = 1 << 20
	// maxFree is how many freed blocks of a class it knows before it reuses one.
	maxFree = 1 << 12
	// slack is what is readable after the input.
	slack = 8
)

// New returns the kernel of an instance of Code.
func New(instance api.Module) Kernel {
	return Kernel{
		memory: instance.Memory(),
		place:  instance.ExportedGlobal("input_place").(api.MutableGlobal),
		size:   instance.ExportedGlobal("input_size").(api.MutableGlobal),
		blocks: make(map[uint64]block),
	}
}

// Begin forgets what the last call left, and takes the input. It reports whether there is room.
func (k *Kernel) Begin(input []byte) bool {
	if k.memory == nil {
		return true
	}
	used := k.used
	k.forget()
	k.end = firstPlace
	place := k.Put(input)
	from := max(place, firstPlace)
	if place != 0 {
		from += uint64(len(input))
	}
	if left, ok := k.At(from, max(from, used)-from); ok {
		clear(left)
	}
	if place == 0 && len(input) > 0 {
		return false
	}
	k.SetInput(place, uint64(len(input)))
	return true
}

// forget drops what the last call left, but for the bytes.
func (k *Kernel) forget() {
	clear(k.blocks)
	*k = Kernel{memory: k.memory, place: k.place, size: k.size, blocks: k.blocks}
}

// Rest forgets what the last call left, and gives the memory back that held it. It reports whether
// there was any. The memory is that of the kernel.
func (k *Kernel) Rest(memory *wasmrun.Memories) bool {
	if k.end == 0 || !memory.Empty() {
		return false
	}
	k.forget()
	k.SetInput(0, 0)
	return true
}

// SetInput says where the input lies.
func (k *Kernel) SetInput(place, length uint64) {
	k.place.Set(place)
	k.size.Set(length)
}

// Alloc hands out a block, or 0 if there is no room. Plugins free again what a function that
// they gave it to has freed, and must not hit the block of its answer. As Extism's own kernel, it
// therefore reuses a freed one only where the memory would have to grow, or if there are very
// many, and the one that was freed first.
func (k *Kernel) Alloc(length uint64) uint64 {
	if length == 0 || length > uint64(1)<<maxClass-slack || len(k.blocks) >= maxBlocks {
		return 0
	}
	class := max(minClass, bits.Len64(length+slack-1))
	place := max(firstPlace, k.end)
	end := place + uint64(1)<<class
	if n := len(k.free[class]); n > maxFree || n > 0 && end > uint64(k.memory.Size()) {
		place = k.free[class][0]
		k.free[class] = k.free[class][1:]
	} else {
		if !k.grow(end) {
			return 0
		}
		k.end = end
	}
	k.used = max(k.used, place+length+slack)
	k.blocks[place] = block{length, class}
	return place
}

// grow makes the memory as large, within the limit of the module.
func (k *Kernel) grow(size uint64) bool {
	have := uint64(k.memory.Size())
	if size <= have {
		return true
	}
	pages := (size - have + wasmrun.PageSize - 1) / wasmrun.PageSize
	_, ok := k.memory.Grow(uint32(min(pages, 1<<32-1)))
	return ok
}

// Release takes a block back. What is no block, or no more, is left alone.
func (k *Kernel) Release(place uint64) {
	b, ok := k.blocks[place]
	if !ok {
		return
	}
	delete(k.blocks, place)
	if k.free == nil {
		k.free = make(map[int][]uint64)
	}
	k.free[b.class] = append(k.free[b.class], place)
	if place == k.place.Get() {
		k.size.Set(0)
	}
}

// Put makes a block of data, or 0 if there is no room or no data.
func (k *Kernel) Put(data []byte) uint64 {
	place := k.Alloc(uint64(len(data)))
	if place != 0 {
		k.memory.Write(uint32(place), data)
	}
	return place
}

// Block returns the data of a block. It is the kernel's own memory.
func (k *Kernel) Block(place uint64) ([]byte, bool) {
	b, ok := k.blocks[place]
	if !ok {
		return nil, false
	}
	return k.At(place, b.length)
}

// At returns a part of the memory.
func (k *Kernel) At(place, length uint64) ([]byte, bool) {
	size := uint64(k.memory.Size())
	if length == 0 && place <= size {
		return nil, true
	}
	if place < firstPlace || place > size || length > size-place {
		return nil, false
	}
	return k.memory.Read(uint32(place), uint32(length))
}

// Length is how long a block is, 0 of what is none.
func (k *Kernel) Length(place uint64) uint64 { return k.blocks[place].length }

// Size is how many bytes the memory has; without a kernel it is 0.
func (k *Kernel) Size() uint64 {
	if k.memory == nil {
		return 0
	}
	return uint64(k.memory.Size())
}

// End is where the memory ends that was handed out.
func (k *Kernel) End() uint64 { return k.end }

// Blocks are the blocks that are handed out: their places and lengths.
func (k *Kernel) Blocks() iter.Seq2[uint64, uint64] {
	return func(yield func(uint64, uint64) bool) {
		for place, b := range k.blocks {
			if !yield(place, b.length) {
				return
			}
		}
	}
}
