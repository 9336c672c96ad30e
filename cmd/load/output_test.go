package main

import (
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/stretchr/testify/assert"
)

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
