package checksum

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
)

// Sums holds the sums that a request knows, as the lines of a go.sum file: those it was given are
// promises to be kept, those it found out go to the build.
type Sums struct {
	mu       sync.Mutex
	promised map[module.Version]promise
	vouched  map[module.Version]string // by who set the sources, where nothing is promised
	found    map[module.Version]string // the version ends in "/go.mod" for the sum of a go.mod file
}

type promise struct {
	sums []string
	by   string // "go.sum"
}

// Promise takes the lines of a go.sum file over.
func (s *Sums) Promise(goSum []byte, by string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.promised == nil {
		s.promised = make(map[module.Version]promise)
	}
	n := 0
	for line := range strings.Lines(string(goSum)) {
		n++
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
			continue
		case len(fields) != 3:
			return &install.ChecksumError{
				Subject: fmt.Sprintf("%s line %d", by, n), Want: "module, version and sum", Got: strings.TrimSpace(line), By: "the format",
				Fix: "repair it: go mod tidy",
			}
		case !strings.HasPrefix(fields[2], "h1:"):
			continue // a scheme that nobody can check yet
		}
		m := module.Version{Path: fields[0], Version: fields[1]}
		p := s.promised[m]
		s.promised[m] = promise{append(p.sums, fields[2]), by}
	}
	return nil
}

// Vouch takes over the lines of a go.sum file that somebody vouches for. They count where nothing is
// promised, and promise nothing.
func (s *Sums) Vouch(goSum []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vouched == nil {
		s.vouched = make(map[module.Version]string)
	}
	for line := range strings.Lines(string(goSum)) {
		if fields := strings.Fields(line); len(fields) == 3 {
			s.vouched[module.Version{Path: fields[0], Version: fields[1]}] = fields[2]
		}
	}
}

// Lock takes over what a lock file promises.
func (s *Sums) Lock(list []find.ModuleVersion) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.promised == nil {
		s.promised = make(map[module.Version]promise)
	}
	for _, m := range list {
		s.promised[module.Version{Path: m.Path, Version: m.Version}] = promise{[]string{m.Sum}, "the lock file"}
	}
}

// Add records a sum that holds.
func (s *Sums) Add(m module.Version, sum string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found == nil {
		s.found = make(map[module.Version]string)
	}
	s.found[m] = sum
}

// Found yields what sums were added of.
func (s *Sums) Found() iter.Seq[module.Version] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Values(slices.Collect(maps.Keys(s.found)))
}

// GoSum returns what was found, as the text of a go.sum file.
func (s *Sums) GoSum() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := make([]string, 0, len(s.found))
	for m, sum := range s.found {
		lines = append(lines, m.Path+" "+m.Version+" "+sum+"\n")
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, ""))
}

// Kept compares a sum with what was promised; known is false where
// nothing was.
func (s *Sums) Kept(m module.Version, got string) (known bool, err error) {
	s.mu.Lock()
	p, known := s.promised[m]
	vouched := s.vouched[m]
	s.mu.Unlock()
	if !known && vouched == got {
		return true, nil
	}
	if !known || slices.Contains(p.sums, got) {
		return known, nil
	}
	return true, &install.ChecksumError{
		Subject: m.String(), Want: strings.Join(p.sums, " or "), Got: got, By: p.by,
		Fix: "somebody changed a published version, or " + p.by + " is wrong; find out which before you remove the line",
	}
}

// Promises reports whether there is a promise about a module.
func (s *Sums) Promises(m module.Version) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.promised[m]
	return ok
}

// GoModVersion is the key of a go.mod file's sum.
func GoModVersion(m module.Version) module.Version {
	return module.Version{Path: m.Path, Version: m.Version + "/go.mod"}
}

// GoModSum returns the "h1:" sum of a go.mod file.
func GoModSum(data []byte) string {
	sum, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	})
	if err != nil {
		panic(err) // reading memory does not fail
	}
	return sum
}
