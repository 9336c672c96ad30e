package goprocess

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/loadgo/load/internal/wire"
)

// newRings makes the memory for the rings of a connection, mapped here and as a file for the
// module, which can neither resize nor execute it. Where the system has no such memory both are
// nil, and the connection is its socket alone.
func newRings(config Config) (memory []byte, file *os.File) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("load-rings", flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) && !config.Programs { // before Linux 6.3; this module can execute nothing
		fd, err = unix.MemfdCreate("load-rings", flags)
	}
	if err != nil {
		return nil, nil
	}
	file = os.NewFile(uintptr(fd), "rings")
	if err = unix.Ftruncate(fd, wire.RingMemory); err == nil {
		// A module that could make the file smaller would end the host, by a SIGBUS.
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	}
	if err == nil {
		memory, err = unix.Mmap(fd, 0, wire.RingMemory, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err != nil {
		_ = file.Close()
		return nil, nil
	}
	return memory, file
}

// unmapRings gives back the memory that newRings has made.
func unmapRings(memory []byte) error {
	if memory == nil {
		return nil
	}
	return unix.Munmap(memory)
}
