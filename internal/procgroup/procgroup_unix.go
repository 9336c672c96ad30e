//go:build unix

// Package procgroup ends a command together with the programs that it starts.
package procgroup

import (
	"os/exec"
	"syscall"
	"time"
)

// Set makes the end of the command's context end its whole process group, where the system has
// them. It is called before the command is started.
func Set(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
}
