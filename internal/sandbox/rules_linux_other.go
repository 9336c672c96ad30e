//go:build !amd64 && !arm64

package sandbox

import "golang.org/x/sys/unix"

// confinement is what a filter depends on. There are no rules for this architecture's system calls.
type confinement struct {
	policy   *Policy
	landlock int
	listener bool
}

func (confinement) startCall() int { return unix.SYS_EXECVE }

func (confinement) filter() filter { return nil }

func (confinement) withoutFiles() bool { return false }
