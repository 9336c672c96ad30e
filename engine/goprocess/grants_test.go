//go:build linux

package goprocess_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
)

const asking = `package asking

import (
	"fmt"
	"os"
	"syscall"
)

func Truncate(fd int) error        { return syscall.Ftruncate(fd, 0) }
func Seek(fd int) error            { _, err := syscall.Seek(fd, 0, 0); return err }
func Read(fd int) error            { _, err := syscall.Read(fd, make([]byte, 8)); return err }
func Kind(fd int) (string, error)  { var s syscall.Stat_t; err := syscall.Fstat(fd, &s); return fmt.Sprintf("%o", s.Mode&syscall.S_IFMT), err }
func Lock(fd int) error            { return syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) }
func Map(fd int) error             { _, err := syscall.Mmap(fd, 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED); return err }
func Print(text string)            { fmt.Print(text); fmt.Fprint(os.Stderr, text) }
func Bind(fd int) error            { return syscall.Bind(fd, &syscall.SockaddrUnix{Name: "@load-asking-test"}) }
func Listen(fd int) error          { return syscall.Listen(fd, 1) }
func Connect(fd int) error         { return syscall.Connect(fd, &syscall.SockaddrUnix{Name: "@load-asking-test"}) }
func Copied(fd int) (int, error)   { return syscall.Dup(fd) }
`

// TestOutputFile hands a file of the host's over as a pipe.
func TestOutputFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "log")
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString("before ")
	require.NoError(t, err)
	m := openFiles(t.Context(), t, goprocess.Config{Stdout: file, Stderr: file}, map[string]string{"m.go": asking})
	for _, fd := range []int{1, 2} {
		for _, ask := range []string{"Truncate", "Seek", "Read", "Lock", "Map"} {
			_, err := m.Call(t.Context(), ask, []any{fd})
			assert.Error(t, err, "%s(%d)", ask, fd)
		}
		assert.Equal(t, "10000", call(t, m, "Kind", fd), "descriptor %d is no pipe", fd)
	}
	_, err = m.Call(t.Context(), "Print", []any{"printed"})
	require.NoError(t, err)
	require.NoError(t, m.Close(t.Context()))
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "before printedprinted", string(text))
}

// TestConnectionHasNoName: a module cannot give the connection to its host a name that other
// programs see.
func TestConnectionHasNoName(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]goprocess.Config{"nothing": {}, "network": {Network: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := openFiles(t.Context(), t, config, map[string]string{"m.go": asking})
			if level := m.(engine.Isolated).Isolation().Level; level == "none" {
				t.Skip("there is no isolation on this system")
			}
			for _, fd := range []int{3, call(t, m, "Copied", 3).(int)} {
				for _, ask := range []string{"Bind", "Listen", "Connect"} {
					_, err := m.Call(t.Context(), ask, []any{fd})
					assert.Error(t, err, "%s(%d)", ask, fd)
				}
			}
		})
	}
}
