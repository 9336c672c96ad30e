package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is the repository.
const root = "../.."

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fence   = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	typed   = regexp.MustCompile(`(?m)^\$ load (.+)$`)
)

// pages returns the text of every page of documentation by its path from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git"):
			return fs.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		found[filepath.ToSlash(name)] = string(text)
		return err
	}))
	return found
}

// TestLinks: a link within the documentation leads to a file that exists, and to a heading of it.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for name, text := range all {
		for _, found := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			target := found[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(target, "#")
			page := name
			if file != "" {
				page = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
				_, err := os.Stat(filepath.Join(root, page))
				assert.NoError(t, err, "%s links to %s", name, target)
			}
			if anchor != "" {
				assert.Contains(t, anchors(all[page]), anchor, "%s links to %s", name, target)
			}
		}
	}
}

// TestPicture: the picture of one load has the steps that the architecture lists, in their order.
func TestPicture(t *testing.T) {
	t.Parallel()
	_, steps, found := strings.Cut(pages(t)["docs/architecture.md"], "## One load")
	require.True(t, found)
	picture, err := os.ReadFile(filepath.Join(root, "docs", "images", "load.svg"))
	require.NoError(t, err)
	var listed, drawn []string
	for _, step := range regexp.MustCompile(`(?m)^(\d+)\. \*\*(\w+)\*\*`).FindAllStringSubmatch(steps, -1) {
		listed = append(listed, step[1]+" "+step[2])
	}
	for _, box := range regexp.MustCompile(`>(\d+)  (\w+)<`).FindAllStringSubmatch(string(picture), -1) {
		drawn = append(drawn, box[1]+" "+box[2])
	}
	require.Len(t, listed, 10)
	assert.Equal(t, listed, drawn)
}

// anchors lists the anchors of a page's headings.
func anchors(text string) []string {
	var found []string
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, h[1])
		found = append(found, anchor)
	}
	return found
}

// TestSnippets: Go in the documentation is Go, and what is typed there are commands and options of
// load.
func TestSnippets(t *testing.T) {
	t.Parallel()
	for name, text := range pages(t) {
		for _, block := range fence.FindAllStringSubmatch(text, -1) {
			switch language, code := block[1], block[2]; language {
			case "go":
				assert.True(t, parses(code), "%s: no Go:\n%s", name, code)
			case "console":
				for _, line := range typed.FindAllStringSubmatch(code, -1) {
					checkTyped(t, name, line[1])
				}
			}
		}
	}
}

// parses reports whether code is a Go file, declarations, or statements, with their imports; an
// ellipsis stands for what is left out.
func parses(code string) bool {
	code = strings.ReplaceAll(code, "{ … }", "{}")
	imports, rest := "", code
	if at := strings.Index(code, "\n)\n"); strings.HasPrefix(code, "import (") && at > 0 {
		imports, rest = code[:at+3], code[at+3:]
	} else if strings.HasPrefix(code, "import ") {
		imports, rest, _ = strings.Cut(code, "\n")
	}
	for _, source := range []string{code, "package p\n" + code, "package p\n" + imports + "\nfunc _() {\n" + rest + "\n}"} {
		if _, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution); err == nil {
			return true
		}
	}
	return false
}

// checkTyped checks the command of a line that is typed, and its options.
func checkTyped(t *testing.T, page, line string) {
	t.Helper()
	words := strings.Fields(line)
	s := &session{}
	c, _, err := s.program().Find(words[:1])
	require.NoError(t, err)
	if slices.Contains([]string{"help", "completion"}, words[0]) {
		return
	}
	assert.Equal(t, words[0], c.Name(), "%s: load %s", page, line)
	for _, word := range words[1:] {
		if word == "--" || strings.HasPrefix(word, "#") || strings.ContainsAny(word, "'|>") {
			break // an expression or a comment may hold anything
		}
		if option, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "="); strings.HasPrefix(word, "-") && word != "-" {
			assert.NotNil(t, c.Flags().Lookup(option), "%s: load %s", page, line)
		}
	}
}
