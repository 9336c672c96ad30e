package standard_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLive builds companions and instantiations of real packages, twice: the second loader compiles
// nothing. It runs where LOAD_LIVE=1.
func TestLive(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it needs the registry: set LOAD_LIVE=1")
	}
	s, err := store.Open(filepath.Join(loadtest.TempDir(t), "store"))
	require.NoError(t, err)
	for _, compiled := range []int{1, 0} {
		for _, test := range []struct {
			name   string
			option load.LoadOption
			symbol string
			args   []any
			want   string
		}{
			{"github.com/samber/lo", load.Instantiate("Uniq[int]"), "Uniq[int]", []any{[]int{1, 1, 2}}, "[[1 2]]"},
			{"github.com/samber/lo", load.Instantiate("Chunk[string]"), "Chunk[string]", []any{[]string{"a", "b", "c"}, 2}, "[[[a b] [c]]]"},
			{"github.com/deckarep/golang-set/v2", load.Instantiate("NewSet[string]"), "NewSet[string]", []any{"a", "a"}, "[Set{a}]"},
			{"go.uber.org/zap", load.Along("go.uber.org/zap/zapcore"), "zapcore.ParseLevel", []any{"warn"}, "[warn]"},
			{"golang.org/x/text/cases", load.Along("golang.org/x/text/language"), "language.MustParse", []any{"de-AT"}, "[de-AT]"},
			{"github.com/spf13/cobra", load.Along("github.com/spf13/pflag"), "pflag.CommandLine", nil, ""},
		} {
			events := new(loadtest.Events)
			l, err := standard.New(load.Config{Store: s, Path: standard.Path(s, t.TempDir()), Events: events.Sink})
			require.NoError(t, err)
			m, err := l.Load(t.Context(), test.name, test.option)
			if !assert.NoError(t, err) {
				continue
			}
			if test.want != "" {
				out, err := m.Call(t.Context(), test.symbol, test.args...)
				assert.NoError(t, err, test.name)
				assert.Equal(t, test.want, fmt.Sprint(out), test.name)
			} else if _, ok := engine.FindSymbol(m.Symbols(), test.symbol); !ok {
				t.Errorf("%s has no %s", test.name, test.symbol)
			}
			got := len(loadtest.EventsOf[event.Compiled](events))
			assert.Equal(t, compiled, got, test.name)
			assert.NoError(t, l.Close(t.Context()))
		}
	}
}
