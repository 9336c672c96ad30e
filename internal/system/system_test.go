package system_test

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/system"
)

// TestNullDevice: a null device that cannot be opened is the machine's fault; one that cannot be
// granted, or anything else of that name, is not.
func TestNullDevice(t *testing.T) {
	t.Parallel()
	for _, reason := range []error{syscall.ENOENT, syscall.EACCES} {
		err := fmt.Errorf("start: %w", &fs.PathError{Op: "open", Path: os.DevNull, Err: reason})
		var fault *engine.SystemError
		require.ErrorAs(t, system.Explain(err), &fault)
		assert.Equal(t, os.DevNull+" cannot be used: "+reason.Error(), fault.Reason)
	}
	for _, op := range []string{"grant", "remove", "stat"} {
		err := fmt.Errorf("sandbox: %w", &fs.PathError{Op: op, Path: os.DevNull, Err: syscall.EPERM})
		assert.Equal(t, err, system.Explain(err))
	}
}
