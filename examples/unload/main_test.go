package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

func TestUnload(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	if err := run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if want := "memory came back: true true\nstill held: 1 *url.URL\nmodule is unloaded\nunload net/url: module is not loaded\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
