package standard_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"flag"
	"io"
	"path"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSentinelsOfModules: errors of a package of the standard library that is a module are the
// host's own, both as results and as variables.
func TestSentinelsOfModules(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"goprocess", "gowasm"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := standard.New(load.Config{Store: loadtest.OpenStore(t)})
			require.NoError(t, err)
			defer l.Close(t.Context())
			open := func(path string) *load.Module {
				m, err := l.Load(t.Context(), path, load.WithEngine(name))
				require.NoError(t, err)
				return m
			}
			flags := open("flag")
			newSet, err := load.Func[func(string, int) *engine.Object](flags, "NewFlagSet")
			require.NoError(t, err)
			set := newSet("x", 0)
			_, err = set.Call(t.Context(), "SetOutput", io.Discard)
			require.NoError(t, err)
			parse, err := load.Method[func([]string) error](set, "Parse")
			require.NoError(t, err)
			assert.ErrorIs(t, parse([]string{"-h"}), flag.ErrHelp)
			assert.NotErrorIs(t, parse([]string{"-y"}), flag.ErrHelp)
			help, err := load.Value[error](flags, "ErrHelp")
			require.NoError(t, err)
			assert.Same(t, flag.ErrHelp, help)

			read, err := load.Func[func(io.ReaderAt, int64) (*engine.Object, error)](open("archive/zip"), "NewReader")
			require.NoError(t, err)
			_, err = read(bytes.NewReader([]byte("no archive")), 10)
			assert.ErrorIs(t, err, zip.ErrFormat)

			match, err := load.Func[func(string, string) (bool, error)](open("path"), "Match")
			require.NoError(t, err)
			_, err = match("[", "a")
			assert.ErrorIs(t, err, path.ErrBadPattern)

			is, err := load.Func[func(err, target error) bool](open("errors"), "Is")
			require.NoError(t, err)
			assert.True(t, is(errors.Join(zip.ErrChecksum, io.EOF), zip.ErrChecksum), "in a module that does not contain the package")
		})
	}
}
