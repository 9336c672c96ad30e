//go:build linux

package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Ways of opening a file, by their flags.
func init() {
	for name, flags := range map[string]int{
		"open-for-nothing":     unix.O_ACCMODE,
		"open-truncate":        unix.O_ACCMODE | unix.O_TRUNC,
		"open-read-truncate":   unix.O_RDONLY | unix.O_TRUNC,
		"open-write-truncate":  unix.O_WRONLY | unix.O_TRUNC,
		"open-both-truncate":   unix.O_RDWR | unix.O_TRUNC,
		"open-create-truncate": unix.O_RDONLY | unix.O_CREAT | unix.O_TRUNC,
		"open-path":            unix.O_PATH,
	} {
		attempts[name] = func(path string) error {
			fd, err := unix.Openat(unix.AT_FDCWD, path, flags|unix.O_NONBLOCK, 0o600)
			closeFD(fd, err)
			return err
		}
	}
	attempts["attribute-of"] = func(path string) error {
		fd, err := unix.Open(path, unix.O_ACCMODE, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		value := make([]byte, 100)
		n, err := unix.Fgetxattr(fd, "user.secret", value)
		if err != nil {
			return err
		}
		return fmt.Errorf("read %q", value[:n])
	}
}
