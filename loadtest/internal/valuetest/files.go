package valuetest

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testFiles: the module's descriptions of files are those of package fs in the host.
func (s suite) testFiles(t *testing.T) {
	m := s.values(t)
	fsys := fstest.MapFS{"a/b.txt": {Data: []byte("text"), Mode: 0o640}, "c": {Mode: 0o600}}
	var native, seen []string
	errEnough := errors.New("enough")
	visit := func(to *[]string) fs.WalkDirFunc {
		return func(path string, d fs.DirEntry, err error) error {
			if path == "c" {
				return errEnough
			}
			info, infoErr := d.Info()
			*to = append(*to, fmt.Sprint(path, d.Name(), d.IsDir(), d.Type(), info.Name(), info.Size(), info.Mode(), info.IsDir(), err, infoErr))
			if path == "a" {
				return fs.SkipDir
			}
			return nil
		}
	}
	assert.Same(t, errEnough, fs.WalkDir(fsys, ".", visit(&native)))
	assert.Same(t, errEnough, gosuite.Bound[func(fs.FS, fs.WalkDirFunc) error](t, m, "WalkFiles")(fsys, visit(&seen)))
	assert.Equal(t, native, seen)
	info := gosuite.Bound[func(string, int64) fs.FileInfo](t, m, "NewDocument")("d", 7)
	assert.Equal(t, "d 7 drwxr-x--- 1970-01-01 00:00:07 +0000 UTC true 7", fmt.Sprint(info.Name(), " ", info.Size(), " ", info.Mode(), " ", info.ModTime(), " ", info.IsDir(), " ", info.Sys()))
	sizeOf := gosuite.Bound[func(fs.FileInfo) int64](t, m, "SizeOf")
	assert.Equal(t, int64(-7), sizeOf(info), "it goes home as itself")
	own, err := fs.Stat(fsys, "a/b.txt")
	require.NoError(t, err)
	assert.Equal(t, int64(4), sizeOf(own))
	assert.Nil(t, gosuite.Bound[func() fs.FileInfo](t, m, "NoDocument")())
	entries := gosuite.Bound[func(...string) []fs.DirEntry](t, m, "NewDirEntries")("x", "y")
	require.Len(t, entries, 2)
	assert.Equal(t, "y", entries[1].Name())

	open := gosuite.Bound[func(fs.FS, string) (fs.File, error)](t, m, "OpenFile")
	file, err := open(fsys, "a/b.txt")
	require.NoError(t, err)
	assert.NoError(t, file.Close())
	_, err = open(fsys, "none")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}
