package main

import (
	"errors"
	"strings"

	"github.com/loadgo/load/loadtest/asgo"
	"github.com/pmezard/go-difflib/difflib"
)

var errFull = errors.New("full")

// small is a writer that takes a few bytes.
type small struct{ strings.Builder }

func (s *small) Write(p []byte) (int, error) {
	if s.Len()+len(p) > 40 {
		return 0, errFull
	}
	return s.Builder.Write(p)
}

func driveDifflib(d *asgo.Driver) {
	var split func(string) []string
	d.Func("SplitLines", difflib.SplitLines, &split)
	a, b := split("one\ntwo\nthree\nfour\n"), split("zero\none\ntree\nfour")
	d.Say("split", a, b, split(""))
	diff := difflib.UnifiedDiff{A: a, B: b, FromFile: "a", ToFile: "b", Context: 1}
	var unified func(difflib.UnifiedDiff) (string, error)
	d.Func("GetUnifiedDiffString", difflib.GetUnifiedDiffString, &unified)
	text, err := unified(diff)
	d.Say("unified", text, err)
	diff.Context, diff.Eol, diff.FromDate = 0, "\r\n", "today"
	text, err = unified(diff)
	d.Say("no context", text, err)
	text, err = unified(difflib.UnifiedDiff{A: a, B: a})
	d.Say("equal", text, err)
	var context func(difflib.ContextDiff) (string, error)
	d.Func("GetContextDiffString", difflib.GetContextDiffString, &context)
	text, err = context(difflib.ContextDiff{A: a, B: b, Context: 3})
	d.Say("context", text, err)
	var write func(*small, difflib.UnifiedDiff) error
	var native any = func(s *small, diff difflib.UnifiedDiff) error { return difflib.WriteUnifiedDiff(s, diff) }
	d.Func("WriteUnifiedDiff", native, &write)
	full := &small{}
	err = write(full, diff)
	d.Say("a full writer", err, errors.Is(err, errFull), full.String())
	var matcher func(a, b []string, autoJunk bool, isJunk func(string) bool) asgo.Ref
	d.Func("NewMatcherWithJunk", difflib.NewMatcherWithJunk, &matcher)
	junk := 0
	m := matcher(a, b, true, func(s string) bool { junk++; return s == "one\n" })
	d.Say("junk", junk)
	var codes func() []difflib.OpCode
	d.Method(m, "GetOpCodes", &codes)
	d.Say("codes", codes())
	var blocks func() []difflib.Match
	d.Method(m, "GetMatchingBlocks", &blocks)
	d.Say("blocks", blocks())
	var grouped func(int) [][]difflib.OpCode
	d.Method(m, "GetGroupedOpCodes", &grouped)
	d.Say("grouped", grouped(1))
	for _, name := range []string{"Ratio", "QuickRatio", "RealQuickRatio"} {
		var ratio func() float64
		d.Method(m, name, &ratio)
		d.Say(name, ratio())
	}
	var seq func([]string)
	d.Method(m, "SetSeq1", &seq)
	seq(b)
	d.Say("after SetSeq1", codes())
}
