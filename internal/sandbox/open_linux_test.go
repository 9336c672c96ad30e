//go:build amd64 || arm64

package sandbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

// TestOpenFlags: no combination of flags opens, or empties, a file that the policy does not grant
// for it. Landlock asks for nothing where a file is opened neither for reading nor for writing, and
// first versions of it let anyone who reads a file truncate it.
func TestOpenFlags(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		readable, writable, other := places(t)
		_ = unix.Setxattr(filepath.Join(other, "file"), "user.secret", []byte("attribute"), 0) // where the file system has them
		grants := Policy{ReadOnly: []string{readable}, ReadWrite: []string{writable}}
		if f.seccomp != nil {
			return
		}
		try := func(p Policy, dir string) {
			file := filepath.Join(dir, "file")
			refused := of(file, "open-for-nothing", "open-truncate", "open-read-truncate", "open-write-truncate", "open-both-truncate",
				"open-create-truncate", "attribute-of")
			o := attemptIn(t, f, Command{}, p, refused...)
			o.wantAll(t, forbidden, refused...)
			content, err := os.ReadFile(file)
			assert.NoError(t, err)
			assert.Equal(t, "content", string(content))
		}
		try(Policy{}, other)
		if f.landlock == 0 {
			return
		}
		try(grants, other)
		try(grants, readable)
		try(Policy{Network: true}, other)
		try(Policy{Programs: true}, other)
		file := filepath.Join(writable, "file")
		o := attemptIn(t, f, Command{}, grants, "open-for-nothing="+file, "open-path="+file, "open-write-truncate="+file, "open-both-truncate="+file)
		o.want(t, "open-for-nothing="+file, forbidden)
		o.wantAll(t, permitted, of(file, "open-path", "open-write-truncate", "open-both-truncate")...)
	})
}
