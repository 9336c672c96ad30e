package store

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"testing"
)

func TestWriteError(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("has other error codes")
	}
	full := fmt.Errorf("copying: %w", &fs.PathError{Op: "write", Path: "/s/obj/x", Err: syscall.ENOSPC})
	for want, err := range map[string]error{
		"store: write /s/obj/x: no space left on device\n\trun `load gc`, free space on the disk, or set LOAD_DIR (or Config.Store) to a directory on another disk": writeError("/s", full),
		"store: write /s/b: read-only file system\n\tset LOAD_DIR (or Config.Store) to a directory of your own":                                                     writeError("/s", &os.LinkError{Op: "rename", Old: "/s/a", New: "/s/b", Err: syscall.EROFS}),
	} {
		if err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
		if again := writeError("/other", err); again != err {
			t.Errorf("wrapped twice: %v", again)
		}
	}
	if err := writeError("/s", nil); err != nil {
		t.Error(err)
	}
}
