//go:build linux

package main

import (
	"maps"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a program asks of files and sockets that it may have.
func init() {
	maps.Copy(attempts, map[string]func(string) error{
		"rules":      rules,
		"lease":      onFile(func(fd int) error { return fcntl(fd, unix.F_SETLEASE, unix.F_WRLCK) }),
		"readlease":  onFile(func(fd int) error { return fcntl(fd, unix.F_SETLEASE, unix.F_RDLCK) }),
		"notify":     onFile(func(fd int) error { return fcntl(fd, unix.F_NOTIFY, 0) }),
		"seals":      onFile(func(fd int) error { return fcntl(fd, unix.F_ADD_SEALS, 0) }),
		"getflags":   onFile(func(fd int) error { return fcntl(fd, unix.F_GETFL, 0) }),
		"flock":      onFile(func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) }),
		"lock":       onFile(func(fd int) error { return lock(fd, unix.F_SETLK, unix.F_RDLCK) }),
		"oflock":     onFile(func(fd int) error { return lock(fd, unix.F_OFD_SETLK, unix.F_RDLCK) }),
		"getlock":    onFile(func(fd int) error { return lock(fd, unix.F_GETLK, unix.F_RDLCK) }),
		"setflags":   onFile(func(fd int) error { return ioctl(fd, unix.FS_IOC_SETFLAGS) }),
		"version":    onFile(func(fd int) error { return ioctl(fd, 0x80087601) }), // FS_IOC_GETVERSION
		"extents":    onFile(func(fd int) error { return ioctl(fd, 0xc020660b) }), // FS_IOC_FIEMAP
		"encryption": onFile(func(fd int) error { return ioctl(fd, unix.FS_IOC_SET_ENCRYPTION_POLICY) }),
		"clone":      onFile(func(fd int) error { return ioctl(fd, unix.FICLONE) }),
		"readable":   onFile(func(fd int) error { return ioctl(fd, unix.TIOCINQ) }),
		"fchmod":     onFile(func(fd int) error { return unix.Fchmod(fd, 0o777) }),
		"fchown":     onFile(func(fd int) error { return unix.Fchown(fd, -1, -1) }),
		"fsetxattr":  onFile(func(fd int) error { return unix.Fsetxattr(fd, "user.x", []byte("x"), 0) }),
		"futimens":   onFile(futimens),
		"getxattr":   func(path string) error { _, err := unix.Getxattr(path, "user.x", nil); return err },
		"listxattr":  func(path string) error { _, err := unix.Llistxattr(path, nil); return err },
		"inotify":    func(string) error { fd, err := unix.InotifyInit1(0); closeFD(fd, err); return err },
		"handle":     func(path string) error { _, _, err := unix.NameToHandleAt(unix.AT_FDCWD, path, 0); return err },
		"sync":       func(string) error { return call(unix.SYS_SYNC, 0, 0) },
		"pipesize":   func(string) error { return onPipe(func(fd int) error { return fcntl(fd, unix.F_SETPIPE_SZ, 1<<20) }) },
		"vmsplice":   func(string) error { return onPipe(func(fd int) error { return call(unix.SYS_VMSPLICE, fd, 0) }) },

		"openmode":  func(path string) error { return create(path, unix.O_CREAT, 0o4755) },
		"opensgid":  func(path string) error { return create(path, unix.O_CREAT, 0o2755) },
		"tmpfile":   func(path string) error { return create(path, unix.O_TMPFILE, 0o4755) },
		"plainmode": func(path string) error { return create(path, unix.O_CREAT, 0o755) },
		"openat2":   openat2,
		"mkdirmode": func(path string) error { return unix.Mkdirat(unix.AT_FDCWD, path, 0o1777) },
		"mknodmode": func(path string) error { return unix.Mknodat(unix.AT_FDCWD, path, unix.S_IFREG|0o4755, 0) },
		"mknod":     func(path string) error { return unix.Mknodat(unix.AT_FDCWD, path, unix.S_IFREG|0o644, 0) },
		"device":    func(path string) error { return unix.Mknodat(unix.AT_FDCWD, path, unix.S_IFCHR|0o644, 0x103) },
		"fifo":      func(path string) error { return unix.Mknodat(unix.AT_FDCWD, path, unix.S_IFIFO|0o644, 0) },
		"symlink":   func(path string) error { return os.Symlink("/etc/shadow", path) },
		"link":      func(paths string) error { old, name, _ := strings.Cut(paths, ","); return os.Link(old, name) },
		"rename":    func(paths string) error { old, name, _ := strings.Cut(paths, ","); return os.Rename(old, name) },
		"whiteout":  renames(unix.RENAME_WHITEOUT),
		"exchange":  renames(unix.RENAME_EXCHANGE),
		"noreplace": renames(unix.RENAME_NOREPLACE),
		"linkpath":  linkPath,
		"reopen":    reopen,

		"interfaces": func(fd string) error { return ioctl(number(fd), unix.SIOCGIFCONF) },
		"interface":  func(fd string) error { return ioctl(number(fd), unix.SIOCGIFNAME) },
		"peerpidfd": func(fd string) error {
			_, err := unix.GetsockoptInt(number(fd), unix.SOL_SOCKET, unix.SO_PEERPIDFD)
			return err
		},
		"peercred": func(fd string) error {
			_, err := unix.GetsockoptUcred(number(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
			return err
		},
		"passcred": func(fd string) error { return unix.SetsockoptInt(number(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) },
		"bindname": func(fd string) error { return unix.Bind(number(fd), &unix.SockaddrUnix{Name: "@load-sandbox-test"}) },
		"sockname": func(fd string) error { _, err := unix.Getsockname(number(fd)); return err },
		"sendfd":   func(fd string) error { return unix.Sendmsg(number(fd), []byte("x"), unix.UnixRights(0), nil, 0) },
		"writefd":  func(fd string) error { _, err := unix.Write(number(fd), []byte("x")); return err },
		"option":   option,
		"protocol": func(protocol string) error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, number(protocol))
			closeFD(fd, err)
			return err
		},
		"raw": func(string) error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, 1)
			closeFD(fd, err)
			return err
		},
	})
}

// rules makes Landlock rulesets of rules for ports, which the kernel keeps behind descriptors.
func rules(count string) error {
	fd := -1
	for n := range number(count) {
		if n%(1<<16) == 0 {
			set := unix.LandlockRulesetAttr{Handled_access_net: unix.LANDLOCK_ACCESS_NET_BIND_TCP}
			r, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&set)), unsafe.Sizeof(set), 0)
			if errno != 0 {
				return errno
			}
			fd = int(r)
		}
		rule := [2]uint64{unix.LANDLOCK_ACCESS_NET_BIND_TCP, uint64(n % (1 << 16))}
		if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(fd), 2, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
			return errno
		}
	}
	return nil
}

// onFile opens a path for reading.
func onFile(ask func(fd int) error) func(string) error {
	return func(path string) error {
		fd, err := unix.Open(path, unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return ask(fd)
	}
}

func onPipe(ask func(fd int) error) error {
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		return err
	}
	defer unix.Close(ends[0])
	defer unix.Close(ends[1])
	return ask(ends[1])
}

func fcntl(fd, command, argument int) error {
	_, err := unix.FcntlInt(uintptr(fd), command, argument)
	return err
}

func lock(fd, command int, kind int16) error {
	return unix.FcntlFlock(uintptr(fd), command, &unix.Flock_t{Type: kind})
}

func ioctl(fd int, number uintptr) error {
	var argument [128]byte
	_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), number, uintptr(unsafe.Pointer(&argument)))
	if errno != 0 {
		return errno
	}
	return nil
}

func futimens(fd int) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func create(path string, flags int, mode uint32) error {
	fd, err := unix.Open(path, flags|unix.O_RDWR, mode)
	closeFD(fd, err)
	return err
}

func openat2(path string) error {
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{Flags: unix.O_CREAT | unix.O_RDWR, Mode: 0o4755})
	closeFD(fd, err)
	return err
}

// renames renames with flags.
func renames(flags uint) func(string) error {
	return func(paths string) error {
		old, name, _ := strings.Cut(paths, ",")
		return unix.Renameat2(unix.AT_FDCWD, old, unix.AT_FDCWD, name, flags)
	}
}

// linkPath links what an O_PATH descriptor stands for.
func linkPath(paths string) error {
	old, name, _ := strings.Cut(paths, ",")
	fd, err := unix.Open(old, unix.O_PATH, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Linkat(fd, "", unix.AT_FDCWD, name, unix.AT_EMPTY_PATH)
}

// reopen opens a name below an O_PATH descriptor of its directory.
func reopen(path string) error {
	i := strings.LastIndexByte(path, '/')
	dir, err := unix.Open(path[:i], unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	fd, err := unix.Openat(dir, path[i+1:], unix.O_RDONLY, 0)
	closeFD(fd, err)
	return err
}

// option sets a socket option, "level,name", of a new socket.
func option(numbers string) error {
	level, name, _ := strings.Cut(numbers, ",")
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.SetsockoptInt(fd, number(level), number(name), 1)
}
