package store

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
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
		assert.Equal(t, want, err.Error())
		assert.ErrorIs(t, writeError("/other", err), err)
	}
	assert.NoError(t, writeError("/s", nil))
}
