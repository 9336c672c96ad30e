package main

import (
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/stretchr/testify/assert"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	p := &progress{w: &b}
	long := strings.Repeat("long/", 30)
	for _, e := range []load.Event{
		event.Resolved{Name: "example.com/hello", Version: "v1.0.0"},
		event.Downloaded{Bytes: 1 << 20},
		event.Downloaded{Bytes: 1 << 19},
		event.Installed{Name: long},
		event.Compiled{Name: "example.com/hello"},
		event.Loaded{},
		event.Loaded{},
	} {
		p.show(e)
	}
	want := "\r\x1b[Kresolved example.com/hello to v1.0.0" +
		"\r\x1b[Kdownloading: file 1, 1MiB so far" +
		"\r\x1b[Kdownloading: file 2, 1.5MiB so far" +
		"\r\x1b[K" + ("compiling " + long)[:78] + "…" +
		"\r\x1b[Kstarting example.com/hello" +
		"\r\x1b[K"
	assert.Equal(t, want, b.String())
}

// Nothing is written where the standard error is not a terminal.
func TestProgressSilent(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	p := newProgress(&b)
	p.show(event.Resolved{})
	p.show(event.Deprecated{})
	p.clear()
	assert.Zero(t, b.Len(), b.String())
}

// What a module prints of its death is told once: by the error, or else as it came.
func TestOutputOfDeath(t *testing.T) {
	t.Parallel()
	lines := []string{"working", "panic: oh", "", "goroutine 1 [running]:"}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&load.LoadError{Err: &load.InitError{Stderr: "panic: oh"}}, "working\n"},
		{&load.CrashError{Stderr: "panic: oh"}, "working\n"},
		{&load.CrashError{}, "working\npanic: oh\n\ngoroutine 1 [running]:\n"},
		{nil, "working\npanic: oh\n\ngoroutine 1 [running]:\n"},
	} {
		var b strings.Builder
		o := &output{w: &b}
		for _, line := range lines {
			o.show(event.Output{Stream: "stderr", Line: line})
		}
		o.end(test.err)
		assert.Equalf(t, test.want, b.String(), "%v", test.err)
	}
}
