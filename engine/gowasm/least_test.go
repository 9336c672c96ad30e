package gowasm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/find"
)

// TestLeastMemory: a module starts and works with exactly the least memory that may be set; less is
// refused when it is set.
func TestLeastMemory(t *testing.T) {
	t.Parallel()
	const least = 4 << 20
	const source = `package m

import (
	"fmt"
	"strings"
)

var R = strings.NewReader("1")

func Nothing() string { return "1" }

func Fmt() string { return fmt.Sprint(1) }

func Objects() string { b, _ := R.ReadByte(); return string(b) }
`
	for _, symbol := range []string{"Nothing", "Fmt", "Objects"} {
		t.Run(symbol, func(t *testing.T) {
			m := openFiles(t.Context(), t, gowasm.Config{Memory: least}, map[string]string{"m.go": source})
			out, err := m.Call(t.Context(), symbol, nil)
			require.NoError(t, err)
			require.Equal(t, []any{"1"}, out)
		})
	}
	require.NoError(t, gowasm.New(gowasm.Config{Memory: least}).Valid())
	for _, memory := range []int64{1, 1 << 20, 64 << 10, least - 1, -1} {
		e := gowasm.New(gowasm.Config{Memory: memory})
		var limit *engine.LimitError
		require.ErrorAs(t, e.Valid(), &limit, "%d", memory)
		require.ErrorAs(t, e.CanGrant(engine.Grants{Memory: memory}), &limit, "%d", memory)
		_, err := gowasm.New(gowasm.Config{}).Open(t.Context(), engine.Artifact{Spec: &find.Spec{Name: "m"}, Limits: engine.Limits{Memory: max(memory, 1)}}, nil)
		require.ErrorAs(t, err, &limit, "%d", memory)
	}
}
