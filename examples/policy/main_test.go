package main

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/examples/internal/standin"
)

// With LOAD_LIVE=1 it loads the real package from the configured registry.
func TestPolicy(t *testing.T) {
	standin.Slug(t)
	var out strings.Builder
	require.NoError(t, run(context.Background(), &out))
	want := `hello-world
load.policy:3: allow github.com/gosimple
load.policy:7: grant github.com/gosimple/slug time 2s
load.policy:8: grant github.com/gosimple/slug memory 256MiB
load.policy:9: isolation github.com/gosimple
refused: load.policy:3: allow github.com/gosimple
`
	assert.Equal(t, want, out.String())
}
