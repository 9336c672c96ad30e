package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/loadgo/load/internal/kernelfs"
)

// Rights of Landlock that a grant gives.
const (
	accessExecute = unix.LANDLOCK_ACCESS_FS_EXECUTE
	accessRead    = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	accessWrite   = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_REFER |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG
	// accessFile are the rights that a rule for a file, not a directory, may hold.
	accessFile = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
)

// networkFiles are what resolving names and verifying certificates read; those that exist are
// granted with the network.
var networkFiles = []string{
	"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services", "/etc/protocols",
	"/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted", "/usr/share/ca-certificates",
}

// zoneFiles are the time zones, where package time looks for them; every program may read those
// that exist.
var zoneFiles = []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}

// devices are the device files that almost every program expects to open; they are granted with
// programs.
// The zero device is for reading only: mapped for writing it would be memory that processes share.
var (
	devices    = []string{"/dev/null", "/dev/random", "/dev/urandom"}
	zeroDevice = []string{"/dev/zero"}
)

// landlockSignals is the version of Landlock that keeps signals within a sandbox.
const landlockSignals = 6

// handled returns all rights that a version of Landlock can withhold.
func handled(abi int) (files, network, scopes uint64) {
	files = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1 // the rights of version 1 are consecutive
	if abi >= 2 {
		files |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		files |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 4 {
		network = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if abi >= 5 {
		files |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if abi >= landlockSignals {
		scopes = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	return files, network, scopes
}

// ruleset makes the Landlock ruleset of a program: a descriptor that the caller closes.
func (f features) ruleset(exe *os.File, p *Policy) (int, error) {
	files, network, scopes := handled(f.landlock)
	if p.Network {
		network = 0
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: files, Handled_access_net: network, Scoped: scopes}
	// An older kernel takes a larger structure whose tail is zero.
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return -1, fmt.Errorf("landlock ruleset: %w", errno)
	}
	r := rules{ruleset: int(fd), handled: files}
	err := r.add(int(exe.Fd()), accessExecute|unix.LANDLOCK_ACCESS_FS_READ_FILE)
	if errors.Is(err, unix.EBADFD) {
		err = nil // it lies in memory (memfd), which is out of Landlock's reach and needs no rule
	}
	read := uint64(accessRead)
	if p.Programs {
		read |= accessExecute
	}
	if p.grantsFiles() {
		mounts, e := kernelfs.List()
		err = errors.Join(err, e)
		for _, path := range p.ReadOnly {
			err = errors.Join(err, r.grant(path, read, mounts))
		}
		for _, path := range p.ReadWrite {
			err = errors.Join(err, r.grant(path, read|accessWrite, mounts))
		}
	}
	err = errors.Join(err, r.grantExisting(zoneFiles, accessRead))
	if p.Network {
		err = errors.Join(err, r.grantExisting(networkFiles, accessRead))
	}
	if p.Programs {
		err = errors.Join(err, r.grantExisting(devices, accessRead|unix.LANDLOCK_ACCESS_FS_WRITE_FILE), r.grantExisting(zeroDevice, accessRead))
	}
	if err != nil {
		unix.Close(r.ruleset)
		return -1, err
	}
	return r.ruleset, nil
}

// rules is a ruleset that is being filled.
type rules struct {
	ruleset int
	handled uint64
}

// add grants rights to an open file and, where it is a directory, to everything beneath it.
func (r rules) add(fd int, access uint64) error {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= accessFile
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: access & r.handled, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("landlock rule: %w", errno)
	}
	return nil
}

// grant grants rights to a path, unless a mount of the kernel's is there or below.
func (r rules) grant(path string, access uint64, mounts kernelfs.Mounts) error {
	if !filepath.IsAbs(path) {
		return &fs.PathError{Op: "grant", Path: path, Err: errors.New("it is not an absolute path")}
	}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "grant", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var opened, root unix.Stat_t
	err = errors.Join(unix.Fstat(fd, &opened), unix.Stat("/", &root))
	if err == nil && opened.Dev == root.Dev && opened.Ino == root.Ino {
		err = errors.New("everything lies below it; grant the directories that are needed")
	}
	if err == nil {
		err = mounts.Refuse(&opened)
	}
	if err == nil {
		err = r.add(fd, access)
	}
	if err != nil {
		return &fs.PathError{Op: "grant", Path: path, Err: err}
	}
	return nil
}

// grantExisting grants rights to those of the paths that exist, whatever they are: they are this
// package's own.
func (r rules) grantExisting(paths []string, access uint64) (err error) {
	for _, path := range paths {
		if e := r.grant(path, access, kernelfs.Mounts{}); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
