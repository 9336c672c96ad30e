package visible

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Grüße\t✓\r\n\uFFFD\u200e\u200b": "Grüße\t✓\r\n\uFFFD\u200e\u200b",
		"\x1b]0;title\a":                 `\u001b]0;title\u0007`,
		"100%\rno":                       `100%\u000dno`,
		"end\r":                          `end\u000d`,
		"\u009b31m\x7f\x00":              `\u009b31m\u007f\u0000`,
		"\x9b31m\xff":                    `\x9b31m\xff`,
		"a\u202etxt.exe\u2066":           `a\u202etxt.exe\u2066`,
		"cut \xe2\x9c":                   `cut \xe2\x9c`,
	} {
		require.Equal(t, want, Text(text))
		var b bytes.Buffer
		n, err := fmt.Fprint(Writer(&b), text)
		require.NoError(t, err)
		require.Equal(t, len(text), n)
		require.Equal(t, want, b.String())
	}
}

// TestJSON: JSON that was written stays the same JSON.
func TestJSON(t *testing.T) {
	t.Parallel()
	want := "\x1b\x7f\u009b\u202e\r\n\xff"
	data, err := json.Marshal(want)
	require.NoError(t, err)
	var got string
	require.NoError(t, json.Unmarshal([]byte(Text(string(data))), &got))
	require.Equal(t, "\x1b\x7f\u009b\u202e\r\n\uFFFD", got)
}
