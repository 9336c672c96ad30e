package valuetest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/testdata/faults"
)

// testJSON: an object of a module without encoding/json is written as Go writes the value.
func (s suite) testJSON(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	object := func(name string) any {
		out, err := m.Call(t.Context(), "JSON", []any{name})
		require.NoError(t, err, name)
		return out[0]
	}
	for _, name := range []string{
		"leaf", "full", "tag", "verbatim", "level", "levels", "no levels", "names", "blob", "unexported", "hidden",
	} {
		want, err := json.Marshal(faults.JSON(name))
		require.NoError(t, err, name)
		value := object(name)
		_, held := value.(*engine.Object)
		assert.Equal(t, name != "hidden", held, name)
		got, err := json.Marshal(value)
		require.NoError(t, err, name)
		assert.Equal(t, string(want), string(got), name)
	}
	for name, want := range map[string]string{
		"function": "json: unsupported type: func()",
		"channel":  "json: unsupported type: chan int",
		"empty":    "json: error calling MarshalJSON for type faults.Verbatim: nothing to write",
		"infinite": "json: unsupported value: +Inf",
		"circle":   "json: unsupported value: encountered a cycle via ",
	} {
		_, err := json.Marshal(faults.JSON(name))
		require.Error(t, err, name)
		_, err = json.Marshal(object(name))
		assert.ErrorContains(t, err, want, name)
	}
}
