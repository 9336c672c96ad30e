package main

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
	"github.com/loadgo/load/loadtest/asgo"
)

func driveXxhash(d *asgo.Driver) {
	var sum func([]byte) uint64
	d.Func("Sum64", xxhash.Sum64, &sum)
	var text func(string) uint64
	d.Func("Sum64String", xxhash.Sum64String, &text)
	for _, s := range []string{"", "a", "日本", string(bytes.Repeat([]byte("x"), 5000))} {
		d.Say("sum", sum([]byte(s)), text(s))
	}
	var create func(uint64) asgo.Ref
	d.Func("NewWithSeed", xxhash.NewWithSeed, &create)
	digest := create(7)
	var write func([]byte) (int, error)
	d.Method(digest, "Write", &write)
	var sum64 func() uint64
	d.Method(digest, "Sum64", &sum64)
	for range 3 {
		n, err := write([]byte("some bytes"))
		d.Say("write", n, err, sum64())
	}
	var appended func([]byte) []byte
	d.Method(digest, "Sum", &appended)
	room := make([]byte, 2, 20)
	all := appended(room)
	d.Say("sum appended", all, len(room), bytes.Equal(room[:cap(room)][:10], all))
	var state func() ([]byte, error)
	d.Method(digest, "MarshalBinary", &state)
	kept, err := state()
	d.Say("state", kept, err)
	other := create(0)
	var restore func([]byte) error
	d.Method(other, "UnmarshalBinary", &restore)
	var otherSum func() uint64
	d.Method(other, "Sum64", &otherSum)
	d.Say("restored", restore(kept), otherSum() == sum64(), restore(kept[:5]), restore([]byte("nonsense")))
	var reset func()
	d.Method(digest, "Reset", &reset)
	reset()
	d.Say("reset", sum64())
	var size func() int
	d.Method(digest, "Size", &size)
	d.Say("size", size())
}
