package gate

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/mod/module"
	"golang.org/x/text/unicode/norm"
)

// cleanName checks a name as an archive or a directory gives it, and returns it without what means
// nothing: a "./" at its start and the "/" at the end of a directory. The result is "" for the root
// itself.
func cleanName(name string, isDir bool) (string, error) {
	clean := strings.TrimPrefix(name, "./")
	if isDir {
		clean = strings.TrimSuffix(clean, "/")
		if clean == "" && name != "" || clean == "." {
			if strings.HasPrefix(name, "/") {
				return "", refuse(name, "has an absolute name")
			}
			return "", nil
		}
	}
	switch {
	case name == "":
		return "", refuse("", "a file has an empty name")
	case strings.HasPrefix(clean, "/"), strings.HasPrefix(clean, `\`), len(clean) > 1 && clean[1] == ':':
		return "", refuse(name, "has an absolute name")
	case slices.Contains(strings.FieldsFunc(clean, func(r rune) bool { return r == '/' || r == '\\' }), ".."):
		return "", refuse(name, `leads out of its directory by ".."`)
	case len(clean) > 1024:
		return "", refuse(name[:64]+"…", "has a name of more than 1024 bytes")
	}
	if err := module.CheckFilePath(clean); err != nil {
		var invalid *module.InvalidPathError
		if errors.As(err, &invalid) {
			err = invalid.Err
		}
		return "", refuse(name, "has no portable name: %v", err)
	}
	for element := range strings.SplitSeq(clean, "/") {
		if versionControl[fold(element)] {
			return "", refuse(name, "belongs to a version control system, which must not find it here")
		}
	}
	return clean, nil
}

// versionControl are directories by which a tool would take the tree for a working copy, and run
// what they say.
var versionControl = map[string]bool{".git": true, ".hg": true, ".svn": true, ".bzr": true, "_fossil_": true, "git~1": true}

// names are the names that were let in, under what they are on a system that tells neither case nor
// Unicode normal forms apart.
type names map[string]known

type known struct {
	name string // as it was written
	dir  bool
}

// add takes the name of a file or a directory, and those of the directories above it.
func (n *names) add(given, clean string, isDir bool) error {
	if *n == nil {
		*n = make(names)
	}
	for i, c := range clean {
		if c == '/' {
			if err := n.one(given, clean[:i], true); err != nil {
				return err
			}
		}
	}
	return n.one(given, clean, isDir)
}

func (n *names) one(given, name string, isDir bool) error {
	key := fold(name)
	before, ok := (*n)[key]
	switch {
	case !ok:
		(*n)[key] = known{name, isDir}
		return nil
	case before.name != name:
		return refuse(given, "collides with %q where case or Unicode form does not count", before.name)
	case before.dir != isDir:
		return refuse(given, "is a file and a directory at once")
	case !isDir:
		return refuse(given, "is there twice")
	}
	return nil
}

// fold maps all spellings that some file system takes for one name to one text.
func fold(name string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		if 'A' <= least && least <= 'Z' {
			least += 'a' - 'A'
		}
		return least
	}, norm.NFC.String(name)))
}
