package protobuf_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/loadgo/load"
	"github.com/loadgo/load/contrib/protobuf"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/store"
)

// TestPlugin: messages cross to a plugin and back.
func TestPlugin(t *testing.T) {
	t.Parallel()
	plugin, err := filepath.Abs("../../engine/wasm/testdata/plugin.wasm")
	require.NoError(t, err)
	for _, codecs := range [][]wasm.Codec{{protobuf.Codec{}}, nil} {
		kept, err := store.Open(filepath.Join(t.TempDir(), "store"))
		require.NoError(t, err)
		l, err := load.New(load.Config{
			Path: find.Path{dir.New(".")}, Store: kept,
			Engines: []engine.Engine{wasm.New(wasm.Config{Codecs: codecs})},
		})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, l.Close(context.Background())) })
		m, err := l.Load(t.Context(), plugin)
		require.NoError(t, err)
		echo, err := load.Func[func(context.Context, *structpb.Struct) (*structpb.Struct, error)](m, "echo")
		if codecs == nil {
			assert.ErrorContains(t, err, "a *structpb.Struct is a protocol buffer: use *structpb.Struct, and put protobuf.Codec of")
			continue
		}
		require.NoError(t, err)
		want, err := structpb.NewStruct(map[string]any{"name": "a", "counts": []any{1.0, 2.0}})
		require.NoError(t, err)
		got, err := echo(t.Context(), want)
		require.NoError(t, err)
		assert.True(t, proto.Equal(want, got), "%v", got)
		none, err := load.Func[func(string) (*wrapperspb.StringValue, error)](m, "echo")
		require.NoError(t, err)
		empty, err := none("")
		require.NoError(t, err)
		assert.Empty(t, empty.GetValue())
		_, err = none("\x0a\x05a")
		assert.ErrorContains(t, err, "the output of echo is not a *wrapperspb.StringValue")
	}
}
