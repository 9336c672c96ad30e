package main

import (
	"iter"
	"slices"
	"sort"

	"github.com/loadgo/load/loadtest/asgo"
	"github.com/sahilm/fuzzy"
)

type files []struct{ path string }

func (f files) String(i int) string { return f[i].path }
func (f files) Len() int            { return len(f) }

func driveFuzzy(d *asgo.Driver) {
	var find func(string, []string) fuzzy.Matches
	d.Func("Find", fuzzy.Find, &find)
	data := []string{"game.cpp", "moduleNameResolver.ts", "my name is_Ramsey", "", "über", "mnr"}
	for _, pattern := range []string{"mnr", "g", "", "über", "zzz"} {
		d.Say(pattern, find(pattern, data))
	}
	found := find("mnr", data)
	sort.Sort(sort.Reverse(found))
	d.Say("sorted by its own methods", found)
	var from func(string, fuzzy.Source) fuzzy.Matches
	d.Func("FindFrom", fuzzy.FindFrom, &from)
	d.Say("source", from("sts", files{{"src/x.ts"}, {"tests.go"}, {"a"}}))
	var each func(string, iter.Seq[string]) fuzzy.Matches
	d.Func("FindFromIter", fuzzy.FindFromIter, &each)
	d.Say("iterator", each("m", slices.Values(data)))
	var unsorted func(string, []string) fuzzy.Matches
	d.Func("FindNoSort", fuzzy.FindNoSort, &unsorted)
	d.Say("unsorted", unsorted("m", data))
}
