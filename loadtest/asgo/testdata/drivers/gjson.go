package main

import (
	"strings"

	"github.com/loadgo/load/loadtest/asgo"
	"github.com/tidwall/gjson"
)

const people = `{"name":{"first":"Ann","last":"Bo"},"age":37,"children":["Sara","Alex"],"friends":[
 {"first":"Dale","age":44,"nets":["ig","fb"]},{"first":"Roger","age":68,"nets":["fb"]}],"x.y":1e3,"big":9007199254740993,"none":null}`

func driveGjson(d *asgo.Driver) {
	var get func(json, path string) gjson.Result
	d.Func("Get", gjson.Get, &get)
	for _, path := range []string{
		"name.last", "age", "children.#", "children.1", `x\.y`, "big", "none", "nobody",
		"friends.#.first", `friends.#(first="Roger").age`, `friends.#(age>40)#.first`, "friends.#(nets.#(==\"ig\"))#.first",
		"children|@reverse", "name|@ugly", "{name.first,age}", "friends.@this|0",
	} {
		r := get(people, path)
		d.Say(path, r.Type, r.Raw, r.Str, r.Num, r.Index, r.Indexes, r.Exists(), r.Int(), r.Value())
	}
	var many func(json string, paths ...string) []gjson.Result
	d.Func("GetMany", gjson.GetMany, &many)
	for _, r := range many(people, "age", "name.first", "nothing") {
		d.Say("many", r.String(), r.Type)
	}
	var each func(json string, each func(line gjson.Result) bool)
	d.Func("ForEachLine", gjson.ForEachLine, &each)
	lines := 0
	each("{\"a\":1}\n{\"a\":2}\n{\"a\":3}", func(line gjson.Result) bool {
		lines++
		d.Say("line", line.Get("a").Int())
		return lines < 2
	})
	var modifier func(name string, f func(json, arg string) string)
	d.Func("AddModifier", gjson.AddModifier, &modifier)
	modifier("loud", func(json, arg string) string { return strings.ToUpper(json) + arg })
	d.Say("modifier", get(people, "children|@loud").Raw, get(people, "children|@loud:!").Raw)
	var valid func(string) bool
	d.Func("Valid", gjson.Valid, &valid)
	d.Say("valid", valid(people), valid(people[1:]))
	var parse func(string) gjson.Result
	d.Func("Parse", gjson.Parse, &parse)
	d.Say("parse", parse(people).Get("age").Int(), parse(people).IsObject(), len(parse(people).Map()))
	var bytes func(json []byte, path string) gjson.Result
	d.Func("GetBytes", gjson.GetBytes, &bytes)
	d.Say("bytes", bytes([]byte(people), "friends.1").Raw)
}
