//go:build linux && (amd64 || arm64)

package sandbox

import "golang.org/x/sys/unix"

// forkFlags make a child that borrows the host's memory until its exec, while the calling thread
// waits: nothing is copied, however large the host is.
const forkFlags = unix.CLONE_VFORK | unix.CLONE_VM | uintptr(unix.SIGCHLD)

// vfork is clone(flags), without a trace on the stack that it was called from: the child goes on
// there, and overwrites what lies below the caller's frame before the parent returns.
//
//go:noescape
func vfork(flags uintptr) (pid, errno uintptr)
