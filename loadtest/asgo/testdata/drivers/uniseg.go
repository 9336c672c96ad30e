package main

import (
	"github.com/loadgo/load/loadtest/asgo"
	"github.com/rivo/uniseg"
)

func driveUniseg(d *asgo.Driver) {
	text := "🇩🇪🏳️‍🌈 Hällo, wörld! Next one.\r\nEnd"
	var count func(string) int
	d.Func("GraphemeClusterCount", uniseg.GraphemeClusterCount, &count)
	var reverse func(string) string
	d.Func("ReverseString", uniseg.ReverseString, &reverse)
	var width func(string) int
	d.Func("StringWidth", uniseg.StringWidth, &width)
	d.Say("whole", count(text), reverse(text), width(text), count(""), count("\xff"))
	var graphemes func(string) asgo.Ref
	d.Func("NewGraphemes", uniseg.NewGraphemes, &graphemes)
	g := graphemes(text)
	var next, word, sentence func() bool
	d.Method(g, "Next", &next)
	d.Method(g, "IsWordBoundary", &word)
	d.Method(g, "IsSentenceBoundary", &sentence)
	var str func() string
	d.Method(g, "Str", &str)
	var runes func() []rune
	d.Method(g, "Runes", &runes)
	var positions func() (int, int)
	d.Method(g, "Positions", &positions)
	for range 8 {
		ok := next()
		from, to := positions()
		d.Say("grapheme", ok, str(), runes(), from, to, word(), sentence())
	}
	var first func(string, int) (cluster, rest string, width, state int)
	d.Func("FirstGraphemeClusterInString", uniseg.FirstGraphemeClusterInString, &first)
	var step func([]byte, int) (cluster, rest []byte, boundaries, state int)
	d.Func("Step", uniseg.Step, &step)
	rest, state := []byte(text), -1
	for range 5 {
		var cluster []byte
		var boundaries int
		cluster, rest, boundaries, state = step(rest, state)
		d.Say("step", string(cluster), len(rest), boundaries, state)
	}
	cluster, more, w, s := first(text, -1)
	d.Say("first", cluster, more, w, s)
}
