package gomod

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/regular"
)

// CheckOwn refuses a go.mod file that a registry sent apart from a module's zip, which is unpacked
// in dir, and that is not the one in there. Where the zip has none, or one that does not count
// because of the version, the registry makes one up, which holds the path alone.
func CheckOwn(m module.Version, sent []byte, dir string) error {
	own, err := regular.Read(filepath.Join(dir, "go.mod"), zip.MaxGoMod)
	none := errors.Is(err, fs.ErrNotExist)
	if err != nil && !none {
		return err
	}
	if !none && bytes.Equal(own, sent) {
		return nil
	}
	if f, err := Parse(m.Path, sent); err == nil && (none || strings.HasSuffix(m.Version, "+incompatible")) && f.GoVersion == "" && len(f.Require) == 0 {
		return nil
	}
	return &install.RegistryError{
		Reason: "the go.mod that the registry sends is not the one in its zip",
		Fix:    "the registry is broken, or somebody changed one of them; try another registry, or another version",
	}
}
