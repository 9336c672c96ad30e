package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

func TestTemporary(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	if err := run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if want := "starting\nhello, you\nstarting\nhello, you\n0 modules run\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
