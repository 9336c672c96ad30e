package goprocess

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// The bits of a file's mode for one class of users.
const mayExecute, mayWrite, mayRead = 1, 2, 4

// permits reports whether modes and owners let this user do that with a file, and go through the
// directories above it. It does not count what root may beyond them: the module's process has no
// capabilities.
func permits(path string, want uint32) bool {
	for ; ; path, want = filepath.Dir(path), mayExecute {
		info, err := os.Stat(path)
		if err != nil {
			return false
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || classOf(stat)&want != want {
			return false
		}
		if path == filepath.Dir(path) {
			return true
		}
	}
}

// classOf returns the bits of a mode that count for this user.
func classOf(stat *syscall.Stat_t) uint32 {
	groups, _ := os.Getgroups()
	switch {
	case int(stat.Uid) == os.Geteuid():
		return stat.Mode >> 6
	case int(stat.Gid) == os.Getegid() || slices.Contains(groups, int(stat.Gid)):
		return stat.Mode >> 3
	}
	return stat.Mode
}
