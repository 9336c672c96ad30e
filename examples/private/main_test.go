package main

import (
	"context"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The registry is the example's own: nothing else is asked, also with LOAD_LIVE=1.
func TestPrivate(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	t.Setenv("LOAD_TOKEN_COMPANY", "")
	t.Setenv("GOMODCACHE", t.TempDir())
	for _, setting := range loadtest.Proxy(t).Env() {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	var out strings.Builder
	require.NoError(t, run(context.Background(), &out))
	const want = "without a token: forbidden by the registry (401 Unauthorized)\ncorp.example.com/team/greet@v1.0.0: hello, you\n"
	assert.Equal(t, want, out.String())
}
