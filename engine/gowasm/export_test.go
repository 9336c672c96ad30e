package gowasm

import (
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wasmrun"
)

// Patience is how long a cancelled call may take that was told of it.
const Patience = patience

// CountdownDir is where the tests keep what they build of countdown, once.
var CountdownDir string

// KeptStacks returns how large the machine stacks are that calls have left behind, as they are.
func KeptStacks(i engine.Instance) (total int) {
	for _, lv := range i.(*instance).module.guests[0].levels {
		for _, e := range append([]entrance{lv.buffer, lv.message, lv.call, lv.panicked}, lv.direct...) {
			if e.f != nil {
				total += wasmrun.StackOf(e.f)
			}
		}
	}
	return total
}

// MemoryAddress returns where the linear memory is.
func MemoryAddress(i engine.Instance) *byte {
	data, _ := i.(*instance).module.guests[0].memory.Read(0, 1)
	return &data[0]
}
