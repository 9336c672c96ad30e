package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/standard"
)

// allowed is what the flags of a command give to modules.
type allowed struct {
	net, run         bool
	read, write, env string // lists separated by commas
}

// allowFlags are the flags of every command that runs modules.
func (o *options) allowFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.allow.net, "allow-net", false, "let the module use the network")
	f.BoolVar(&o.allow.run, "allow-run", false, "let the module start programs that lie in directories that it may read")
	f.StringVar(&o.allow.read, "allow-read", "", "let the module read these `files` and directories, separated by commas")
	f.StringVar(&o.allow.write, "allow-write", "", "let the module change these `files` and directories, separated by commas")
	f.StringVar(&o.allow.env, "allow-env", "", "give the module these `variables` of the environment, NAME or NAME=value, separated by commas")
}

// engines are the settings of engines that give modules what is allowed.
func (a allowed) engines(engineName string) (e standard.Engines, err error) {
	if engineName == "gowasm" && (a.net || a.run) {
		return e, &usageError{"-engine gowasm gives modules no network and no programs; take goprocess"}
	}
	read, err := places("-allow-read", a.read)
	if err != nil {
		return e, err
	}
	write, err := places("-allow-write", a.write)
	if err != nil {
		return e, err
	}
	env := variables(a.env)
	e.Sandbox = goprocess.Config{ReadOnly: read, ReadWrite: write, Network: a.net, Programs: a.run, Env: env}
	e.GoWasm = gowasm.Config{ReadOnly: read, ReadWrite: write, Env: env}
	e.Wasm = wasm.Config{ReadOnly: read, ReadWrite: write, Env: env}
	if a.net {
		e.Wasm.Hosts = []string{"*"}
	}
	return e, nil
}

// places returns the absolute paths of an option's list.
func places(option, list string) ([]string, error) {
	var paths []string
	for _, place := range split(list) {
		path, err := filepath.Abs(place)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// variables returns the settings of a list of variables. One that is not set stays so.
func variables(list string) []string {
	var env []string
	for _, name := range split(list) {
		if strings.Contains(name, "=") {
			env = append(env, name)
		} else if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// split cuts a list at its commas.
func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}
