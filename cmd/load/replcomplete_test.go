package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

// TestComplete: modules and variables are completed, then what stands behind their dot; nothing is
// evaluated for it, and nothing reaches the terminal that would steer it.
func TestComplete(t *testing.T) {
	t.Setenv("LOAD_DIR", t.TempDir())
	l, err := standard.New(load.Config{NoInstall: true})
	require.NoError(t, err)
	defer l.Close(t.Context())
	called := false
	require.NoError(t, l.Register("host/greet", func(context.Context) (any, error) {
		return map[string]any{
			"Hello": func() string { called = true; return "" }, "Help": "x",
		}, nil
	}))
	c := completer{&repl{
		session: &session{}, loader: l, life: t.Context(), names: map[string]string{"greet": "host/greet"},
		vars: map[string]any{"guest": struct{ Name string }{"ann"}, "none": nil, "\x1b[31mred": 1},
	}}
	for text, want := range map[string][]string{
		"gre":             {"et."},
		"strin":           {"gs."},
		"x + ran":         nil, // it may be crypto/rand or math/rand
		"1 + gue":         {"st"},
		"greet.He":        {"llo(", "lp"},
		"x := greet.Hel":  {"lo(", "p"},
		"guest.":          {"Name"},
		"none.":           nil,
		"greet.Hello().":  nil,
		"other.":          nil,
		"hel":             {"p"},
		"load encoding/j": {"son", "son/jsontext", "son/v2"},
		"load x \"net/ur": {"l"},
		"load host/gre":   nil,
	} {
		following, _ := c.Do([]rune(text), len([]rune(text)))
		var got []string
		for _, f := range following {
			got = append(got, string(f))
		}
		assert.Equal(t, want, got, text)
	}
	assert.False(t, called)
	following, _ := c.Do(nil, 0)
	require.NotEmpty(t, following)
	for _, f := range following {
		assert.NotContains(t, string(f), "\x1b")
	}
}
