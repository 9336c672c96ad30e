package sandbox

import (
	"errors"

	"golang.org/x/sys/unix"
)

// canMount returns why a program cannot have mounts of its own, which keep out what is mounted
// later below a granted directory.
func canMount() error {
	now, err := capabilities()
	if err == nil && now[0].Effective&(1<<unix.CAP_SYS_ADMIN) == 0 {
		err = errors.New("what is mounted later below a granted directory is granted, too: to keep it out the host needs CAP_SYS_ADMIN")
	}
	return err
}
