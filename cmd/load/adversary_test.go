package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/loadgo/load/loadtest"
)

// poison changes the files that match a pattern to the contents of another, or one byte in the
// middle of them where none is given: poison '$STORE/obj/*/program' [FILE].
func poison(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: poison PATTERN [FILE]")
	}
	files, err := filepath.Glob(args[0])
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("no file is %s", args[0])
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		ts.Check(err)
		if len(args) > 1 {
			data = []byte(ts.ReadFile(args[1]))
		} else {
			data[len(data)/2] ^= 0xff
		}
		ts.Check(os.Chmod(name, 0o644))
		ts.Check(os.WriteFile(name, data, 0o644))
	}
}

// replace lets the module proxy serve another zip for a version, made of the files of a directory,
// while the checksum database knows the old one: replace example.com/a@v1.0.0 DIR.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: replace MODULE@VERSION DIRECTORY")
	}
	path, version, _ := strings.Cut(args[0], "@")
	dir, files := os.DirFS(ts.MkAbs(args[1])), make(map[string][]byte)
	ts.Check(fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[name], err = fs.ReadFile(dir, name)
		}
		return err
	}))
	ts.Value("proxy").(*loadtest.ProxyServer).Replace(path, version, files)
}

// fault lets the module proxy answer a path with a status: fault 500 /example.com/*.
func fault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fault STATUS PATH")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Value("proxy").(*loadtest.ProxyServer).Fault(args[1], loadtest.Status(status))
}
