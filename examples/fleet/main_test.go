package main

import (
	"crypto/rand"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	images "github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle/remote"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
)

// TestFleet: a builder pushes; two hosts take that, and one whose policy has another key compiles.
func TestFleet(t *testing.T) {
	server := httptest.NewServer(images.New(images.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	place := "oci://" + server.Listener.Addr().String() + "/fleet"
	secret, public, err := note.GenerateKey(rand.Reader, "builder.example.com")
	require.NoError(t, err)
	_, other, err := note.GenerateKey(rand.Reader, "other.example.com")
	require.NoError(t, err)
	signer, err := note.NewSigner(secret)
	require.NoError(t, err)
	policy := func(key string) {
		file := filepath.Join(t.TempDir(), "load.policy")
		require.NoError(t, os.WriteFile(file, []byte("load.policy 1\nartifacts "+place+" signed-by "+key+"\n"), 0o600))
		t.Setenv("LOAD_POLICY", file)
	}

	policy(public)
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	l, err := standard.New(load.Config{})
	require.NoError(t, err)
	p, err := l.Prepare(t.Context(), "strings")
	require.NoError(t, err)
	require.NoError(t, l.Close(t.Context()))
	config, err := standard.Artifacts(load.Config{})
	require.NoError(t, err)
	builder, err := remote.NewBuilder(config, signer)
	require.NoError(t, err)
	_, err = builder.Push(t.Context(), p)
	require.NoError(t, err)

	host := func() string {
		var out strings.Builder
		t.Setenv("LOAD_DIR", loadtest.TempDir(t))
		require.NoError(t, run(t.Context(), &out))
		return out.String()
	}
	for range 2 {
		assert.Equal(t, "fetched strings from "+place+"\nA FLEET\n", host())
	}
	policy(other)
	out := host()
	assert.Regexp(t, `^passed over strings: .*none of the keys signed it`, out)
	assert.Contains(t, out, "compiled strings here\nA FLEET\n")
}
