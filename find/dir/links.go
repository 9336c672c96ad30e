package dir

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/find"
)

// maxLinks is how many links a path may lead over, as for Linux.
const maxLinks = 40

// withLinks notes the links over which a path led to what was found: each can be made to lead
// elsewhere.
func withLinks(path string, spec *find.Spec, err error) (*find.Spec, error) {
	if err == nil {
		spec.Source.Links = links(path)
		if len(spec.Source.Links) == 0 {
			spec.Source.Links = links(path + starlarkSuffix)
		}
	}
	return spec, err
}

// links lists the links over which a path leads, by paths whose directories are none.
func links(path string) []string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	var all []string
	at, names := split(abs)
	for len(names) > 0 && len(all) < maxLinks {
		next := filepath.Join(at, names[0])
		names = names[1:]
		target, err := os.Readlink(next)
		if err != nil {
			at = next
			continue
		}
		all = append(all, next)
		root, more := split(target)
		if filepath.IsAbs(target) {
			at = root
		}
		names = append(more, names...)
	}
	return all
}

// split cuts a path into its root, if it has one, and the names below it.
func split(path string) (root string, names []string) {
	root = filepath.VolumeName(path) + string(filepath.Separator)
	return root, strings.FieldsFunc(path[len(filepath.VolumeName(path)):], func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
}
