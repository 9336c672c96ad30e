package main

import (
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
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

// TestSession is what a new user types first, at a terminal: a clone, the first command of the
// README, a typo of a command and one of a function, a call that the sandbox refuses, its remedy,
// documentation, and the prompt with its pages. With UPDATE_SESSION=1 it becomes the picture in the
// README.
func TestSession(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := append(loadtest.Proxy(t, slugModule).Env(), "GOMODCACHE="+filepath.Join(dir, "modcache"))
	lines := typeSession(t, dir, "load", env...)
	if os.Getenv("UPDATE_SESSION") != "" {
		require.NoError(t, os.WriteFile(filepath.Join(root, "docs", "session.svg"), []byte(picture(lines)), 0o644))
	}
}

// TestLiveSession types the same, with the command as the README runs it in the clone, and the real
// registry.
func TestLiveSession(t *testing.T) {
	if os.Getenv("LOAD_LIVE") == "" {
		t.Skip("needs the network and compiles the clone: set LOAD_LIVE=1")
	}
	typeSession(t, t.TempDir(), "go run ./cmd/load", "GOMODCACHE="+goEnv(t, "GOMODCACHE"))
}

// typeSession types the session in a directory, and returns what the terminal shows in the end.
func typeSession(t *testing.T, dir, load string, env ...string) []string {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	address := server.Addr().String()

	program, err := os.Executable()
	require.NoError(t, err)
	bin := filepath.Join(dir, "bin")
	require.NoError(t, os.Mkdir(bin, 0o700))
	require.NoError(t, os.Symlink(program, filepath.Join(bin, "load")))
	repository, err := filepath.Abs(root)
	require.NoError(t, err)
	p, tty := openTerminal(t)
	p.patience = 10 * time.Minute // the clone is compiled
	shell := exec.Command("sh", "-i")
	shell.Dir, shell.Stdin, shell.Stdout, shell.Stderr = dir, tty, tty, tty
	shell.Env = append(os.Environ(), env...)
	shell.Env = append(shell.Env, "LOAD_DIR="+filepath.Join(dir, "store"), "GOCACHE="+goEnv(t, "GOCACHE"),
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url."+repository+".insteadOf", "GIT_CONFIG_VALUE_0=https://github.com/loadgo/load",
		"HOME="+dir, "PATH="+bin+":"+os.Getenv("PATH"), "TERM=xterm", "PS1=$ ", "ENV=")
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
	types("git clone -q https://github.com/loadgo/load && cd load", "$ ")
	types(load+` eval github.com/gosimple/slug 'Make("Hello, Wörld")'`, "hello-world\r\n", "$ ")
	types(`load evla github.com/gosimple/slug 'Make("Hello")'`, `load: unknown command "evla"; did you mean eval?`, "$ ")
	types(`load eval github.com/gosimple/slug 'Mke("Hello")'`, "load: eval: 1:1: undefined: Mke (did you mean Make?)", "$ ")
	types(`load eval net 'Dial("tcp", "`+address+`").RemoteAddr().String()'`, "the sandbox refused to connect to "+address, "run with -allow-net", "$ ")
	types(`load eval -allow-net net 'Dial("tcp", "`+address+`").RemoteAddr().String()'`, address+"\r\n", "$ ")
	types("load doc github.com/gosimple/slug Make", "Make returns slug generated from provided string", "$ ")
	types("load repl -debug :0 github.com/gosimple/slug", "load: what runs is shown at http://127.0.0.1:", prompt.First)
	types(`s := slug.Make("Two words")`, "\n", prompt.First)
	types(`strings.ToUpper(s)`, "TWO-WORDS\r\n", prompt.First)
	types("?slug.Make", "Make returns slug generated", prompt.First)
	p.mu.Lock()
	pages := regexp.MustCompile(`http://127\.0\.0\.1:\d+/debug/load/`).FindString(p.all)
	p.mu.Unlock()
	page, err := http.Get(pages)
	require.NoError(t, err)
	defer page.Body.Close()
	shownPage, err := io.ReadAll(page.Body)
	require.NoError(t, err)
	assert.Contains(t, string(shownPage), `data-module="github.com/gosimple/slug@v1.15.0"`)
	assert.Contains(t, string(shownPage), `data-module="strings@go`)
	types("quit", "$ ")
	types("exit")
	require.NoError(t, shell.Wait())

	p.mu.Lock()
	all := p.all
	p.mu.Unlock()
	lines := screenOf(strings.TrimRight(all, "$exit \r\n"))
	shown := strings.Join(lines, "\n")
	t.Logf("the session:\n%s", shown)
	for _, phase := range []string{"resolve", "compile ", "start ", "download ", "fatal", "\x1b"} {
		assert.NotContains(t, shown, phase, "nothing of the progress stays")
	}
	return lines
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
