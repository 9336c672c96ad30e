// Package sources collects the sources of prepared modules for a bundle, so that they can be
// compiled for another system, or by another engine, from the bundle alone.
//
//	p, err := l.Prepare(ctx, "github.com/gosimple/slug")
//	files, err := sources.Of(s, []*load.Prepared{p})
package sources

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/store"
)

const maxFile = 512 << 20 // of a module, as the go command has it

// Of returns the sources of modules that a store has, by the names that a module proxy has for them,
// with their sums. Scripts, WebAssembly files and packages of the standard library have none there:
// those run everywhere as they are, and these come with the toolchain. The error says so for what
// lies in a local directory or comes from a repository.
func Of(s *store.Store, modules []*load.Prepared) (map[string][]byte, error) {
	all := map[string][]byte{}
	var lines []string
	for _, p := range modules {
		g := p.Spec.Source.Go
		if g == nil || p.Spec.Module == "" && p.Spec.Version != "" && !find.IsURL(p.Spec.Name) {
			continue
		}
		if p.Spec.Source.Prepared || len(g.Local) > 0 || g.ImportPath == "" || find.IsURL(p.Spec.Name) {
			return nil, fmt.Errorf("%s: only the sources of modules that a module proxy has are bundled, and it is none\n\tleave out -sources, or publish it as a module", p.Name.Target)
		}
		for line := range strings.Lines(string(g.GoSum)) {
			lines = append(lines, line)
			if err := add(all, s, strings.Fields(line)); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(lines)
	if len(all) > 0 {
		all[bundle.SumsName] = []byte(strings.Join(slices.Compact(lines), ""))
	}
	return all, nil
}

// add adds what a line of a go.sum file is about.
func add(all map[string][]byte, s *store.Store, line []string) error {
	if len(line) != 3 {
		return fmt.Errorf("a line of sums has %d words", len(line))
	}
	version, isMod := strings.CutSuffix(line[1], "/go.mod")
	m := module.Version{Path: line[0], Version: version}
	path, err := module.EscapePath(m.Path)
	if err != nil {
		return err
	}
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return err
	}
	name := path + "/@v/" + escaped
	kept := filepath.Join(s.ModDir(), "cache", "download", filepath.FromSlash(name))
	if isMod {
		data, err := regular.Read(kept+".mod", maxFile)
		if err != nil {
			return err
		}
		all[name+".mod"] = data
		return verify(m.Path+"@"+line[1], line[2], []string{"go.mod"}, map[string][]byte{"go.mod": data})
	}
	if all[name+".zip"] != nil {
		return nil
	}
	if all[name+".info"], err = json.Marshal(info{version, s.ModuleTime(m.Path, version)}); err != nil {
		return err
	}
	dirs, err := regular.Read(kept+".dirs", maxFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	all[name+".zip"], err = archive(filepath.Join(s.ModDir(), filepath.FromSlash(path+"@"+escaped)), m, strings.Split(string(dirs), "\n"), line[2])
	return err
}

// info is what a module proxy says of a version.
type info struct {
	Version string
	Time    time.Time `json:",omitzero"`
}

// archive returns the zip of a module that is unpacked in dir, and had those entries for
// directories; it has that sum.
func archive(dir string, m module.Version, dirs []string, sum string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	files := map[string][]byte{}
	for _, name := range dirs {
		if strings.HasSuffix(name, "/") {
			files[name] = nil
		}
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := regular.ReadIn(root, name, maxFile)
		files[m.String()+"/"+name] = data
		return err
	})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	if err := verify(m.String(), sum, names, files); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			return nil, err
		}
	}
	err = z.Close()
	return b.Bytes(), err
}

// verify compares files with the sum that was verified when they were installed.
func verify(subject, want string, names []string, files map[string][]byte) error {
	got, err := dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files[name])), nil
	})
	if err == nil && got != want {
		err = &install.ChecksumError{
			Subject: subject, Want: want, Got: got, Where: "in the store", By: "when it was installed",
			Fix: "somebody, or a failing disk, changed it in the store, and nothing of it was used; run `load verify -repair`, and then load it again",
		}
	}
	return err
}
