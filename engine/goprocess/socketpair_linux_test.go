package goprocess

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestNoDescriptorsArrive: where the kernel can refuse it, a module sends its host no descriptors,
// which the host would have to close.
func TestNoDescriptorsArrive(t *testing.T) {
	t.Parallel()
	host, child, err := socketPair()
	require.NoError(t, err)
	defer host.Close()
	defer child.Close()
	if _, err := unix.GetsockoptInt(int(child.Fd()), unix.SOL_SOCKET, unix.SO_PASSRIGHTS); err != nil {
		t.Skip("Linux before 6.16")
	}
	err = unix.Sendmsg(int(child.Fd()), []byte("x"), unix.UnixRights(int(os.Stdout.Fd())), nil, 0)
	assert.ErrorIs(t, err, unix.EPERM)
	_, err = child.Write([]byte("y"))
	require.NoError(t, err)
	got := make([]byte, 2)
	n, err := host.Read(got)
	require.NoError(t, err)
	assert.Equal(t, "y", string(got[:n]))
}
