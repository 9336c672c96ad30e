package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHelpWidth: no help is wider than 80 columns, and all of it is there.
func TestHelpWidth(t *testing.T) {
	t.Parallel()
	for _, c := range append(commands(), command{name: "help"}, command{name: "completion"}) {
		var out bytes.Buffer
		require.Zero(t, run(t.Context(), []string{"help", c.name}, &out, io.Discard), c.name)
		for line := range strings.Lines(out.String()) {
			shown := strings.TrimRight(expandTabs(line), "\n")
			if strings.HasPrefix(line, "usage: ") {
				continue // it is for copying
			}
			assert.LessOrEqual(t, utf8.RuneCountInString(shown), 80, "%s: %s", c.name, shown)
		}
		words := strings.Join(strings.Fields(out.String()), " ")
		assert.Contains(t, words, strings.Join(strings.Fields(c.long), " "), c.name)
	}
}

// expandTabs writes a line as a terminal shows it.
func expandTabs(line string) string {
	var b strings.Builder
	column := 0
	for _, r := range line {
		b.WriteRune(r)
		if column++; r == '\t' {
			for ; column%8 != 0; column++ {
				b.WriteByte(' ')
			}
		}
	}
	return strings.ReplaceAll(b.String(), "\t", " ")
}
