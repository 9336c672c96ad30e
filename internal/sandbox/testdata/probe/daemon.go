//go:build linux

package main

import (
	"os"
	"os/signal"
	"syscall"
)

func init() {
	attempts["daemon"] = func(kind string) error { return startSelf("orphan=" + kind) }
	attempts["orphan"] = func(kind string) error {
		switch kind {
		case "session":
			_, _ = syscall.Setsid() // refused, which stops no daemon
		case "group":
			_ = syscall.Setpgid(0, 0)
		case "deaf":
			signal.Ignore(syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
		}
		return startSelf("sleep")
	}
	attempts["kill-members"] = killMembers
	attempts["wait"] = func(string) error {
		_, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		return err
	}
}

// startSelf starts this program with an attempt, and leaves what is only meant to start others
// behind.
func startSelf(attempt string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := os.StartProcess(self, []string{"probe", attempt}, &os.ProcAttr{})
	if err == nil && attempt != "sleep" {
		_, err = p.Wait()
	}
	return err
}

// killMembers kills the other members of the process group, which are found by their numbers. The
// program's own threads have such numbers too, and are no processes.
func killMembers(string) (err error) {
	self := os.Getpid()
	for pid := self - 1000; pid < self+1000; pid++ {
		if group, e := syscall.Getpgid(pid); e != nil || group != self || pid == self {
			continue
		}
		if e := call(syscall.SYS_TGKILL, pid, pid, int(syscall.SIGKILL)); e != syscall.ESRCH {
			err = e
		}
	}
	return err
}
