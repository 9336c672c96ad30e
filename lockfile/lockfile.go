// Package lockfile reads and writes load.lock, which holds the exact version and the sums of
// everything that was installed for a program. It is text, made to be reviewed and merged:
//
//	load.lock 1
//	example.com/hello at v1.1.0 goproxy example.com/hello 2024-01-02T03:04:05Z
//	example.com/hello may network
//	example.com/hello needs example.com/hello v1.1.0 h1:q2hGd…=
//	example.com/hello needs example.com/words v1.0.0 h1:Zy1kP…=
//	example.com/hello@v1.0 at v1.0.7 goproxy example.com/hello -
//
// A line starts with the name that it is about, as it is asked for. "at" tells the exact version,
// who brings it, the module that holds it and when it was published ("-" for what is not known);
// "needs" is a module that it is built from, with the sum of its source; "may" is something that a
// policy grants it. Companions follow the name: "example.com/hello with bytes at …". Every line
// stands for itself, so that lines can be merged and sorted as text; the order of lines does not
// matter, and they are written sorted.
//
// A lock file holds sources and no binaries: it is the same for all systems. A module that is
// needed on one system alone is a line like any other.
package lockfile

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// Name is the usual name of a lock file.
const Name = "load.lock"

// header is the first line; its number changes with the format.
const header = "load.lock 1"

// File is the contents of a lock file. The zero File is empty. It is not safe for concurrent use
// while it is changed.
type File struct {
	entries map[string]Entry
}

// Entry is what a lock file holds about one name.
type Entry struct {
	Name    string    // as it is asked for; companions follow as in "example.com/a with bytes with strings"
	Version string    // exact
	Origin  string    // the installer: "goproxy"
	Module  string    // that holds it, "" if there is none
	Time    time.Time // when the version was published, in UTC and whole seconds; zero where unknown
	Grants  []string  // what a policy grants it, sorted: "network", "read /etc/ssl"
	Needs   []Module  // what it is built from, sorted by path
}

// Module is an exact version of a module, with the sum of its source.
type Module struct {
	Path    string
	Version string
	Sum     string // "h1:…"
}

// Entry returns what is held about a name. The caller does not change it.
func (f *File) Entry(name string) (e Entry, ok bool) {
	e, ok = f.entries[name]
	return e, ok
}

// All yields the entries, sorted by name.
func (f *File) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, name := range slices.Sorted(maps.Keys(f.entries)) {
			if !yield(f.entries[name]) {
				return
			}
		}
	}
}

// Len returns the number of entries.
func (f *File) Len() int { return len(f.entries) }

// Set puts an entry in place of the one of its name. An entry that a line cannot hold, such as one
// whose version has a space, is an error, and changes nothing.
func (f *File) Set(e Entry) error {
	e.Time = e.Time.UTC().Truncate(time.Second)
	e.Grants, e.Needs = slices.Clone(e.Grants), slices.Clone(e.Needs)
	slices.Sort(e.Grants)
	e.Grants = slices.Compact(e.Grants)
	slices.SortFunc(e.Needs, func(a, b Module) int { return cmp.Compare(a.Path, b.Path) })
	if err := e.check(); err != nil {
		return fmt.Errorf("the lock file cannot hold %q: %w", e.Name, err)
	}
	if f.entries == nil {
		f.entries = make(map[string]Entry)
	}
	f.entries[e.Name] = e
	return nil
}

// Remove takes the entry of a name out and reports whether there was one.
func (f *File) Remove(name string) bool {
	_, ok := f.entries[name]
	delete(f.entries, name)
	return ok
}

// Clone returns a copy that can be changed.
func (f *File) Clone() *File { return &File{entries: maps.Clone(f.entries)} }

// Need returns the module of that path that the entry is built from.
func (e Entry) Need(path string) (m Module, ok bool) {
	i, ok := slices.BinarySearchFunc(e.Needs, path, func(m Module, path string) int { return cmp.Compare(m.Path, path) })
	if !ok {
		return Module{}, false
	}
	return e.Needs[i], true
}

// Equal reports whether two entries are the same lines.
func (e Entry) Equal(other Entry) bool {
	return e.Name == other.Name && e.Version == other.Version && e.Origin == other.Origin && e.Module == other.Module &&
		e.Time.Equal(other.Time) && slices.Equal(e.Grants, other.Grants) && slices.Equal(e.Needs, other.Needs)
}

// Format returns the text of the file.
func (f *File) Format() []byte {
	lines := make([]string, 0, 4*len(f.entries))
	for _, e := range f.entries {
		lines = e.appendLines(lines)
	}
	slices.Sort(lines)
	return []byte(header + "\n" + strings.Join(lines, ""))
}

func (e Entry) appendLines(lines []string) []string {
	published := "-"
	if !e.Time.IsZero() {
		published = e.Time.Format(time.RFC3339)
	}
	lines = append(lines, strings.Join([]string{e.Name, "at", e.Version, e.Origin, cmp.Or(e.Module, "-"), published}, " ")+"\n")
	for _, grant := range e.Grants {
		lines = append(lines, e.Name+" may "+grant+"\n")
	}
	for _, m := range e.Needs {
		lines = append(lines, e.Name+" needs "+m.Path+" "+m.Version+" "+m.Sum+"\n")
	}
	return lines
}
