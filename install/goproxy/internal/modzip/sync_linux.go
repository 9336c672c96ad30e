package modzip

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// Sync brings the thousands of files of an install to the disk in one go. It is a precaution:
// where it is refused, what a power failure takes away is found by its sum, and fetched again. The
// kernel writes what others have written, too, and is not interrupted: who does not wait for it has
// the context's cause as the error.
func Sync(ctx context.Context, dir string) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f, err := os.Open(dir)
		if err != nil {
			return
		}
		defer f.Close()
		_ = unix.Syncfs(int(f.Fd()))
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
