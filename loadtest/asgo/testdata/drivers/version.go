package main

import (
	"sort"

	"github.com/hashicorp/go-version"
	"github.com/loadgo/load/loadtest/asgo"
)

// order sorts versions that stay where they are by their own method.
type order struct {
	list []asgo.Ref
	less func(a, b asgo.Ref) bool
}

func (o order) Len() int           { return len(o.list) }
func (o order) Swap(i, j int)      { o.list[i], o.list[j] = o.list[j], o.list[i] }
func (o order) Less(i, j int) bool { return o.less(o.list[i], o.list[j]) }

func driveVersion(d *asgo.Driver) {
	var parse func(string) (asgo.Ref, error)
	d.Func("NewVersion", version.NewVersion, &parse)
	text := func(v asgo.Ref) string {
		var s func() string
		d.Method(v, "String", &s)
		return s()
	}
	var all []asgo.Ref
	for _, s := range []string{"1.10.0", "v1.9", "1.2.3-beta.2+build5", "0.0.1-alpha", "1.2.3"} {
		v, err := parse(s)
		d.Say("parse "+s, err, text(v))
		var segments func() []int
		d.Method(v, "Segments", &segments)
		var prerelease, metadata, original func() string
		d.Method(v, "Prerelease", &prerelease)
		d.Method(v, "Metadata", &metadata)
		d.Method(v, "Original", &original)
		d.Say("parts of "+s, segments(), prerelease(), metadata(), original())
		all = append(all, v)
	}
	for _, s := range []string{"", "x.y", "1.2.3.4.5-", "99999999999999999999.1"} {
		v, err := parse(s)
		d.Say("bad "+s, v, err)
	}
	sort.Sort(order{all, func(a, b asgo.Ref) bool {
		var less func(asgo.Ref) bool
		d.Method(a, "LessThan", &less)
		return less(b)
	}})
	for _, v := range all {
		d.Say("sorted", text(v))
	}
	var constrain func(string) (asgo.Ref, error)
	d.Func("NewConstraint", version.NewConstraint, &constrain)
	for _, s := range []string{">= 1.2, < 1.10", "~> 1.9", "!= 1.2.3", "= 1.2.3-beta.2"} {
		c, err := constrain(s)
		d.Say("constrain "+s, err)
		var check func(asgo.Ref) bool
		d.Method(c, "Check", &check)
		for _, v := range all {
			d.Say(s+" of "+text(v), check(v))
		}
	}
	_, err := constrain(">> 1")
	d.Say("bad constraint", err)
}
