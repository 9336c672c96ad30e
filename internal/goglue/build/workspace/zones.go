package workspace

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/regular"
)

// ZonesPackage holds the time zones themselves. It makes a program 0.45 MB larger.
const ZonesPackage = "time/tzdata"

// Zones reports whether the module can look time zones up by name: then it carries them along,
// because WebAssembly has no files, and a machine may have none of zones. In the standard library,
// only package time itself looks them up.
func (w *Workspace) Zones(imports []string, listed map[string]*Package) bool {
	if slices.Contains(imports, "time") {
		return true
	}
	standard := filepath.Join(w.Toolchain.Root, "src") + string(filepath.Separator)
	for _, p := range listed {
		if strings.HasPrefix(p.Dir, standard) || p.ImportPath == WirePath {
			continue
		}
		for _, name := range p.GoFiles {
			data, err := regular.Read(filepath.Join(p.Dir, name), maxSource)
			if err == nil && bytes.Contains(data, []byte("LoadLocation")) {
				return true
			}
		}
	}
	return false
}
