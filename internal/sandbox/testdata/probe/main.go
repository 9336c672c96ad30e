//go:build linux

// Probe tries what a sandbox forbids. Every argument is an attempt, "name" or "name=operand"; its result
// is printed as a line, the argument and "ok" or the error.
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

var attempts = map[string]func(operand string) error{
	"read":     func(path string) error { _, err := os.ReadFile(path); return err },
	"list":     func(path string) error { _, err := os.ReadDir(path); return err },
	"write":    func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
	"mkdir":    func(path string) error { return os.Mkdir(path, 0o700) },
	"remove":   os.Remove,
	"chmod":    func(path string) error { return os.Chmod(path, 0) },
	"chtimes":  func(path string) error { return os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0)) },
	"truncate": func(path string) error { return os.Truncate(path, 0) },
	"grow":     grow,
	"allocate": allocate,

	"tcp":    dial("tcp"),
	"udp":    dial("udp"),
	"unix":   dial("unix"),
	"listen": func(address string) error { l, err := net.Listen("tcp", address); closeIf(l, err); return err },
	"socket": func(family string) error {
		fd, err := syscall.Socket(number(family), syscall.SOCK_STREAM, 0)
		closeFD(fd, err)
		return err
	},
	"io_uring": func(string) error { return call(425, 1, 0) },

	"exec":     run,
	"command":  func(path string) error { return exec.Command(path, "ok").Run() },
	"execve":   func(path string) error { return syscall.Exec(path, []string{path, "ok"}, nil) },
	"memfd":    func(string) error { return call(memfdCreate[runtime.GOARCH], address("x"), 0) },
	"fork":     func(string) error { return fork(0) },
	"brood":    brood,
	"bomb":     func(string) error { return bomb() },
	"newuser":  func(string) error { return fork(syscall.CLONE_NEWUSER) },
	"sibling":  func(string) error { return fork(0x8000) },
	"clone3":   func(string) error { return call(435, 0, 0) },
	"threads":  threads,
	"setsid":   func(string) error { _, err := syscall.Setsid(); return err },
	"setpgid":  func(pgid string) error { return syscall.Setpgid(0, number(pgid)) },
	"unshare":  func(string) error { return syscall.Unshare(syscall.CLONE_NEWNS) },
	"chroot":   func(string) error { return syscall.Chroot("/") },
	"mount":    func(string) error { return syscall.Mount("none", "/", "tmpfs", 0, "") },
	"undeath":  func(string) error { return call(syscall.SYS_PRCTL, 1, 0) },
	"keepself": func(string) error { return call(syscall.SYS_PRCTL, 1, 9) },

	"kill":     func(pid string) error { return syscall.Kill(number(pid), 0) },
	"tgkill":   func(ids string) error { return signalThread(ids, 0) },
	"preempt":  func(ids string) error { return signalThread(ids, syscall.SIGURG) },
	"pidfd":    func(pid string) error { return call(434, number(pid), 0) },
	"ptrace":   func(pid string) error { return syscall.PtraceAttach(number(pid)) },
	"setowner": func(pid string) error { return call(syscall.SYS_FCNTL, 0, syscall.F_SETOWN, number(pid)) },
	"prlimit":  func(pid string) error { return setLimit(number(pid)) },
	"affinity": func(pid string) error {
		var set [128]byte
		return call(syscall.SYS_SCHED_SETAFFINITY, number(pid), 128, addressOf(&set))
	},

	"memory": memory,
	"shared": func(size string) error { return mapped(size, syscall.MAP_SHARED) },
	"stack":  func(size string) error { return mapped(size, syscall.MAP_PRIVATE|syscall.MAP_GROWSDOWN) },

	"environment": func(string) error { return printed(strings.Join(os.Environ(), " ")) },
	"directory":   func(string) error { dir, _ := os.Getwd(); return printed(dir) },
	"descriptors": descriptors,
	"privileges":  privileges,
	"sleep":       func(string) error { time.Sleep(time.Hour); return nil },
	"exit":        func(code string) error { os.Exit(number(code)); return nil },
	"ok":          func(string) error { return nil },
}

// memfdCreate is the number of a system call that package syscall does not have.
var memfdCreate = map[string]int{"amd64": 319, "arm64": 279}

// printed is not a failure: it prints a text in place of "ok".
type printed string

func (p printed) Error() string { return string(p) }

func main() {
	for _, argument := range os.Args[1:] {
		name, operand, _ := strings.Cut(argument, "=")
		result := "ok"
		if err := attempts[name](operand); err != nil {
			result = err.Error()
		}
		fmt.Printf("%s: %s\n", argument, result)
	}
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

func call(nr, a, b int, more ...int) error {
	c := 0
	if len(more) > 0 {
		c = more[0]
	}
	if _, _, errno := syscall.RawSyscall(uintptr(nr), uintptr(a), uintptr(b), uintptr(c)); errno != 0 {
		return errno
	}
	return nil
}

func address(s string) int       { return int(uintptr(unsafe.Pointer(unsafe.StringData(s + "\x00")))) }
func addressOf(b *[128]byte) int { return int(uintptr(unsafe.Pointer(b))) }

func dial(network string) func(string) error {
	return func(address string) error {
		c, err := net.Dial(network, address)
		closeIf(c, err)
		return err
	}
}

func closeIf(c interface{ Close() error }, err error) {
	if err == nil {
		c.Close()
	}
}

func closeFD(fd int, err error) {
	if err == nil {
		syscall.Close(fd)
	}
}

func grow(operand string) error {
	path, size, _ := strings.Cut(operand, ",")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(make([]byte, number(size)))
	return err
}

// allocate makes room for a file, "mode,path,bytes".
func allocate(operand string) error {
	mode, operand, _ := strings.Cut(operand, ",")
	path, size, _ := strings.Cut(operand, ",")
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	return syscall.Fallocate(fd, uint32(number(mode)), 0, int64(number(size)))
}

// run starts a program that inherits all three standard files, so that no null device is opened for it.
func run(path string) error {
	cmd := exec.Command(path, "ok")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

func fork(flags uintptr) error {
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, flags|uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	if pid == 0 {
		for {
			syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
		}
	}
	syscall.Wait4(int(pid), nil, 0, nil)
	return nil
}

// brood starts so many processes that wait for their end.
func brood(count string) error {
	for range number(count) {
		pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			return errno
		}
		for pid == 0 {
			hour := syscall.Timespec{Sec: 3600}
			syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&hour)), 0, 0)
		}
	}
	time.Sleep(time.Minute)
	return nil
}

// bomb starts processes that start processes.
func bomb() error {
	for {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			return errno
		}
		pause := syscall.Timespec{Nsec: 50e6}
		syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
	}
}

// threads runs so many threads at once, which then end; with "+" behind the number they stay.
func threads(count string) error {
	count, stay := strings.CutSuffix(count, "+")
	n := number(count)
	locked, done := make(chan bool), make(chan bool)
	for range n {
		go func() {
			runtime.LockOSThread()
			locked <- true
			<-done
		}()
	}
	for range n {
		<-locked
	}
	if stay {
		time.Sleep(time.Hour)
	}
	close(done)
	return nil
}

func signalThread(ids string, signal syscall.Signal) error {
	process, thread, _ := strings.Cut(ids, ",")
	return syscall.Tgkill(number(process), number(thread), signal)
}

func setLimit(pid int) error {
	limit := syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_CORE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

var kept []byte

func memory(size string) error {
	kept = make([]byte, number(size))
	for i := 0; i < len(kept); i += 4096 {
		kept[i] = 1
	}
	return nil
}

func mapped(size string, flags int) error {
	b, err := syscall.Mmap(-1, 0, number(size), syscall.PROT_READ|syscall.PROT_WRITE, flags|syscall.MAP_ANON)
	if err == nil {
		syscall.Munmap(b)
	}
	return err
}

func descriptors(string) error {
	var open []string
	for fd := range 1024 {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0); errno == 0 {
			open = append(open, strconv.Itoa(fd))
		}
	}
	return printed(strings.Join(open, " "))
}

func privileges(string) error {
	noNew, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, 39, 0, 0)
	header := [2]uint32{0x20080522, 0}
	var data [6]uint32
	syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0)
	return printed(fmt.Sprintf("no new privileges %d, capabilities %x%08x", noNew, data[4], data[1]))
}
