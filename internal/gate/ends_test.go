package gate

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errEnough = errors.New("enough")

// ending ends a context once a number of bytes was read.
type ending struct {
	io.Reader
	left int
	end  context.CancelCauseFunc
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if e.left -= n; e.left <= 0 {
		e.end(errEnough)
	}
	return n, err
}

// TestEnds: nothing of what comes in, which may be many files or a large one, is taken once the
// context has ended, and the error is its cause and no refusal.
func TestEnds(t *testing.T) {
	t.Parallel()
	var headers []*tar.Header
	source := t.TempDir()
	for i := range 100 {
		name := fmt.Sprintf("d%d/x", i)
		headers = append(headers, &tar.Header{Name: name, Typeflag: tar.TypeReg, Uname: "x"})
		require.NoError(t, os.Mkdir(filepath.Join(source, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(source, name), nil, 0o600))
	}
	many := tarOf(t, headers...)
	archive := filepath.Join(t.TempDir(), "zip")
	var zipped bytes.Buffer
	w := zip.NewWriter(&zipped)
	for _, h := range headers {
		_, err := w.Create(h.Name)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(archive, zipped.Bytes(), 0o600))
	for what, test := range map[string]struct {
		ended bool // before anything is let in
		take  func(tree *Tree, end context.CancelCauseFunc) error
	}{
		"directory": {true, func(tree *Tree, _ context.CancelCauseFunc) error { return tree.Dir(source) }},
		"zip": {true, func(tree *Tree, _ context.CancelCauseFunc) error {
			f, err := os.Open(archive)
			require.NoError(t, err)
			defer f.Close()
			return tree.Zip(f)
		}},
		"tar": {true, func(tree *Tree, _ context.CancelCauseFunc) error { return tree.Tar(bytes.NewReader(many)) }},
		"tar that is cut off by the end": {false, func(tree *Tree, end context.CancelCauseFunc) error {
			return tree.Tar(&ending{bytes.NewReader(many[:len(many)/2]), len(many) / 2, end})
		}},
		"large file": {false, func(tree *Tree, end context.CancelCauseFunc) error {
			return tree.File("x", &ending{io.LimitReader(zeros{}, 100<<20), 1 << 20, end})
		}},
	} {
		dir := t.TempDir()
		ctx, end := context.WithCancelCause(t.Context())
		tree, err := New(ctx, dir, Limits{})
		require.NoError(t, err)
		if test.ended {
			end(errEnough)
		}
		err = test.take(tree, end)
		assert.ErrorIs(t, err, errEnough, what)
		var refused *Error
		assert.False(t, errors.As(err, &refused), what)
		if test.ended {
			assert.Zero(t, tree.Files(), what)
		}
		assert.LessOrEqual(t, tree.Bytes(), int64(2<<20), what)
		_, err = tree.Sum()
		assert.ErrorIs(t, err, errEnough, what)
		require.NoError(t, tree.Close())
		end(nil)
	}

	_, err := List(t.Context(), source)
	require.NoError(t, err)
	ctx, end := context.WithCancelCause(t.Context())
	tree, err := New(ctx, t.TempDir(), Limits{})
	require.NoError(t, err)
	defer tree.Close()
	require.NoError(t, tree.Dir(source))
	end(errEnough)
	_, err = tree.Sum()
	require.ErrorIs(t, err, errEnough)
	_, err = List(ctx, source)
	require.ErrorIs(t, err, errEnough)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
