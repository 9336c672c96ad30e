package main

import (
	"fmt"
	"html"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/loadgo/load/internal/prompt"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const slugModule = `
-- github.com/gosimple/slug@v1.15.0/go.mod --
module github.com/gosimple/slug
-- github.com/gosimple/slug@v1.15.0/slug.go --
// Package slug generates slugs from texts.
package slug

import "strings"

// Make returns slug generated from provided string.
func Make(s string) (slug string) {
	return strings.NewReplacer(", ", "-", " ", "-", "ö", "o").Replace(strings.ToLower(s))
}
`

// TestSession is what a new user types first, at a terminal: the commands of the README, a typo of a
// command and one of a function, a call that the sandbox refuses, its remedy, documentation, and the
// prompt. With UPDATE_SESSION=1 it becomes the picture in the README.
func TestSession(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	address := server.Addr().String()

	dir := t.TempDir()
	program, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(program, filepath.Join(dir, "load")))
	p, tty := openTerminal(t)
	shell := exec.Command("sh", "-i")
	shell.Dir, shell.Stdin, shell.Stdout, shell.Stderr = dir, tty, tty, tty
	shell.Env = append(os.Environ(), loadtest.Proxy(t, slugModule).Env()...)
	shell.Env = append(shell.Env, "LOAD_DIR="+filepath.Join(dir, "store"), "GOMODCACHE="+filepath.Join(dir, "modcache"), "GOCACHE="+goEnv(t, "GOCACHE"),
		"HOME="+dir, "PATH="+dir+":"+os.Getenv("PATH"), "TERM=xterm", "PS1=$ ", "ENV=")
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, shell.Start())
	t.Cleanup(func() { _ = shell.Process.Kill() })
	require.NoError(t, tty.Close())

	p.expect("$ ")
	types := func(line string, expected ...string) {
		t.Helper()
		p.write(line + "\r")
		for _, text := range expected {
			p.expect(text)
		}
	}
	types(`load eval github.com/gosimple/slug 'Make("Hello, World")'`, "hello-world\r\n", "$ ")
	types(`load evla github.com/gosimple/slug 'Make("Hello")'`, `load: unknown command "evla"; did you mean eval?`, "$ ")
	types(`load eval github.com/gosimple/slug 'Mke("Hello")'`, "load: eval: 1:1: undefined: Mke (did you mean Make?)", "$ ")
	types(`load eval net 'Dial("tcp", "`+address+`").RemoteAddr().String()'`, "the sandbox refused to connect to "+address, "run with -allow-net", "$ ")
	types(`load eval -allow-net net 'Dial("tcp", "`+address+`").RemoteAddr().String()'`, "\n"+address+"\r\n", "$ ")
	types("load doc github.com/gosimple/slug Make", "Make returns slug generated from provided string.", "$ ")
	types("load repl github.com/gosimple/slug", prompt.First)
	types(`s := slug.Make("Two words")`, prompt.First)
	types(`strings.ToUpper(s)`, "TWO-WORDS\r\n", prompt.First)
	types("?slug.Make", "Make returns slug generated", prompt.First)
	types("quit", "$ ")
	types("exit")
	require.NoError(t, shell.Wait())

	p.mu.Lock()
	all := p.all
	p.mu.Unlock()
	lines := screenOf(strings.TrimRight(all, "$exit \r\n"))
	shown := strings.Join(lines, "\n")
	t.Logf("the session:\n%s", shown)
	for _, phase := range []string{"resolve", "compile ", "start ", "\x1b"} {
		assert.NotContains(t, shown, phase, "nothing of the progress stays")
	}
	if os.Getenv("UPDATE_SESSION") != "" {
		require.NoError(t, os.WriteFile(filepath.Join(root, "docs", "session.svg"), []byte(picture(lines)), 0o644))
	}
}

var sequence = regexp.MustCompile(`^\x1b(?:\[([0-9;?]*)([A-Za-z])|.)`)

// screenOf returns the lines that a terminal has shown in the end, for what the programs here write
// to it.
func screenOf(text string) []string {
	lines, row, column := [][]rune{{}}, 0, 0
	for text != "" {
		if s := sequence.FindStringSubmatch(text); s != nil {
			text = text[len(s[0]):]
			n, _ := strconv.Atoi(s[1])
			switch s[2] {
			case "A":
				row = max(row-max(n, 1), 0)
			case "B":
				row = min(row+max(n, 1), len(lines)-1)
			case "C":
				column += max(n, 1)
			case "D":
				column = max(column-max(n, 1), 0)
			case "G":
				column = max(n, 1) - 1
			case "K", "J":
				if n == 2 {
					lines[row] = nil
				}
				lines[row] = lines[row][:min(column, len(lines[row]))]
				if s[2] == "J" {
					lines = lines[:row+1]
				}
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch r {
		case '\n':
			if row++; row == len(lines) {
				lines = append(lines, nil)
			}
		case '\r':
			column = 0
		case '\b':
			column = max(column-1, 0)
		case '\a':
		case '\t':
			column = (column/8 + 1) * 8
		default:
			for len(lines[row]) <= column {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][column] = r
			column++
		}
	}
	var shown []string
	for _, line := range lines {
		shown = append(shown, strings.TrimRight(string(line), " "))
	}
	return shown
}

// picture draws lines as a terminal shows them.
func picture(lines []string) string {
	var b strings.Builder
	columns := 0
	for _, line := range lines {
		columns = max(columns, utf8.RuneCountInString(line))
	}
	width, height := columns*8+32, len(lines)*18+28
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="A session at a terminal">`+"\n", width, height, width, height)
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#1e1e24"/>` + "\n")
	b.WriteString(`<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" fill="#e6e6e6" xml:space="preserve">` + "\n")
	for i, line := range lines {
		weight := ""
		if strings.HasPrefix(line, "$ ") || strings.HasPrefix(line, prompt.First) {
			weight = ` fill="#9fd8ff"`
		}
		fmt.Fprintf(&b, `<text x="16" y="%d"%s>%s</text>`+"\n", 28+18*i, weight, html.EscapeString(line))
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}
