package lockfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SyntaxError reports a line of a lock file that cannot be used. Nothing of the file counts then.
type SyntaxError struct {
	File   string
	Line   int // from 1
	Reason string
	Fix    string
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}

// Parse reads the text of a lock file; file is its name, for errors. Lines may come in any order
// and end in CRLF. The error is a [*SyntaxError] of the first line that is wrong.
func Parse(file string, data []byte) (*File, error) {
	p := &parser{file: file, entries: make(map[string]*lines)}
	if err := p.parse(data); err != nil {
		return nil, err
	}
	f := &File{entries: make(map[string]Entry, len(p.entries))}
	for name, l := range p.entries {
		if l.at == 0 {
			return nil, p.error(l.first, fmt.Sprintf("%s has no \"at\" line", name), "run `load lock "+name+"` once this line is removed")
		}
		slices.Sort(l.Grants)
		slices.SortFunc(l.Needs, func(a, b Module) int { return cmp.Compare(a.Path, b.Path) })
		f.entries[name] = l.Entry
	}
	return f, nil
}

// lines is an entry as it is being read, with the numbers of its lines.
type lines struct {
	Entry
	first, at int
	grants    []int          // of Grants
	needs     []int          // of Needs
	many      map[string]int // module path → index in Needs, where those are many
}

// few is how many modules are compared one by one.
const few = 16

// need returns the index in Needs of a module, or -1.
func (l *lines) need(path string) int {
	if len(l.Needs) <= few {
		return slices.IndexFunc(l.Needs, func(m Module) bool { return m.Path == path })
	}
	if l.many == nil {
		l.many = make(map[string]int)
	}
	for i := len(l.many); i < len(l.Needs); i++ { // paths are distinct
		l.many[l.Needs[i].Path] = i
	}
	if i, ok := l.many[path]; ok {
		return i
	}
	return -1
}

type parser struct {
	file    string
	line    int
	entries map[string]*lines
}

func (p *parser) error(line int, reason, fix string) error {
	return &SyntaxError{File: p.file, Line: line, Reason: reason, Fix: fix}
}

func (p *parser) fail(format string, args ...any) error {
	return p.error(p.line, fmt.Sprintf(format, args...), "")
}

const mergeFix = "keep the lines of both sides, but those of one side alone for a name that both have; then run `load lock`"

func (p *parser) parse(data []byte) error {
	for text := range strings.Lines(string(data)) {
		p.line++
		line := strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		for _, marker := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
			if strings.HasPrefix(line, marker) {
				return p.error(p.line, "a merge conflict is not resolved: "+marker, mergeFix)
			}
		}
		if p.line == 1 {
			if err := p.header(line); err != nil {
				return err
			}
			continue
		}
		if line == "" {
			continue
		}
		if err := p.entry(line); err != nil {
			return err
		}
	}
	if p.line == 0 {
		p.line = 1
		return p.error(1, fmt.Sprintf("the first line is not %q", header), "remove the file and run `load lock NAME...` to make it again")
	}
	return nil
}

func (p *parser) header(line string) error {
	if line == header {
		return nil
	}
	if version, ok := strings.CutPrefix(line, "load.lock "); ok {
		return p.error(1, fmt.Sprintf("its format is %q, and this program knows format 1", version), "use a newer version of load")
	}
	return p.error(1, fmt.Sprintf("the first line is not %q", header), "remove the file and run `load lock NAME...` to make it again")
}

// entry reads a line: the name with its companions, a verb, and what belongs to that.
func (p *parser) entry(line string) error {
	fields := strings.Split(line, " ")
	n := 1
	for len(fields) > n+1 && fields[n] == "with" {
		n += 2
	}
	if len(fields) < n+2 {
		return p.fail("it is not a line of a lock file: %q", clip(line))
	}
	name, verb, rest := strings.Join(fields[:n], " "), fields[n], fields[n+1:]
	l := p.entries[name]
	if l == nil {
		if err := checkName(name); err != nil {
			return p.fail("%v", err)
		}
		l = &lines{Entry: Entry{Name: name}, first: p.line}
		p.entries[name] = l
	}
	var err error
	switch verb {
	case "at":
		err = p.at(l, rest)
	case "may":
		err = p.may(l, strings.Join(rest, " "))
	case "needs":
		err = p.needs(l, rest)
	default:
		return p.fail("%q is not known: a line tells what a name is \"at\", \"may\" or \"needs\"", clip(verb))
	}
	return err
}

func (p *parser) at(l *lines, rest []string) error {
	if len(rest) != 4 {
		return p.fail("want NAME at VERSION ORIGIN MODULE TIME")
	}
	if l.at > 0 {
		if l.Version == rest[0] {
			return p.error(p.line, fmt.Sprintf("%s is locked already, in line %d", l.Name, l.at), "remove one of the lines")
		}
		return p.error(p.line, fmt.Sprintf("%s is locked at %s here, and at %s in line %d", l.Name, clip(rest[0]), l.Version, l.at),
			"remove all lines of the name but those of one version, or remove all and run `load lock "+l.Name+"`")
	}
	l.at, l.Version, l.Origin, l.Module = p.line, rest[0], rest[1], rest[2]
	if l.Module == "-" {
		l.Module = ""
	}
	if rest[3] != "-" {
		t, err := time.Parse(time.RFC3339, rest[3])
		if err != nil || t.UTC().Format(time.RFC3339) != rest[3] {
			return p.fail("%q is not a time such as 2024-01-02T03:04:05Z", clip(rest[3]))
		}
		l.Time = t
	}
	if err := l.checkHead(); err != nil {
		return p.fail("%v", err)
	}
	return nil
}

func (p *parser) may(l *lines, grant string) error {
	if i := slices.Index(l.Grants, grant); i >= 0 {
		return p.error(p.line, fmt.Sprintf("it repeats line %d", l.grants[i]), "remove one of the lines")
	}
	if err := checkGrant(grant); err != nil {
		return p.fail("%v", err)
	}
	l.grants = append(l.grants, p.line)
	l.Grants = append(l.Grants, grant)
	return nil
}

func (p *parser) needs(l *lines, rest []string) error {
	if len(rest) != 3 {
		return p.fail("want NAME needs MODULE VERSION SUM")
	}
	m := Module{Path: rest[0], Version: rest[1], Sum: rest[2]}
	if err := m.check(); err != nil {
		return p.fail("%v", err)
	}
	if i := l.need(m.Path); i >= 0 {
		before, old := l.Needs[i], l.needs[i]
		if before == m {
			return p.error(p.line, fmt.Sprintf("it repeats line %d", old), "remove one of the lines")
		}
		reason := fmt.Sprintf("%s needs %s at %s here, and at %s in line %d", l.Name, m.Path, m.Version, before.Version, old)
		if before.Version == m.Version {
			reason = fmt.Sprintf("the sum of %s %s is another one in line %d", m.Path, m.Version, old)
		}
		return p.error(p.line, reason, "find out which of the two is right and remove the other")
	}
	l.needs = append(l.needs, p.line)
	l.Needs = append(l.Needs, m)
	return nil
}

// clip keeps an error short, whatever the line holds.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
