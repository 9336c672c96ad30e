//go:build !linux

package build

import "os/exec"

func run(cmd *exec.Cmd) error { return cmd.Run() }
