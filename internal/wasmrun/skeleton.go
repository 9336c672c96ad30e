package wasmrun

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wasmbin"
	"github.com/loadgo/load/store"
)

// wazero decodes and validates a module each time, also where it has the machine code, and uses the
// bodies of functions for nothing else. So what is kept beside the machine code is the module's
// skeleton, whose functions only trap, and the machine code is kept as if it were that of the
// skeleton. Both lie in one artifact and are verified, and the skeleton holds the sum of its
// module: wazero tells modules apart by what it sees of them, and an artifact may have several that
// differ in their bodies alone. Were the machine code missing, the functions of the skeleton would
// run: [CodeDir.Used] makes sure that it was not.

// skeletons is the folder of an artifact of machine code.
const skeletons = "skeletons"

// leastCode is how many bytes of code a module has whose skeleton is kept.
const leastCode = 64 << 10

// Module returns a file of an artifact as wazero is to see it with the machine code, which may be
// nil.
func Module(a engine.Artifact, code *store.Artifact, file string) ([]byte, error) {
	if name := path.Join(skeletons, file); code != nil && code.Has(name) {
		return code.ReadFile(name)
	}
	return a.Files.ReadFile(file)
}

// keep moves the machine code of a module from one directory to another, where wazero finds it for
// the module's skeleton, and writes the skeleton beside it. Compile fills a directory for a module.
func keep(file string, wasm []byte, from, to string, compile func(wasm []byte, dir string) error) error {
	made, err := codeFiles(from)
	if err != nil {
		return err
	}
	if len(made) == 0 {
		return nil // wazero compiles nothing on this system
	}
	names := made
	if skeleton := wasmbin.Skeleton(wasm, leastCode); skeleton != nil && len(made) == 1 {
		beside := from + "-skeleton"
		defer os.RemoveAll(beside)
		if err := compile(skeleton, beside); err != nil {
			return err
		}
		if names, err = codeFiles(beside); err != nil {
			return err
		}
		if len(names) != 1 {
			return errors.New("wazero keeps the machine code of a module in several files")
		}
		if err := write(filepath.Join(to, skeletons, file), skeleton); err != nil {
			return err
		}
	}
	for i, name := range made {
		place := filepath.Join(to, names[i])
		if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(from, name), place); err != nil {
			return err
		}
	}
	return nil
}

func write(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

// codeFiles are the files in a directory of machine code, by their paths in it.
func codeFiles(dir string) (names []string, err error) {
	err = filepath.WalkDir(dir, func(place string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(place, dir+string(filepath.Separator)))
		}
		return err
	})
	return names, err
}

// Used returns an error if wazero, which has compiled what the directory is for, did not take the
// machine code from it: it adds what it does not find.
func (d *CodeDir) Used() error {
	names, err := codeFiles(d.Path)
	if err != nil {
		return err
	}
	for _, name := range names {
		there, err := os.Lstat(filepath.Join(d.Path, name))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(d.shown, func(shown fs.FileInfo) bool { return os.SameFile(there, shown) }) {
			return &engine.InitError{Reason: "wazero does not take the machine code that the store keeps of it; remove the module from the store with `load rm`, and load it again"}
		}
	}
	return nil
}
