package main

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing/iotest"

	"github.com/joho/godotenv"
	"github.com/loadgo/load/loadtest/asgo"
)

const dotenv = "# comment\nA=1\nexport B='two words'\nC=\"x\\ny$A\"\nD=${B}!\nE: yaml\nF=a#b # c\n"

func driveGodotenv(d *asgo.Driver) {
	var parse func(io.Reader) (map[string]string, error)
	d.Func("Parse", godotenv.Parse, &parse)
	for _, r := range []io.Reader{strings.NewReader(dotenv), iotest.OneByteReader(strings.NewReader(dotenv)), iotest.DataErrReader(strings.NewReader("A=1"))} {
		env, err := parse(r)
		d.Say("parse", env, err)
	}
	broken := errors.New("broken")
	env, err := parse(io.MultiReader(strings.NewReader("A=1\n"), iotest.ErrReader(broken)))
	d.Say("a reader that breaks", env == nil, err, errors.Is(err, broken), err == broken)
	var unmarshal func(string) (map[string]string, error)
	d.Func("Unmarshal", godotenv.Unmarshal, &unmarshal)
	for _, s := range []string{"", "A", "=1", "A='open", "A=\"a\\\"b\"", "lol$wut", "A=1\nA=2", "ä=ö"} {
		env, err := unmarshal(s)
		d.Say(s, env, env == nil, err)
	}
	var marshal func(map[string]string) (string, error)
	d.Func("Marshal", godotenv.Marshal, &marshal)
	text, err := marshal(map[string]string{"B": "x y", "A": "1", "C": "a\"\n$", "D": "", "E": "007"})
	d.Say("marshal", text, err)
	text, err = marshal(nil)
	d.Say("marshal nothing", text, err)
	var read func(...string) (map[string]string, error)
	d.Func("Read", godotenv.Read, &read)
	_, err = read("/nowhere/.env")
	var path *fs.PathError
	d.Say("no file", errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission), errors.As(err, &path))
}
