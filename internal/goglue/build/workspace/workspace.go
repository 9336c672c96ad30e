// Package workspace is the main module in which the program of one package is built: it lays the
// files, runs the go command, closed off from the user's settings, and reads what that lists and
// compiles.
package workspace

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/toolchain"
)

// Workspace is the main module of one program, and the go command that is run in it.
type Workspace struct {
	Src        find.Source
	Work       string // the main module
	ImportPath string // of the package, as the main module imports it

	Toolchain  toolchain.Toolchain
	GOOS       string
	GOARCH     string
	BuildCache string // of the go command; "" is the user's
	Processors int    // that the go command and its compilers use; 0 is all of them
}

// Lay writes the main module: go.mod, go.sum, the guest runtime and, for a loose directory, its
// files.
func (w *Workspace) Lay() error {
	files := map[string][]byte{
		"go.mod": w.goMod(),
		"go.sum": w.Src.Go.GoSum,
	}
	places := strings.NewReplacer(
		"github.com/loadgo/load/internal/goglue/guest/guestany", GuestAnyPath,
		"github.com/loadgo/load/internal/goglue/guest/guestinput", guestInputPath,
		"github.com/loadgo/load/internal/goglue/guest/guestwait", guestWaitPath,
		"github.com/loadgo/load/internal/goglue/guest/guestcancel", guestCancelPath,
		"github.com/loadgo/load/internal/goglue/guest/guestahead", guestAheadPath,
		"github.com/loadgo/load/internal/goglue/guest/guesterror", guestErrorPath,
		"github.com/loadgo/load/internal/goglue/guest/guestgoroutine", guestGoroutinePath,
		"github.com/loadgo/load/internal/goglue/guest/guesthttp", GuestHTTPPath,
		"github.com/loadgo/load/internal/goglue/guest/guestfs", GuestFSPath,
		"github.com/loadgo/load/internal/goglue/guest/guestjson", GuestJSONPath,
		"github.com/loadgo/load/internal/goglue/guest/gueststream", GuestStreamPath,
		"github.com/loadgo/load/internal/goglue/guest/guestasked", GuestAskedPath,
		"github.com/loadgo/load/internal/goglue/guest", GuestPath,
		"github.com/loadgo/load/internal/wire/dynamic", dynamicPath,
		"github.com/loadgo/load/internal/wire", WirePath,
	)
	err := fs.WalkDir(internal.GuestSources, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := internal.GuestSources.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "goglue/")
		if strings.Count(name, "/") == 2 && strings.HasPrefix(name, "guest/") {
			name = strings.TrimPrefix(name, "guest/") // guest/guestany lies beside guest
		}
		files[name] = []byte(places.Replace(string(data)))
		return nil
	})
	if err != nil {
		return err
	}
	if w.Src.Go.ImportPath == "" {
		w.ImportPath = loosePath + looseName(w.Src.Dir)
	}
	if w.Src.Go.ImportPath == "" && len(w.Src.Go.Local) == 0 {
		if err := copyLoose(files, w.Src.FS, w.loose()); err != nil {
			return err
		}
	}
	for _, m := range w.Src.Go.Local {
		if err := w.layLocal(files, m); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(w.temp(), 0o700); err != nil {
		return err
	}
	for name, data := range files {
		file := filepath.Join(w.Work, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// goMod returns the go.mod file of the main module. Its go line follows the toolchain that
// compiles:
// one that was there when the package was installed may have been newer. What the package's modules
// ask for stays their own, so that the go command refuses one that needs a newer toolchain.
func (w *Workspace) goMod() []byte {
	text := w.Src.Go.GoMod
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	wanted, ok := bytes.CutPrefix(first, []byte("go "))
	if here := w.Toolchain.Version; ok && version.IsValid(here) && version.Compare("go"+string(wanted), here) > 0 {
		text = append([]byte("go "+strings.TrimPrefix(here, "go")+"\n"), rest...)
	}
	return append([]byte("module "+GlueModule+"\n\n"), text...)
}

// loose is where the files of a loose directory are copied to.
func (w *Workspace) loose() string { return "module/" + looseName(w.Src.Dir) }

// maxSource is the most bytes that a file of a package has.
const maxSource = 1 << 30

// layLocal adds the files of a local module as they were when they were summed. They are read
// through an [os.Root], so that no link leads out of the module.
func (w *Workspace) layLocal(files map[string][]byte, m find.LocalModule) error {
	at := cmp.Or(m.At, w.loose())
	if m.GoMod != nil {
		files[at+"/go.mod"] = m.GoMod
	}
	if len(m.Files) == 0 {
		return nil
	}
	root, err := os.OpenRoot(m.Dir)
	if err != nil {
		return changed(m.Dir, err)
	}
	defer root.Close()
	for _, file := range m.Files {
		data, err := regular.ReadIn(root, filepath.FromSlash(file.Name), maxSource)
		if err != nil || fmt.Sprintf("%x", sha256.Sum256(data)) != file.Sum {
			return changed(filepath.Join(m.Dir, filepath.FromSlash(file.Name)), err)
		}
		files[path.Join(at, file.Name)] = data
	}
	return nil
}

func changed(name string, err error) error {
	e := &engine.CompileError{Reason: name + " changed while it was compiled", Fix: "load it again"}
	if err != nil {
		e.Output = err.Error()
	}
	return e
}

// looseName makes a directory's name into an element of an import path.
func looseName(dir string) string {
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			return r
		}
		return '_'
	}, filepath.Base(dir))
	return strings.TrimLeft(name, "-_") + "_"
}

// copyLoose adds the files of a directory without go.mod: those of the package, and those below
// where the package embeds files.
func copyLoose(files map[string][]byte, fsys fs.FS, to string) error {
	embeds := false
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		data, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			return err
		}
		embeds = embeds || strings.HasSuffix(e.Name(), ".go") && bytes.Contains(data, []byte("//go:embed"))
		files[path.Join(to, e.Name())] = data
	}
	if !embeds {
		return nil
	}
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.Contains(name, "/") || strings.HasSuffix(name, ".go") {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		files[path.Join(to, name)] = data
		return err
	})
}
