package main

import (
	"github.com/agnivade/levenshtein"
	"github.com/loadgo/load/loadtest/asgo"
)

func driveLevenshtein(d *asgo.Driver) {
	var distance func(a, b string) int
	d.Func("ComputeDistance", levenshtein.ComputeDistance, &distance)
	words := []string{"", "kitten", "sitting", "Käse", "kase", "日本語", "日本", "\xff"}
	for _, a := range words {
		for _, b := range words[:3] {
			d.Say(a+" "+b, distance(a, b))
		}
	}
}
