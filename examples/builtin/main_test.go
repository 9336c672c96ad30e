package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

func TestBuiltin(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	if err := run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "hello, you\nwinding the clock\nUTC 1 2\n" {
		t.Errorf("got %q", out.String())
	}
}
