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

// isRoot reports whether a program that the host starts would get root's capabilities.
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

// privileges are what a program keeps of the host's.
type privileges struct {
	root   bool // the program's user is root, who would get every capability back
	header unix.CapUserHeader
	kept   [2]unix.CapUserData
}

// keptPrivileges returns what a program keeps: nothing, but where directories are granted root has
// the capability that lets it use those of other users.
func keptPrivileges(granted bool) (*privileges, error) {
	now, err := capabilities()
	if err != nil {
		return nil, err
	}
	p := privileges{root: isRoot(), header: unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}}
	if granted {
		kept := now[0].Permitted & (1 << unix.CAP_DAC_OVERRIDE)
		p.kept[0] = unix.CapUserData{Effective: kept, Permitted: kept, Inheritable: kept}
	}
	return &p, nil
}
