package store_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMemory: a file that is not in a store is a file all the same, which nobody can change, of
// what was verified and nothing else.
func TestMemory(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789abcdef", 100_000)
	bad := errors.New("it is not what it has to be")
	for name, contents := range map[string]func(verified error) store.Contents{
		"from memory": func(verified error) store.Contents {
			return store.Contents{Read: func(string) ([]byte, func() error, error) { return []byte(text), func() error { return verified }, nil }}
		},
		"copied": func(verified error) store.Contents {
			return store.Contents{Copy: func(_ string, to io.Writer) error {
				_, err := io.Copy(to, strings.NewReader(text))
				return errors.Join(err, verified)
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := []store.File{{Name: "program", Size: int64(len(text))}}
			f, err := store.NewArtifact(key, files, contents(nil)).Open("program")
			require.NoError(t, err)
			defer f.Close()
			got, err := io.ReadAll(f)
			require.NoError(t, err)
			assert.Equal(t, text, string(got))
			_, err = f.WriteAt([]byte("x"), 0)
			require.ErrorIs(t, err, os.ErrPermission)
			require.Error(t, f.Truncate(0))

			_, err = store.NewArtifact(key, files, contents(bad)).Open("program")
			require.ErrorIs(t, err, bad)
		})
	}
	unread := store.Contents{Read: func(string) ([]byte, func() error, error) { return nil, nil, bad }}
	_, err := store.NewArtifact(key, []store.File{{Name: "program"}}, unread).Open("program")
	require.ErrorIs(t, err, bad)
}
