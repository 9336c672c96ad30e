package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/scanner"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/regular"
)

// checkIncludes refuses assembly files that include what is not in their package's directory: the
// assembler would open any file of this machine, which nobody decided about and no sum covers.
func (w *Workspace) checkIncludes(p *Package) error {
	if p.Standard {
		return nil
	}
	seen := make(map[string]bool)
	for queue := p.SFiles; len(queue) > 0; queue = queue[1:] {
		name := queue[0]
		if seen[name] {
			continue
		}
		seen[name] = true
		data, err := regular.Read(filepath.Join(p.Dir, filepath.FromSlash(name)), maxSource)
		if err != nil {
			continue // it is one of the toolchain's
		}
		all, odd := includes(string(data))
		if odd != "" {
			return &engine.CompileError{
				Reason: fmt.Sprintf("%s of %s has %q, which may include any file", name, p.ImportPath, odd),
				Fix:    "write each #include with the name of its file, and no other # but before define, undef, ifdef, ifndef, else, endif and line",
			}
		}
		for _, included := range all {
			if !w.mayInclude(p, filepath.FromSlash(included)) {
				return &engine.CompileError{
					Reason: fmt.Sprintf("%s of %s includes %s, which is not in its package", name, p.ImportPath, included),
					Fix:    "put what it needs into a file .h beside it",
				}
			}
			queue = append(queue, included)
		}
	}
	return nil
}

// mayInclude reports whether a file is one of the package's own, or of those that the toolchain
// offers.
func (w *Workspace) mayInclude(p *Package, name string) bool {
	if !filepath.IsLocal(name) {
		return false
	}
	const generated = "go_asm.h"
	own, err := os.Lstat(filepath.Join(p.Dir, name))
	_, offered := os.Stat(filepath.Join(w.Toolchain.Root, "pkg", "include", name))
	return err == nil && own.Mode().IsRegular() || offered == nil || name == generated
}

// directives are the words that the assembler takes after a "#", but for include.
var directives = map[string]bool{"define": true, "undef": true, "ifdef": true, "ifndef": true, "else": true, "endif": true, "line": true}

// includes lists the names in #include lines as the assembler reads them: blanks and comments may
// stand between the words. A macro can make such a line of its parts, so that nobody knows before
// the assembler what it includes; odd is the first "#" that could be a part of one.
func includes(text string) (names []string, odd string) {
	var s scanner.Scanner
	s.Init(strings.NewReader(text))
	s.Error = func(*scanner.Scanner, string) {}
	s.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanFloats | scanner.ScanChars | scanner.ScanStrings | scanner.ScanComments | scanner.SkipComments
	for tok := s.Scan(); tok != scanner.EOF; tok = s.Scan() {
		if tok != '#' {
			continue
		}
		s.Scan()
		word := s.TokenText()
		if directives[word] {
			continue
		}
		tok := s.Scan()
		name, err := strconv.Unquote(s.TokenText())
		if word != "include" || tok != scanner.String || err != nil {
			return names, "#" + word
		}
		names = append(names, name)
	}
	return names, ""
}
