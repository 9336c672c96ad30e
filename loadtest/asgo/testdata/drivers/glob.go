package main

import (
	"errors"

	"github.com/gobwas/glob"
	"github.com/loadgo/load/loadtest/asgo"
)

func driveGlob(d *asgo.Driver) {
	var compile func(pattern string, separators ...rune) (asgo.Ref, error)
	d.Func("Compile", glob.Compile, &compile)
	for _, pattern := range []string{"*.github.com", "api.*.com", "**.txt", "a{b,c[d-f]}?", "[!x]*", `\*x`, "{", "[a"} {
		p, err := compile(pattern, '.')
		d.Say(pattern, err)
		var wrong *glob.SyntaxError
		if err != nil {
			d.Say("as a mistake", errors.As(err, &wrong) == errors.As(err, &wrong))
			continue
		}
		var match func(string) bool
		d.Method(p, "Match", &match)
		for _, s := range []string{"api.github.com", "github.com", "api.x.y.com", "a.b.txt", "abx", "acfx", "*x", ""} {
			d.Say(pattern+" of "+s, match(s))
		}
		var text func() string
		d.Method(p, "String", &text)
		d.Say("text", text())
	}
	var quote func(string) string
	d.Func("QuoteMeta", glob.QuoteMeta, &quote)
	d.Say("quote", quote("{a*}?"))
}
