package policy

import (
	"os"
	"path"
	"strings"

	"github.com/loadgo/load/internal/kernelfs"
)

// readMounts returns the mounts of this system (proc_pid_mountinfo(5)).
func readMounts() mounts {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	return parseMounts(string(text))
}

type mounts []mount

// mount shows the directory root of a file system at a point.
type mount struct{ system, root, point string }

func parseMounts(text string) mounts {
	var all mounts
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		all = append(all, mount{system: fields[2], root: kernelfs.Unescape(fields[3]), point: kernelfs.Unescape(fields[4])})
	}
	return all
}

// otherPlaces lists where else the mounts show what a path without links leads to.
func (all mounts) otherPlaces(where string) []string {
	var shown mount // the last of those with the longest point: it hides the others
	for _, m := range all {
		if _, ok := below(m.point, where); ok && len(m.point) >= len(shown.point) {
			shown = m
		}
	}
	rest, ok := below(shown.point, where)
	if !ok {
		return nil
	}
	within := path.Join(shown.root, rest)
	var places []string
	for _, m := range all {
		if rest, ok := below(m.root, within); ok && m.system == shown.system {
			if place := path.Join(m.point, rest); place != where {
				places = append(places, place)
			}
		}
	}
	return places
}

// below cuts a directory from a path at or below it.
func below(dir, path string) (rest string, ok bool) {
	if dir == "" {
		return "", false
	}
	rest, ok = strings.CutPrefix(path, strings.TrimSuffix(dir, "/"))
	return rest, ok && (rest == "" || rest[0] == '/')
}
