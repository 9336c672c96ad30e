package main

import (
	"bufio"
	"errors"
	"go/scanner"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chzyer/readline"

	"github.com/loadgo/load/store"
)

// lines is where a session reads from.
type lines interface {
	// Line returns the next line; more says that it goes on. The error is io.EOF at the end and
	// errInterrupted where the user gave the line up.
	Line(more bool) (string, error)
	// Keep adds code to the history.
	Keep(code string)
	// Asks reports whether somebody is there who goes on after an error.
	Asks() bool
	Close() error
}

var errInterrupted = errors.New("interrupted")

// open returns the lines of the standard input: a terminal's, or a script's.
func (r *repl) open() (lines, error) {
	if !readline.DefaultIsTerminal() {
		return &script{bufio.NewReader(os.Stdin)}, nil
	}
	prompt, err := readline.NewEx(&readline.Config{
		Prompt: firstPrompt, HistoryFile: history(), DisableAutoSaveHistory: true, HistorySearchFold: true,
		AutoComplete: completer{r}, InterruptPrompt: "^C", EOFPrompt: " ",
	})
	if err != nil {
		return nil, err
	}
	return &terminal{prompt}, nil
}

const (
	firstPrompt = "> "
	morePrompt  = ". "
)

// history is the file that keeps what was typed, "" for none. Nobody else can read it.
func history() string {
	path := os.Getenv("LOAD_HISTORY")
	if path == "off" {
		return ""
	}
	if path == "" {
		dir := os.Getenv("LOAD_DIR")
		if dir == "" {
			var err error
			if dir, err = store.DefaultDir(); err != nil {
				return ""
			}
		}
		path = filepath.Join(dir, "history")
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "" // a session without one
	}
	_ = file.Close()
	return path
}

// terminal is a prompt.
type terminal struct{ *readline.Instance }

func (t *terminal) Line(more bool) (string, error) {
	t.SetPrompt(firstPrompt)
	if more {
		t.SetPrompt(morePrompt)
	}
	line, err := t.Readline()
	if errors.Is(err, readline.ErrInterrupt) {
		return "", errInterrupted
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
