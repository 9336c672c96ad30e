package main

import (
	"math/big"
	"time"

	"github.com/google/uuid"
	"github.com/loadgo/load/loadtest/asgo"
	"github.com/tidwall/sjson"
)

type thing struct {
	ID   uuid.UUID `json:"id"`
	When time.Time `json:"when"`
	Tags []string  `json:"tags,omitempty"`
	no   int
}

func driveSjson(d *asgo.Driver) {
	var set func(json, path string, value any) (string, error)
	d.Func("Set", sjson.Set, &set)
	id := uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	for what, v := range []any{
		"text <b>", 7, int64(1) << 60, 1.5, true, nil,
		[]int{1, 2},
		map[string]any{"z": 1, "a": []byte("b")},
		thing{ID: id, no: 1},
		&thing{ID: id, Tags: []string{"t"}}, id, &id, time.Unix(0, 0).UTC(), big.NewInt(7), time.Second,
		[]uuid.UUID{id},
		map[uuid.UUID]int{id: 1},
	} {
		got, err := set(`{"a":{"b":[1,2]}}`, "a.b.1", v)
		d.Say("set", what, got, err)
	}
	for _, path := range []string{"a.b.-1", "a.c.d", "new", `x\.y`, "a.b.5", ""} {
		got, err := set(`{"a":{"b":[1,2]}}`, path, "v")
		d.Say("set at "+path, got, err)
	}
	var remove func(json, path string) (string, error)
	d.Func("Delete", sjson.Delete, &remove)
	for _, path := range []string{"a.b.0", "a", "nothing"} {
		got, err := remove(`{"a":{"b":[1,2]}}`, path)
		d.Say("delete "+path, got, err)
	}
	var raw func(json, path, value string) (string, error)
	d.Func("SetRaw", sjson.SetRaw, &raw)
	got, err := raw(`{}`, "a", `{"x":[]}`)
	d.Say("raw", got, err)
	var options func(json []byte, path string, value any, opts *sjson.Options) ([]byte, error)
	d.Func("SetBytesOptions", sjson.SetBytesOptions, &options)
	text := []byte(`{"a":"old","b":1}`)
	changed, err := options(text, "a", "new", &sjson.Options{Optimistic: true, ReplaceInPlace: true})
	d.Say("in place", string(changed), string(text), err)
	changed[2] = 'z'
	d.Say("the same array", string(text))
	changed, err = options(nil, "a.b", 1, nil)
	d.Say("from nothing", string(changed), err)
}
