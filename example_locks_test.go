package load_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/loadgo/load"
	"github.com/loadgo/load/policy"
)

// source writes a script into a new directory, and returns the name under which an installer takes
// a copy of it, and a loader with a lock file beside it.
func source() (name, script string, l *load.Loader, done func()) {
	dir, done := scripts(map[string]string{"rules.star": "limit = 7\n"})
	config := load.Config{LockFile: filepath.Join(dir, "load.lock")}
	script = filepath.Join(dir, "rules.star")
	return "file://" + filepath.ToSlash(script), script, start(config), done
}

// write replaces what a file holds.
func write(path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
}

// Add writes the version of a name into the lock file, and nothing else is loaded from then on.
func ExampleLocks_Add() {
	ctx := context.Background()
	name, script, l, done := source()
	defer done()
	defer l.Close(ctx)
	must(l.Locks().Add(ctx, name))
	write(script, "limit = 8\n")
	fmt.Println(must(load.Value[int](must(l.Load(ctx, name)), "limit")))
	// Output: 7
}

// Outdated asks for newer versions, and changes nothing.
func ExampleLocks_Outdated() {
	ctx := context.Background()
	name, script, l, done := source()
	defer done()
	defer l.Close(ctx)
	must(l.Locks().Add(ctx, name))
	write(script, "limit = 8\n")
	for _, v := range must(l.Locks().Outdated(ctx)) {
		fmt.Println(v.Name == name, v.Latest != v.Locked, v.Err)
	}
	// Output: true true <nil>
}

// Upgrade locks what the registry has today.
func ExampleLocks_Upgrade() {
	ctx := context.Background()
	name, script, l, done := source()
	defer done()
	defer l.Close(ctx)
	must(l.Locks().Add(ctx, name))
	write(script, "limit = 8\n")
	spec, from, err := l.Locks().Upgrade(ctx, name)
	fmt.Println(err, spec.Version != from)
	fmt.Println(must(load.Value[int](must(l.Load(ctx, name)), "limit")))
	// Output:
	// <nil> true
	// 8
}

// Remove takes a name out of the lock file.
func ExampleLocks_Remove() {
	ctx := context.Background()
	name, _, l, done := source()
	defer done()
	defer l.Close(ctx)
	must(l.Locks().Add(ctx, name))
	fmt.Println(must(l.Locks().Remove(ctx, name)))
	fmt.Println(must(l.Locks().Remove(ctx, name)))
	// Output:
	// true
	// false
}

// A policy that grants more than the lock file holds stops a load, until somebody accepts it.
func ExampleLocks_Accept() {
	ctx := context.Background()
	name, script, l, done := source()
	defer done()
	defer l.Close(ctx)
	must(l.Locks().Add(ctx, name))

	granting := must(policy.Parse("load.policy", []byte("load.policy 1\ngrant "+name+" network\n")))
	other := start(load.Config{Policies: []*policy.Policy{granting}, LockFile: filepath.Join(filepath.Dir(script), "load.lock")})
	defer other.Close(ctx)
	_, err := other.Locks().Add(ctx, name)
	var refused *load.PolicyError
	fmt.Println(errors.As(err, &refused))
	fmt.Println(other.Locks().Accept(ctx, name))
	_, err = other.Locks().Add(ctx, name)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
	// <nil>
}
