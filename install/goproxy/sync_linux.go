package goproxy

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncFiles brings the thousands of files of an install to the disk in one go. It is a precaution:
// where it is refused, what a power failure takes away is found by its sum, and fetched again.
func syncFiles(dir string) {
	f, err := os.Open(dir)
	if err != nil {
		return
	}
	defer f.Close()
	_ = unix.Syncfs(int(f.Fd()))
}
