package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

func TestLimits(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	if err := run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if want := "one\nthree\ntwo\ntrue its call took more than 200ms\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
