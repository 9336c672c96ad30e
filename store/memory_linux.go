package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// inMemory returns a file that holds data, lies in no directory and can be executed. It is sealed:
// nobody can change it.
func inMemory(name string, data []byte) (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 every such file can be executed
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, memoryError(err)
	}
	f := os.NewFile(uintptr(fd), "memory:"+name)
	if _, err = f.Write(data); err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	}
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, memoryError(err)
	}
	return f, nil
}

func memoryError(err error) error {
	return &MemoryError{Fix: "allow memfd_create, with the sysctl vm.memfd_noexec below 2, or set Config.Engine to gowasm", Err: err}
}
