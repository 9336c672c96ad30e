package bundle

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// listing is the table of a bundle for one system. It is read as far as it is asked for: where its
// modules begin when one is looked for, and a module when it is found.
type listing struct {
	documents
	entry string       // the name of the table, for messages
	rest  string       // its text from the modules on
	parts []descriptor // what the manifest lists, sorted by digest
	heads func() (*heads, error)
}

// heads are what modules are looked for by.
type heads struct {
	modules  []head // sorted by what was asked for
	byKey    map[string]int
	releases []string
	sources  string // unread; "" for none
}

// head is where a module lies in the table, and what it is looked for by.
type head struct {
	asked, text string
}

// newListing returns the listing of a table that has to be for a system.
func (d documents) newListing(data []byte, top descriptor, m manifest) (*listing, error) {
	l := &listing{documents: d, entry: blobName(m.Layers[1].Digest), parts: m.parts()}
	r := &reader{rest: textOf(data)}
	r.want(`{"platform":`)
	of := r.platform()
	if r.want(`,"modules":[`); r.odd {
		return nil, l.odd()
	}
	if of != *top.Platform {
		return nil, l.wrong("it is for " + of.String() + ", and the index says " + top.Platform.String())
	}
	l.rest = r.rest
	l.heads = sync.OnceValues(l.read)
	return l, nil
}

func (l *listing) wrong(reason string) error { return l.documents.wrong(l.entry, reason) }

func (l *listing) odd() error { return l.wrong("it is not the table of a bundle") }

// read finds the modules. What starts one cannot lie inside of a text, whose quotes are escaped.
func (l *listing) read() (*heads, error) {
	const next, sources = `,{"asked":"`, `],"sources":[`
	modules, ok := strings.CutSuffix(l.rest, "]}")
	if !ok {
		return nil, l.odd()
	}
	h := &heads{byKey: map[string]int{}}
	modules, h.sources, ok = strings.Cut(modules, sources)
	if ok && h.sources == "" {
		return nil, l.odd()
	}
	for more := true; more; {
		end := strings.Index(modules, next)
		text := modules
		if more = end >= 0; more {
			text, modules = modules[:end], modules[end+1:]
		}
		r := &reader{rest: text}
		m := r.head()
		if r.odd {
			var err error
			if m, err = l.decode(text); err != nil {
				return nil, err
			}
		}
		if n := len(h.modules); n > 0 && h.modules[n-1].asked > m.Asked {
			return nil, l.wrong(strconv.Quote(m.Asked) + " in its table is not in order")
		}
		h.byKey[m.Key] = len(h.modules)
		h.modules = append(h.modules, head{m.Asked, text})
		if m.Release != "" && !slices.Contains(h.releases, m.Release) {
			h.releases = append(h.releases, m.Release)
		}
	}
	return h, nil
}

// decode reads a module's text.
func (l *listing) decode(text string) (m module, err error) {
	r := &reader{rest: text}
	if m = r.module(); r.done() {
		return m, nil
	}
	m = module{}
	if !decode([]byte(text), &m) {
		return m, l.odd()
	}
	return m, nil
}

// module reads a module, and checks it.
func (l *listing) module(h head) (*module, error) {
	m, err := l.decode(h.text)
	if err != nil {
		return nil, err
	}
	if reason := m.check(l.parts); reason != "" {
		return nil, l.wrong(strconv.Quote(m.Asked) + " in its table: " + reason)
	}
	return &m, nil
}

// named returns the modules of a name.
func (l *listing) named(asked string) ([]*module, error) {
	h, err := l.heads()
	if err != nil {
		return nil, err
	}
	first, _ := slices.BinarySearchFunc(h.modules, asked, func(h head, asked string) int { return strings.Compare(h.asked, asked) })
	var found []*module
	for _, h := range h.modules[first:] {
		if h.asked != asked {
			break
		}
		m, err := l.module(h)
		if err != nil {
			return nil, err
		}
		found = append(found, m)
	}
	return found, nil
}

// keyed returns the module of a key, or nil.
func (l *listing) keyed(key string) (*module, error) {
	h, err := l.heads()
	if err != nil {
		return nil, err
	}
	i, ok := h.byKey[key]
	if !ok {
		return nil, nil
	}
	return l.module(h.modules[i])
}

// sources reads the sources.
func (l *listing) sources() (files []file, err error) {
	h, err := l.heads()
	if err != nil || h.sources == "" {
		return nil, err
	}
	r := &reader{rest: h.sources + "]"}
	if files = list(r, r.many(`{"name":`), r.file); !r.done() {
		files = nil
		if !decode([]byte("["+h.sources+"]"), &files) {
			return nil, l.odd()
		}
	}
	if reason := checkFiles(files, l.parts); reason != "" {
		return nil, l.wrong("the sources in its table: " + reason)
	}
	return files, nil
}

// all reads and checks everything.
func (l *listing) all() (modules []module, err error) {
	h, err := l.heads()
	if err != nil {
		return nil, err
	}
	for _, head := range h.modules {
		m, err := l.module(head)
		if err != nil {
			return nil, err
		}
		modules = append(modules, *m)
	}
	_, err = l.sources()
	return modules, err
}
