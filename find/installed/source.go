package installed

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/sourcespec"
)

var errChanging = fmt.Errorf("%w: what it leads to can change; its source is asked", find.ErrNotFound)

// findSource finds what was installed by a URL: from a git repository or a web server. That of a
// branch is passed on to who can ask the repository, unless nobody can be asked or the name has the
// exact version, from a lock file.
func (f *Finder) findSource(name find.Name, rules find.Rules) (*find.Spec, error) {
	record, err := f.store.SourceRecord(name.Target)
	switch {
	case err != nil:
		return nil, err
	case record == nil:
		return nil, errEmpty
	case name.Query != "" && name.Query != record.Version:
		return nil, notFound("%s is installed", record.Version)
	case name.Query == "" && record.Changing && rules.MayAsk():
		return nil, errChanging
	}
	tree, err := f.store.SourceDir(record.Sum)
	if err != nil {
		return nil, err
	}
	if tree == "" {
		return nil, notFound("%s is damaged: its files are missing; installing again", record.Version)
	}
	spec, err := sourcespec.New(record, tree, name.Along)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound("%s is damaged: %s is missing; installing again", record.Version, record.File)
	}
	if err == nil {
		spec.Origin = "store"
	}
	return spec, err
}
