// Package prompt reads what is typed line by line, in a terminal with a history, or from a pipe.
package prompt

import (
	"bufio"
	"errors"
	"go/scanner"
	"go/token"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/chzyer/readline"
)

// Lines is where a session reads from.
type Lines interface {
	// Line returns the next line; more says that it goes on. The error is io.EOF at the end and
	// ErrInterrupted where the user gave the line up.
	Line(more bool) (string, error)
	// Keep adds code to the history.
	Keep(code string)
	// Asks reports whether somebody is there who goes on after an error.
	Asks() bool
	Close() error
}

// ErrInterrupted is the error of a line that the user gave up.
var ErrInterrupted = errors.New("interrupted")

// Open returns the lines of the standard input: a terminal's, which complete completes and the file
// history keeps ("" for none), or a script's.
func Open(complete readline.AutoCompleter, history string) (Lines, error) {
	if !readline.DefaultIsTerminal() {
		return &script{bufio.NewReader(os.Stdin)}, nil
	}
	prompt, err := readline.NewEx(&readline.Config{
		Prompt: First, HistoryFile: history, DisableAutoSaveHistory: true, HistorySearchFold: true,
		AutoComplete: complete, InterruptPrompt: "^C", EOFPrompt: " ",
	})
	if err != nil {
		return nil, err
	}
	return &terminal{prompt}, nil
}

// What stands before a line: the first one of some code, and the others.
const (
	First = "> "
	More  = ". "
)

// terminal is a prompt.
type terminal struct{ *readline.Instance }

func (t *terminal) Line(more bool) (string, error) {
	t.SetPrompt(First)
	if more {
		t.SetPrompt(More)
	}
	line, err := t.Readline()
	if errors.Is(err, readline.ErrInterrupt) {
		return "", ErrInterrupted
	}
	return line, err
}

func (t *terminal) Keep(code string) { _ = t.SaveHistory(oneLine(code)) }

func (t *terminal) Asks() bool { return true }

// script is a file or a pipe.
type script struct{ r *bufio.Reader }

func (s *script) Line(bool) (string, error) {
	line, err := s.r.ReadString('\n')
	if err != nil && line != "" && errors.Is(err, io.EOF) {
		err = nil // the last line has no end
	}
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	return line, err
}

func (s *script) Keep(string) {}

func (s *script) Asks() bool { return false }

func (s *script) Close() error { return nil }

// oneLine writes code on one line, as the history keeps it: with the semicolons that Go puts at the
// ends of lines, and without comments.
func oneLine(code string) string {
	if !strings.Contains(code, "\n") {
		return code
	}
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(code))
	var scan scanner.Scanner
	scan.Init(file, []byte(code), nil, 0)
	var words []string
	for {
		_, tok, text := scan.Scan()
		switch {
		case tok == token.EOF:
			return strings.TrimSuffix(strings.Join(words, " "), " ;")
		case strings.Contains(text, "\n") && tok == token.STRING: // a raw string
			text = strconv.Quote(strings.Trim(text, "`"))
		case tok == token.SEMICOLON:
			text = ";"
		case text == "":
			text = tok.String()
		}
		words = append(words, text)
	}
}
