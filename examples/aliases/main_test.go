package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
)

func TestAliases(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	if err := run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if want := "strings\nstrconv\n3\nalias \"strconv\": alias loop: strconv → numbers → strconv\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
