package sandbox

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// rlimit is one resource limit of a program, the same for its soft and its hard value.
type rlimit struct {
	resource uintptr
	value    unix.Rlimit
}

// With a limit of memory come others, of what is not counted.
const (
	// untouched is what a program may map without using it: the Go runtime maps 40 MiB when it
	// starts, and its heap in steps of 64 MiB.
	untouched = 128 << 20
	mainStack = 8 << 20
	// openFiles bounds what the kernel keeps behind descriptors: a pipe holds 64 KiB.
	openFiles = 1024
	// waitingSignals bounds the timers and signals that the kernel keeps for the user's processes.
	waitingSignals = 1024
	// locked bounds what the system cannot take back of the files that a program maps, which count
	// as its cache: where the host may lock all of its memory, so might the program.
	locked = 8 << 20
)

// noCore is the limit under which the kernel neither writes a core file nor starts the program that
// core_pattern names: it starts that one under every other limit, 0 too.
const noCore = 1

// rlimits returns what the limits are for the system. None is above the host's own hard limit,
// which the program inherits and could not be given more than.
func (l Limits) rlimits() ([]rlimit, error) {
	var limits []rlimit
	var err error
	add := func(resource int, value uint64) {
		var own unix.Rlimit
		if e := unix.Getrlimit(resource, &own); e != nil && err == nil {
			err = fmt.Errorf("resource limits: %w", e)
		}
		value = min(value, own.Max)
		limits = append(limits, rlimit{uintptr(resource), unix.Rlimit{Cur: value, Max: value}})
	}
	add(unix.RLIMIT_CORE, noCore)
	if l.Memory > 0 {
		add(unix.RLIMIT_DATA, uint64(l.Memory)+untouched)
		add(unix.RLIMIT_STACK, mainStack)
		add(unix.RLIMIT_SIGPENDING, waitingSignals)
		add(unix.RLIMIT_MEMLOCK, locked)
		l.OpenFiles = cmp.Or(l.OpenFiles, openFiles)
	}
	if l.FileSize > 0 {
		add(unix.RLIMIT_FSIZE, uint64(l.FileSize))
	}
	if l.OpenFiles > 0 {
		add(unix.RLIMIT_NOFILE, uint64(l.OpenFiles))
	}
	if l.Processes > 0 {
		add(unix.RLIMIT_NPROC, tasks()+uint64(l.Processes))
	}
	return limits, err
}

// tasks returns how many tasks the machine has. RLIMIT_NPROC counts those of the user; to count
// them would take milliseconds, and this is one file. Where it cannot be read there is no limit.
func tasks() uint64 {
	data, err := os.ReadFile("/proc/loadavg") // "0.00 0.01 0.05 1/123 4567"
	if err != nil {
		return math.MaxInt64
	}
	fields := bytes.Fields(data)
	if len(fields) < 4 {
		return math.MaxInt64
	}
	_, all, _ := bytes.Cut(fields[3], []byte("/"))
	n, err := strconv.ParseUint(string(all), 10, 32)
	if err != nil {
		return math.MaxInt64
	}
	return n
}
