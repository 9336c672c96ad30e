package workspace

import (
	"os/exec"
	"runtime"
	"syscall"
)

// run runs the go command so that nothing of it goes on without the host: it ends with the host, however
// that ends, and a cancellation ends the compilers that it started, too.
func run(cmd *exec.Cmd) error {
	// The signal comes when the thread ends that started the command, not the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd.Run()
}
