// Package examples runs the published examples of a Go package: as they are, and with imports that
// lead elsewhere.
package examples

import (
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/regular"
)

// Suite are the external examples of a package, with what they need of its other external tests.
type Suite struct {
	Package  string   // the name of their package, which ends in "_test"
	Examples []string // those with an output
	dir      string
	files    []*file
}

var hasOutput = regexp.MustCompile(`(?i)^\s*(unordered )?output:`)

// Read finds the examples in the named test files of a directory.
func Read(dir string, names []string) (*Suite, error) {
	s := &Suite{dir: dir}
	var others []*file
	for _, name := range names {
		text, err := regular.Read(filepath.Join(dir, name), 16<<20)
		if err != nil {
			return nil, err
		}
		f, err := parse(name, text)
		if err != nil {
			return nil, err
		}
		s.Package = f.ast.Name.Name
		examples := f.examples()
		s.Examples = append(s.Examples, examples...)
		if len(examples) > 0 {
			s.files = append(s.files, f)
		} else {
			others = append(others, f)
		}
	}
	for i := 0; i < len(s.files); i++ { // which grows
		for _, other := range others {
			if !slices.Contains(s.files, other) && other.declaresOneOf(s.files[i].ast.Unresolved) {
				s.files = append(s.files, other)
			}
		}
	}
	return s, nil
}

// examples lists the functions of a file that are examples with an output.
func (f *file) examples() (names []string) {
	for _, decl := range f.ast.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || d.Recv != nil || !strings.HasPrefix(d.Name.Name, "Example") || d.Body == nil {
			continue
		}
		var last *ast.CommentGroup
		for _, c := range f.ast.Comments {
			if d.Body.Pos() < c.Pos() && c.End() < d.Body.End() {
				last = c
			}
		}
		if last != nil && hasOutput.MatchString(last.Text()) {
			names = append(names, d.Name.Name)
		}
	}
	return names
}

// write writes the files into a directory, without what was taken out of them.
func (s *Suite) write(dir string, files map[string]*file, lead func(path string) string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries { // what examples read
		if !entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if err := os.Symlink(filepath.Join(s.dir, entry.Name()), filepath.Join(dir, entry.Name())); err != nil && !os.IsExist(err) {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, name), files[name].led(lead), 0o666); err != nil {
			return err
		}
	}
	return nil
}
