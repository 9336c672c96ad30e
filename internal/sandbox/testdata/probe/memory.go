//go:build linux

package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// How a program has memory that a limit of its writable memory does not count. Each takes the number of
// MiB, and waits once it has them.
func init() {
	runtime.LockOSThread() // main runs on the first thread
	maps.Copy(attempts, map[string]func(string) error{
		"readonly": func(size string) error {
			return dirty(number(size), func(b []byte) error { return unix.Mprotect(b, unix.PROT_READ) })
		},
		"noaccess": func(size string) error {
			return dirty(number(size), func(b []byte) error { return unix.Mprotect(b, unix.PROT_NONE) })
		},
		"code": func(size string) error {
			return dirty(number(size), func(b []byte) error { return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC) })
		},
		"key":      func(size string) error { return dirty(number(size), protectByKey) },
		"writable": func(size string) error { return dirty(number(size), func([]byte) error { return nil }) },
		"tables":   tables,
		"zero":     func(size string) error { return zero(number(size), os.O_RDWR) },
		"zeroread": func(size string) error { return zero(number(size), os.O_RDONLY) },
		"leader":   leader,
		"children": children,
		"remap":    func(string) error { return call(unix.SYS_MREMAP, 0, 0) },
		"tabled":   tabled,
		"table":    func(flags string) error { return call(unix.SYS_CLOSE_RANGE, 1<<20, 1<<20, number(flags)) },
		// The kernel refuses both as well, for what they lack, with another error.
		"threaded": func(string) error { return call(unix.SYS_CLONE, unix.CLONE_THREAD|unix.CLONE_FILES, 0) },
		"apart":    func(string) error { return call(unix.SYS_CLONE, unix.CLONE_THREAD, 0) },
		"mlock":    lockFile,
		"pause":    func(ms string) error { time.Sleep(time.Duration(number(ms)) * time.Millisecond); return nil },
	})
}

const chunk = 1 << 20

func dirty(chunks int, then func([]byte) error) error {
	for range chunks {
		b, err := unix.Mmap(-1, 0, chunk, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			return err
		}
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		if err := then(b); err != nil {
			return err
		}
	}
	time.Sleep(20 * time.Second)
	return nil
}

func protectByKey(b []byte) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PKEY_MPROTECT, addressOfSlice(b), uintptr(len(b)), unix.PROT_READ, ^uintptr(0), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// tables keeps one page of each GiB of addresses, so that each needs two pages of page tables.
func tables(size string) error {
	for range number(size) * 128 {
		b, _, errno := unix.RawSyscall6(unix.SYS_MMAP, 0, 1<<30, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE, ^uintptr(0), 0)
		if errno != 0 {
			return errno
		}
		_ = touch(b)
		if _, _, errno := unix.RawSyscall(unix.SYS_MUNMAP, b+4096, 1<<30-4096, 0); errno != 0 {
			return errno
		}
	}
	time.Sleep(20 * time.Second)
	return nil
}

func zero(size, mode int) error {
	f, err := os.OpenFile("/dev/zero", mode, 0)
	if err != nil {
		return err
	}
	b, err := unix.Mmap(int(f.Fd()), 0, size<<20, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	for i := 0; i < len(b); i += 4096 {
		_ = b[i]
	}
	return nil
}

// leader ends the first thread, whose files in /proc tell of the process, before another one goes on.
func leader(size string) error {
	go func() {
		time.Sleep(50 * time.Millisecond)
		_ = dirty(number(size), func([]byte) error { return nil })
		os.Exit(0)
	}()
	_, _, _ = unix.Syscall(unix.SYS_EXIT, 0, 0, 0)
	return nil
}

// children shares the memory among processes, "count,MiB of each".
func children(operand string) error {
	count, size, _ := strings.Cut(operand, ",")
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	var started []*exec.Cmd
	for range number(count) {
		cmd := exec.Command(self, "writable="+size)
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("start: %w", err)
		}
		started = append(started, cmd)
	}
	for _, cmd := range started {
		_ = cmd.Wait()
	}
	return nil
}

// tabled fills pipes in so many threads, each with descriptors of its own where it gets them, and
// fails with what they hold in MiB where that is more than one table of 1,024 can.
func tabled(threads string) error {
	held := 0
	for range number(threads) {
		done := make(chan int)
		go func() {
			runtime.LockOSThread()
			_ = call(unix.SYS_CLOSE_RANGE, 1<<20, 1<<20, unix.CLOSE_RANGE_UNSHARE)
			done <- fillPipes()
			select {} // the thread keeps what it has
		}()
		held += <-done
	}
	if held > 64<<20 {
		return fmt.Errorf("pipes hold %d MiB", held>>20)
	}
	return nil
}

func fillPipes() (held int) {
	page := make([]byte, 4096)
	for {
		var ends [2]int
		if unix.Pipe2(ends[:], unix.O_NONBLOCK) != nil {
			return held
		}
		for {
			n, err := unix.Write(ends[1], page)
			if err != nil {
				break
			}
			held += n
		}
	}
}

// lockFile keeps a whole file in memory.
func lockFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	return unix.Mlock(b)
}
