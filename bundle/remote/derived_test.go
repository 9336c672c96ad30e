package remote_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/bundle/remote"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/store"
)

// deriving is the engine for scripts, whose compiler leaves its name, and which derives something
// of that for each start, as others derive machine code.
type deriving struct {
	*starlark.Engine
	compiler string
	ran      *[]string // the compilers of what was derived and used
}

func (d deriving) Compile(ctx context.Context, src find.Source, dir string) error {
	if err := d.Engine.Compile(ctx, src, dir); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "compiler"), []byte(d.compiler), 0o600)
}

func (d deriving) Open(ctx context.Context, a engine.Artifact, imp engine.Importer) (engine.Instance, error) {
	code, err := a.Derive(ctx, "code", func(_ context.Context, dir string) error {
		by, err := a.Files.ReadFile("compiler")
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "code"), by, 0o600)
	})
	if err != nil {
		return nil, err
	}
	by, err := code.ReadFile("code")
	if err != nil {
		return nil, err
	}
	*d.ran = append(*d.ran, string(by))
	return d.Engine.Open(ctx, a, imp)
}

// TestDerived: what was made of an artifact is not used with another one of the same key: one of a
// builder whose key is no longer trusted, of a host, or of a bundle.
func TestDerived(t *testing.T) {
	t.Parallel()
	s, dirs := serve(t), scripts(t)
	signer, public := newKey(t, "builder")
	_, next := newKey(t, "next")
	var ran []string
	by := func(compiler string) engine.Engine {
		return deriving{starlark.New(starlark.Config{}), compiler, &ran}
	}
	prepared, err := join(t, dirs, nil, by("the builder")).Prepare(t.Context(), "rules")
	require.NoError(t, err)
	b, err := remote.NewBuilder(remote.Config{Places: []string{s.place()}, OCI: quick}, signer)
	require.NoError(t, err)
	_, err = b.Push(t.Context(), prepared)
	require.NoError(t, err)

	rule := "artifacts " + s.place() + " signed-by "
	h := join(t, dirs, rules(t, rule+public), by("the host"))
	double(t, h)
	double(t, joinAt(t, h.store, dirs, rules(t, rule+next), by("the host")))
	assert.Equal(t, []string{"the builder", "the host"}, ran, "its key was taken out of the policy")

	ran = nil
	var file bytes.Buffer
	require.NoError(t, bundle.Write(&file, nil, prepared))
	st, err := store.Open(t.TempDir())
	require.NoError(t, err)
	for _, bundles := range [][]load.Bundle{{bundle.Bytes(file.Bytes())}, nil} {
		l, err := load.New(load.Config{Path: find.Path{dir.New(dirs)}, Store: st, Engines: []engine.Engine{by("the host")}, Bundles: bundles})
		require.NoError(t, err)
		m, err := l.Load(t.Context(), "rules")
		require.NoError(t, err)
		_, err = m.Call(t.Context(), "double", 21)
		require.NoError(t, err)
		require.NoError(t, l.Close(t.Context()))
	}
	assert.Equal(t, []string{"the builder", "the host"}, ran, "the second program has no bundle")
}
