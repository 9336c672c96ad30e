package workspace

import (
	"os/exec"
	"runtime"
	"syscall"

	"github.com/loadgo/load/internal/procgroup"
)

// run runs the go command so that nothing of it goes on without the host: it and the compilers that
// it started end with the host, however that ends, and with a cancellation. Where there is no shell
// to see to that, the compilers end when they are done.
func run(cmd *exec.Cmd) error {
	defer procgroup.Set(cmd)()
	// The signal comes when the thread ends that started the command, not the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	return cmd.Run()
}
