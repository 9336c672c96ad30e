package guest

import (
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"github.com/loadgo/load/internal/goglue/guest/guestgoroutine"
	"github.com/loadgo/load/internal/wire"
)

// A module for wasip1 is a reactor: its host initialises it and then calls what it exports, one
// call at a time or one within another, and reads and writes its memory in between.
//
// The functions exported to the host have no receiver, so what they work on is a variable. No two
// of them run at the same time, but wherever a goroutine may wait, and that is wherever memory is
// made, another one can run, call the host, and be called. So what the host reads is put in place
// at the very end of each function.
var served struct {
	module *Module
	levels guestgoroutine.Levels
	small  [][]byte     // by level: where the host writes a message that fits
	large  []byte       // where it writes one that does not
	out    wire.Encoder // the last answer, until the host has read it
	parts  []part       // where it lies
	// exiting says that a function of the host has ended its goroutine, and the call it serves goes
	// on.
	exiting bool
	caught  uint32 // whether the last direct call panicked; the host reads it in place
}

// part is a piece of an answer in memory, as the host reads it.
type part struct{ address, size uint32 }

// smallMessage is the size up to which messages need no memory of their own.
const smallMessage = 4 << 10

// Serve makes the table answer the host's calls. It is called by the initialisation of package
// main, when every other package is initialised.
func Serve(table Table) {
	checkpoint()
	served.module = NewModule(table, reactor{})
}

// checkpoint lets the host stop the module. Code that calls it is put into all functions once they
// are compiled.
//
//go:wasmimport load checkpoint
func checkpoint()

// hello returns the module's Hello: the format, the API's sum, and where the host finds what it
// reads in place. Of several instances of a module each has handles of its own: of n of them,
// instance i uses those that leave the rest i when they are divided by n. Where ownGC is not 0, the
// collector's setting in the environment is the host's own and not one that the module was given.
//
//go:wasmexport load_hello
func hello(instance, instances, ownGC uint32) uint64 {
	level := Enter()
	if ownGC != 0 {
		_ = syscall.Unsetenv("GOGC")
	}
	served.module.held.last, served.module.held.step = uint64(instance), uint64(instances)
	out := wire.Encoder{}
	out.Byte(wire.Hello)
	out.Uint(wire.Format)
	out.String(served.module.table.Sum)
	out.Uint(smallMessage)
	out.Uint(uint64(uintptr(unsafe.Pointer(&served.caught))))
	return answer(level, out, 0)
}

// buffer returns where the host writes small messages of the level, which is that of calls within
// so many others.
//
//go:wasmexport load_buffer
func buffer(of uint32) uint32 {
	level := Enter()
	for uint32(len(served.small)) <= of {
		served.small = append(served.small, make([]byte, smallMessage))
	}
	served.levels.Leave(level)
	return address(&served.small[of][0])
}

// message returns where the host writes the next message, which is not small.
//
//go:wasmexport load_message
func message(size uint32) uint32 {
	level := Enter()
	large := uninitialised(int(size))
	served.levels.Leave(level)
	served.large = large
	return address(&large[0])
}

// call takes the body of a frame, which the host has written for the level, and returns that of its
// answer.
//
//go:wasmexport load_call
func call(of, size uint32) uint64 {
	var in wire.Decoder
	if size > smallMessage {
		in = wire.NewOwner(served.large)
		served.large = nil
	} else {
		in = wire.NewDecoder(served.small[of][:size])
	}
	level := Enter()
	out := served.out // a call within this one needs memory of its own
	served.out = wire.Encoder{}
	out.Truncate(0)
	if cap(out.Buf) > keepBuffer {
		out.Buf = nil
	}
	switch in.Byte() {
	case wire.Call:
		served.module.Run(in, &out)
		if served.module.lasting.own.Waits() {
			runtime.Gosched() // what the module left behind runs only while a call does
		}
		return answer(level, out, wire.HeaderSize)
	case wire.Release:
		served.module.Release(in.Rest())
	}
	served.levels.Leave(level)
	return 0
}

// Enter begins a call of the host and returns its depth.
func Enter() int { return served.levels.Enter() }

// keepBuffer is the size up to which the buffer for answers is kept for the next one.
const keepBuffer = 1 << 20

// Leave ends a direct call: one whose parameters and results are numbers, which the host makes
// without a message.
// It is deferred by each of them, with the level that Enter returned, and recovers a panic.
func Leave(level int) {
	r := recover()
	exited := unwound(r)
	served.module.ahead.Cross()
	if r == nil && !exited {
		served.levels.Leave(level)
		return
	}
	c := &Call{module: served.module}
	if exited {
		c.Out.Byte(wire.Exited)
	} else {
		c.panicked(r, stack())
	}
	answer(level, c.Out, 0)
	served.caught = 1
}

// panicked returns what Leave has recovered, as the end of a Result.
//
//go:wasmexport load_panicked
func panicked() uint64 {
	served.caught = 0
	return location(served.parts)
}

// answer ends a call with an answer, from the given byte on.
func answer(level int, out wire.Encoder, from int) uint64 {
	parts := served.parts[:0]
	served.parts = nil
	parts = appendParts(parts, &out, from)
	served.levels.Leave(level)
	served.out, served.parts = out, parts
	return location(parts)
}

// appendParts lists the parts of a message, from the given byte on.
func appendParts(parts []part, message *wire.Encoder, from int) []part {
	_ = message.Send(from, func(data []byte) error {
		if len(data) > 0 {
			parts = append(parts, part{address(&data[0]), uint32(len(data))})
		}
		return nil
	})
	return parts
}

// location is how the host is told of a list of parts: its address and their number.
func location(parts []part) uint64 {
	return uint64(uintptr(unsafe.Pointer(&parts[0])))<<32 | uint64(len(parts))
}

func address(b *byte) uint32 { return uint32(uintptr(unsafe.Pointer(b))) }

// uninitialised returns memory that was not cleared: the host fills all of it.
func uninitialised(size int) []byte {
	var b strings.Builder
	b.Grow(size)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), size)
}
