package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// secureNoRoot, set and locked, makes root a user like others when it starts a program.
const secureNoRoot = 1<<0 | 1<<1

// errSecureBits says why root's capabilities stay.
var errSecureBits = errors.New("the host runs as root without CAP_SETPCAP, so its program keeps root's capabilities; run the host as another user")

// isRoot tells whether a program that the host starts would get root's capabilities.
func isRoot() bool { return os.Geteuid() == 0 || os.Getuid() == 0 }

// canDropCapabilities returns [errSecureBits] where they cannot be dropped.
func canDropCapabilities() error {
	if !isRoot() {
		return nil
	}
	now, err := capabilities()
	if err != nil {
		return err
	}
	if now[0].Effective&(1<<unix.CAP_SETPCAP) == 0 {
		return errSecureBits
	}
	return nil
}

func capabilities() (now [2]unix.CapUserData, err error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capget(&header, &now[0]); err != nil {
		return now, fmt.Errorf("capabilities: %w", err)
	}
	return now, nil
}

// dropCapabilities takes the capabilities from the calling thread and from what it starts, for good.
// Where directories are granted, root keeps the one that lets it use those of other users.
func dropCapabilities(granted bool) error {
	if isRoot() {
		if err := unix.Prctl(unix.PR_SET_SECUREBITS, secureNoRoot, 0, 0, 0); err != nil {
			return fmt.Errorf("secure bits: %w", err)
		}
	}
	now, err := capabilities()
	if err != nil {
		return err
	}
	var kept uint32
	if granted {
		kept = now[0].Permitted & (1 << unix.CAP_DAC_OVERRIDE)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := [2]unix.CapUserData{{Effective: kept, Permitted: kept, Inheritable: kept}}
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	if kept == 0 {
		return nil
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, unix.CAP_DAC_OVERRIDE, 0, 0); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	return nil
}
