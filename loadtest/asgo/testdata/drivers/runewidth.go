package main

import (
	"github.com/loadgo/load/loadtest/asgo"
	"github.com/mattn/go-runewidth"
)

func driveRunewidth(d *asgo.Driver) {
	var width func(string) int
	d.Func("StringWidth", runewidth.StringWidth, &width)
	var truncate func(string, int, string) string
	d.Func("Truncate", runewidth.Truncate, &truncate)
	var left func(string, int) string
	d.Func("FillLeft", runewidth.FillLeft, &left)
	var wrap func(string, int) string
	d.Func("Wrap", runewidth.Wrap, &wrap)
	for _, s := range []string{"", "abc", "つのだ☆HIRO", "é", "👩‍👧", "\x00a\xff", "│"} {
		d.Say(s, width(s), truncate(s, 4, "…"), left(s, 8), wrap(s, 3))
	}
	var rune1 func(rune) int
	d.Func("RuneWidth", runewidth.RuneWidth, &rune1)
	for _, r := range []rune{'a', '世', 0x1F600, -1, 0x300, '☆'} {
		d.Say("rune", r, rune1(r))
	}
	// A condition is a struct of the host, with fields that methods of the module read.
	var wide func(c *runewidth.Condition, s string) int
	d.Func("Condition.StringWidth", (*runewidth.Condition).StringWidth, &wide)
	for _, east := range []bool{false, true} {
		d.Say("condition", wide(&runewidth.Condition{EastAsianWidth: east}, "☆│"))
	}
}
