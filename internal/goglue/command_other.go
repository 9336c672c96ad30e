//go:build !linux

package goglue

import "os/exec"

func run(cmd *exec.Cmd) error { return cmd.Run() }
