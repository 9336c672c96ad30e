package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/examples/internal/standin"
)

// With LOAD_LIVE=1 it loads the real package from the configured registry.
func TestFrozen(t *testing.T) {
	standin.Slug(t)
	lock := filepath.Join(t.TempDir(), "load.lock")
	var out strings.Builder
	require.NoError(t, run(context.Background(), &out, lock))
	want := "hello-world\nload github.com/google/uuid: github.com/google/uuid is not among what is allowed (load.policy:3: allow github.com/gosimple)\n" +
		"\tadd the rule \"allow github.com/google/uuid\" if you trust it\n"
	assert.Equal(t, want, out.String())
	data, err := os.ReadFile(lock)
	require.NoError(t, err)
	assert.Contains(t, string(data), "\ngithub.com/gosimple/slug may env TZ\n")
}
