package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/loadgo/load/internal/regular"
)

// ManifestName is the name of the file by which a plugin describes itself.
const ManifestName = ".traefik.yml"

// Manifest is what a plugin says of itself.
type Manifest struct {
	DisplayName string
	Type        string         // "middleware"
	Import      string         // the import path of the plugin's package
	Summary     string         // what it does
	TestData    map[string]any // a configuration to try it with
}

// ParseManifest reads a manifest. It refuses plugins that are no middleware in Go.
func ParseManifest(data []byte) (*Manifest, error) {
	values, err := YAML(data)
	if err != nil {
		return nil, err
	}
	var content struct {
		Manifest `mapstructure:",squash"`
		Runtime  string
		Others   map[string]any `mapstructure:",remain"` // for those who list plugins
	}
	if err := Decode(values, &content); err != nil {
		return nil, err
	}
	switch m := &content.Manifest; {
	case m.Type != "" && m.Type != "middleware":
		return nil, fmt.Errorf("it is a plugin of type %s, not a middleware", m.Type)
	case content.Runtime != "" && content.Runtime != "yaegi":
		return nil, fmt.Errorf("it is made for the runtime %s, not written in Go", content.Runtime)
	case m.Import == "":
		return nil, errors.New("it has no import, the path of its package")
	}
	if err := module.CheckImportPath(content.Import); err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	return &content.Manifest, nil
}

// ReadManifest reads the manifest in the root of a plugin's module, such as Source.FS of its Spec.
func ReadManifest(module fs.FS) (*Manifest, error) {
	data, err := fs.ReadFile(module, ManifestName)
	if err != nil {
		return nil, err
	}
	m, err := ParseManifest(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestName, err)
	}
	return m, nil
}

// Local reads the manifest of a plugin whose module is a local directory. It returns the name to
// load as well: the directory of the package that the manifest imports.
func Local(dir string) (*Manifest, string, error) {
	m, err := ReadManifest(regular.DirFS(dir))
	if err != nil {
		return nil, "", fmt.Errorf("plugin in %s: %w", dir, err)
	}
	data, err := regular.Read(filepath.Join(dir, "go.mod"), maxFile)
	if err != nil {
		return nil, "", fmt.Errorf("plugin in %s: %w", dir, err)
	}
	of := cmp.Or(modfile.ModulePath(data), ".")
	inside, ok := strings.CutPrefix(m.Import+"/", of+"/")
	if !ok {
		return nil, "", fmt.Errorf("plugin in %s: %s imports %s, which is not in its module %s", dir, ManifestName, m.Import, of)
	}
	name, err := filepath.Abs(filepath.Join(dir, filepath.FromSlash(path.Clean(inside))))
	return m, name, err
}
