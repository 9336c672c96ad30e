//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

func init() {
	attempts["reach"] = reach
	attempts["environment-of"] = func(dir string) error { _, err := os.ReadFile(dir + "/environ"); return err }
	attempts["await"] = func(string) error { _, err := os.NewFile(3, "").Read(make([]byte, 1)); return err }
	attempts["listener"] = func(string) error { return newFilter(1 << 3) }
	attempts["filter"] = func(string) error { return newFilter(0) }
	attempts["strict"] = func(string) error { return call(sysSeccomp, 0, 0) }
	attempts["prctl-filter"] = func(string) error {
		p := allowAll()
		return call(syscall.SYS_PRCTL, 22, 2, int(uintptr(unsafe.Pointer(&p))))
	}
	attempts["prctl"] = func(option string) error { return call(syscall.SYS_PRCTL, number(option), 0) }
	attempts["execveat"] = func(path string) error {
		fd, err := syscall.Open(path, syscall.O_RDONLY, 0)
		if err != nil {
			return err
		}
		_, _, errno := syscall.RawSyscall6(sysExecveat, uintptr(fd), uintptr(address("")), 0, 0, 0x1000, 0)
		return errno
	}
	attempts["setuid"] = func(id string) error { return call(syscall.SYS_SETRESUID, number(id), number(id), number(id)) }
	attempts["signal33"] = func(ids string) error { return signalThread(ids, 33) }
	attempts["tkill"] = func(tid string) error { return call(syscall.SYS_TKILL, number(tid), 33) }
	attempts["sigqueue"] = func(pid string) error {
		return call(syscall.SYS_RT_SIGQUEUEINFO, number(pid), 33, addressOf(new([128]byte)))
	}
	attempts["readlink"] = func(path string) error { _, err := os.Readlink(path); return err }
	attempts["chdir"] = os.Chdir
	attempts["aio"] = func(string) error { return call(syscall.SYS_IO_SETUP, 1, addressOf(new([128]byte))) }
	attempts["robust-list"] = func(tid string) error {
		return call(syscall.SYS_GET_ROBUST_LIST, number(tid), addressOf(new([128]byte)), addressOf(new([128]byte)))
	}
	attempts["clock"] = func(id string) error {
		return call(syscall.SYS_CLOCK_GETTIME, number(id), addressOf(new([128]byte)))
	}
	attempts["clock-resolution"] = func(id string) error {
		return call(syscall.SYS_CLOCK_GETRES, number(id), addressOf(new([128]byte)))
	}
	attempts["clock-sleep"] = func(id string) error {
		return call(syscall.SYS_CLOCK_NANOSLEEP, number(id), 0, addressOf(new([128]byte)))
	}
	attempts["timer"] = func(id string) error {
		return call(syscall.SYS_TIMER_CREATE, number(id), 0, addressOf(new([128]byte)))
	}
	attempts["limit"] = func(resource string) error {
		var l syscall.Rlimit
		if err := syscall.Getrlimit(number(resource), &l); err != nil {
			return err
		}
		return printed(fmt.Sprintf("%d of %d", l.Cur, l.Max))
	}
	attempts["preempt-itself"] = func(string) error { return syscall.Tgkill(os.Getpid(), syscall.Gettid(), syscall.SIGURG) }
	attempts["find-itself"] = func(string) error { return syscall.Kill(os.Getpid(), 0) }
}

type program struct {
	length uint16
	code   *[8]byte
}

func allowAll() program { return program{1, &[8]byte{0: 6, 6: 0xff, 7: 0x7f}} }

func newFilter(flags int) error {
	p := allowAll()
	return call(sysSeccomp, 1, flags, int(uintptr(unsafe.Pointer(&p))))
}

// reach tries everything that /proc has of the threads of a process, and ends with the first success.
func reach(pid string) error {
	found := 0
	for tid := number(pid); tid < number(pid)+5000; tid++ {
		task := fmt.Sprintf("/proc/%s/task/%d/", pid, tid)
		if _, err := os.Stat(task); err != nil {
			continue
		}
		found++
		for _, name := range []string{"mem", "environ", "maps", "cmdline", "comm", "status", "auxv", "syscall", "attr/current"} {
			if f, err := os.Open(task + name); err == nil {
				f.Close()
				return fmt.Errorf("opened %s", task+name)
			}
		}
		links := []string{"cwd", "exe", "root"}
		for fd := range 64 {
			links = append(links, fmt.Sprintf("fd/%d", fd))
		}
		for _, name := range links {
			if to, err := os.Readlink(task + name); err == nil {
				return fmt.Errorf("%s leads to %s", task+name, to)
			}
			for _, mode := range []int{os.O_RDONLY, os.O_WRONLY, os.O_RDWR} {
				fd, err := syscall.Open(task+name, mode|syscall.O_NONBLOCK, 0)
				if err == nil {
					syscall.Close(fd)
					return fmt.Errorf("opened %s", task+name)
				}
			}
		}
	}
	if found == 0 {
		return errors.New("no thread was found")
	}
	return nil
}
