//go:build !linux

package workspace

import (
	"os/exec"

	"github.com/loadgo/load/internal/procgroup"
)

func run(cmd *exec.Cmd) error {
	defer procgroup.Set(cmd)()
	return cmd.Run()
}
