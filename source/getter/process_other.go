//go:build !unix

package getter

import (
	"os/exec"
	"time"
)

// setGroup bounds the wait for programs that git started.
func setGroup(cmd *exec.Cmd) { cmd.WaitDelay = time.Second }
