package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

func TestStarlark(t *testing.T) {
	t.Chdir("../..")
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	if err := run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "357\n321\nfail: no rate for moon\n" {
		t.Errorf("got %q", out.String())
	}
}
