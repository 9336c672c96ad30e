package main

import (
	"io"
	"strings"

	"github.com/google/shlex"
	"github.com/loadgo/load/loadtest/asgo"
)

func driveShlex(d *asgo.Driver) {
	var split func(string) ([]string, error)
	d.Func("Split", shlex.Split, &split)
	lines := []string{`one "two three" four \"five \"six seven#eight # nine # ten`, "eleven 'twelve\\' thirteen=13", `"open`, `'open`, `end\`, "", "a\nb # c\nd", "日 '本 語'"}
	for _, line := range lines {
		words, err := split(line)
		d.Say(line, words, words == nil, err)
	}
	var lexer, tokenizer func(io.Reader) asgo.Ref
	d.Func("NewLexer", shlex.NewLexer, &lexer)
	d.Func("NewTokenizer", shlex.NewTokenizer, &tokenizer)
	for _, line := range lines[:4] {
		var next func() (string, error)
		d.Method(lexer(strings.NewReader(line)), "Next", &next)
		for {
			word, err := next()
			d.Say("next", word, err, err == io.EOF)
			if err != nil {
				break
			}
		}
	}
	var token func() (asgo.Ref, error)
	d.Method(tokenizer(strings.NewReader("a # b")), "Next", &token)
	for range 3 {
		tok, err := token()
		d.Say("token", tok, err)
	}
}
