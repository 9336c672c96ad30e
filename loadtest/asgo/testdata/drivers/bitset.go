package main

import (
	"bytes"
	"io"

	"github.com/bits-and-blooms/bitset"
	"github.com/loadgo/load/loadtest/asgo"
)

func driveBitset(d *asgo.Driver) {
	var create func(uint) asgo.Ref
	d.Func("New", bitset.New, &create)
	method := func(b asgo.Ref, name string, to any) { d.Method(b, name, to) }
	a, b := create(70), create(10)
	fill := func(to asgo.Ref, bits ...uint) {
		var set func(uint) asgo.Ref
		method(to, "Set", &set)
		for _, bit := range bits {
			again := set(bit)
			var count, other func() uint
			method(again, "Count", &count)
			method(to, "Count", &other)
			d.Say("chained", count(), other())
		}
	}
	fill(a, 1, 5, 64, 69)
	fill(b, 5, 7, 200)
	text := func(of asgo.Ref) string {
		var s func() string
		method(of, "String", &s)
		return s()
	}
	d.Say("text", text(a), text(b))
	for _, name := range []string{"Union", "Intersection", "Difference", "SymmetricDifference"} {
		var both func(asgo.Ref) asgo.Ref
		method(a, name, &both)
		d.Say(name, text(both(b)))
	}
	var next func(uint) (uint, bool)
	method(a, "NextSet", &next)
	for at, ok := next(0); ok; at, ok = next(at + 1) {
		d.Say("next", at)
	}
	var many func(uint, []uint) (uint, []uint)
	method(a, "NextSetMany", &many)
	buffer := make([]uint, 3)
	last, found := many(0, buffer)
	d.Say("many", last, found, buffer)
	var seq func() func(func(uint) bool)
	method(a, "EachSet", &seq)
	seq()(func(i uint) bool { d.Say("each", i); return i < 64 })
	var equal func(asgo.Ref) bool
	method(a, "Equal", &equal)
	d.Say("equal", equal(a), equal(b))
	var inPlace func(asgo.Ref)
	method(a, "InPlaceUnion", &inPlace)
	inPlace(b)
	d.Say("in place", text(a))
	var clone func() asgo.Ref
	method(a, "Clone", &clone)
	c := clone()
	fill(c, 3)
	d.Say("a clone", text(c), text(a))
	var binary, json func() ([]byte, error)
	method(b, "MarshalBinary", &binary)
	method(b, "MarshalJSON", &json)
	data, err := binary()
	d.Say("binary", data, err)
	data, err = json()
	d.Say("json", string(data), err)
	var write func(io.Writer) (int64, error)
	method(b, "WriteTo", &write)
	var out bytes.Buffer
	n, err := write(&out)
	d.Say("written", n, err, out.Bytes())
	var read func(io.Reader) (int64, error)
	method(c, "ReadFrom", &read)
	n, err = read(&out)
	d.Say("read", n, err, text(c))
	_, err = read(bytes.NewReader([]byte{1}))
	d.Say("too short", err)
	var from func([]uint64) asgo.Ref
	d.Func("From", bitset.From, &from)
	d.Say("from words", text(from([]uint64{5, 1})))
}
