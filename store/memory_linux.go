package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// newMemory returns a file that lies in no directory and can be executed once it is filled.
func newMemory(name string) (*memory, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 every such file can be executed
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, memoryError(err)
	}
	return &memory{os.NewFile(uintptr(fd), "memory:"+name)}, nil
}

// seal sees to it that nobody can change the file, and goes to its beginning.
func (m *memory) seal() error {
	_, err := unix.FcntlInt(m.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	if err == nil {
		_, err = m.Seek(0, 0)
	}
	if err != nil {
		return memoryError(err)
	}
	return nil
}

func memoryError(err error) error {
	return &MemoryError{Fix: "allow memfd_create, with the sysctl vm.memfd_noexec below 2, or set Config.Engine to gowasm", Err: err}
}
