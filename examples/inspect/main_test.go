package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

func TestInspect(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	if err := run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if want := "shout.star starlark 3 0 false\nstrings goprocess 3 0 true\nshout.star imports strings\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
