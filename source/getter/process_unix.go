//go:build unix

package getter

import (
	"os/exec"
	"syscall"
	"time"
)

// setGroup lets git and the programs that it starts end together.
func setGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
}
