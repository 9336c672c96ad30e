package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRepository(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("a git repository needs the git command, which is not in PATH")
	}
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	var out strings.Builder
	require.NoError(t, run(context.Background(), &out, t.TempDir()))
	want := "price(100) = 107\nthe tag was moved\nprice(100) = 107\nupgraded: true\nprice(100) = 119\nin development\nprice(100) = 200\n"
	assert.Equal(t, want, out.String())
}
