//go:build !unix

// Package procgroup ends a command together with the programs that it starts.
package procgroup

import (
	"os/exec"
	"time"
)

// Set bounds the wait for the programs that the command started. It is called before the command is
// started; the caller calls release when the command has ended, or was not started.
func Set(cmd *exec.Cmd) (release func()) {
	cmd.WaitDelay = time.Second
	return func() {}
}
