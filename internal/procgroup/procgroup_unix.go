//go:build unix

// Package procgroup ends a command together with the programs that it starts.
package procgroup

import (
	"cmp"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Set makes the end of the command's context end its whole process group, and so the end of this
// process, however it ends. It is called before the command is started; the caller calls release
// when the command has ended, or was not started.
func Set(cmd *exec.Cmd) (release func()) {
	group, release := guard()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: group}
	cmd.Cancel = func() error { return syscall.Kill(-cmp.Or(group, cmd.Process.Pid), syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return release
}

// guard starts a shell that leads a process group, waits for the end of this process, which closes
// its standard input, and kills the group. Without a shell there is no guard, and the group is 0.
func guard() (group int, release func()) {
	none := func() {}
	r, w, err := os.Pipe()
	if err != nil {
		return 0, none
	}
	defer r.Close()
	sh := exec.Command("/bin/sh", "-c", "read _; kill -9 0")
	sh.Dir, sh.Env, sh.Stdin = "/", []string{}, r
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if sh.Start() != nil {
		w.Close()
		return 0, none
	}
	return sh.Process.Pid, func() {
		_ = sh.Process.Kill() // before its input ends
		_ = sh.Wait()
		w.Close()
	}
}
