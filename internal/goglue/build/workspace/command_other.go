//go:build !linux

package workspace

import "os/exec"

func run(cmd *exec.Cmd) error { return cmd.Run() }
