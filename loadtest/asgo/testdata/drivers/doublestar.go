package main

import (
	"errors"
	"io/fs"
	"testing/fstest"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/loadgo/load/loadtest/asgo"
)

func driveDoublestar(d *asgo.Driver) {
	tree := fstest.MapFS{"a/b/c.go": {Data: []byte("x")}, "a/.hidden": {}, "a/B.GO": {}, "d.go": {}, "e/f/g/h.txt": {}}
	var match func(pattern, name string) (bool, error)
	d.Func("Match", doublestar.Match, &match)
	for _, pattern := range []string{"**/*.go", "a/{b,x}/*", "[a-c]/**", "a/b/c.g?", "[", "{a", "!a"} {
		for _, name := range []string{"a/b/c.go", "d.go", "a"} {
			ok, err := match(pattern, name)
			d.Say(pattern+" of "+name, ok, err, errors.Is(err, d.Sentinel("ErrBadPattern", doublestar.ErrBadPattern)))
		}
	}
	var glob func(fs.FS, string, ...asgo.Ref) ([]string, error)
	d.Func("Glob", doublestar.Glob, &glob)
	option := func(name string, native func() doublestar.GlobOption) asgo.Ref {
		var o func() asgo.Ref
		d.Func(name, native, &o)
		return o()
	}
	hidden, only := option("WithNoHidden", doublestar.WithNoHidden), option("WithFilesOnly", doublestar.WithFilesOnly)
	anyCase, exists := option("WithCaseInsensitive", doublestar.WithCaseInsensitive), option("WithFailOnPatternNotExist", doublestar.WithFailOnPatternNotExist)
	for _, pattern := range []string{"**", "**/*.go", "a/*", "x/y", "["} {
		found, err := glob(tree, pattern)
		d.Say("glob "+pattern, found, err)
		found, err = glob(tree, pattern, hidden, only)
		d.Say("files of "+pattern, found, err)
		found, err = glob(tree, pattern, anyCase)
		d.Say("any case of "+pattern, found, err)
		found, err = glob(tree, pattern, exists)
		d.Say("existing "+pattern, found, err, errors.Is(err, d.Sentinel("ErrPatternNotExist", doublestar.ErrPatternNotExist)))
	}
	var walk func(fs.FS, string, func(path string, e fs.DirEntry) error, ...asgo.Ref) error
	var native any = func(fsys fs.FS, pattern string, f func(string, fs.DirEntry) error, opts ...doublestar.GlobOption) error {
		return doublestar.GlobWalk(fsys, pattern, f, opts...)
	}
	d.Func("GlobWalk", native, &walk)
	own := errors.New("mine")
	for _, stop := range []error{nil, fs.SkipDir, own} {
		err := walk(tree, "**", func(path string, e fs.DirEntry) error {
			info, err := e.Info()
			d.Say("walk", path, e.Name(), e.IsDir(), err == nil && info.Mode().IsRegular())
			if path == "a/b" {
				return stop
			}
			return nil
		})
		d.Say("walked", err, err == own)
	}
	var split func(string) (string, string)
	d.Func("SplitPattern", doublestar.SplitPattern, &split)
	base, rest := split("a/b/*.{go,md}")
	d.Say("split", base, rest)
}
