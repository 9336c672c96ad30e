package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestVerb: a line that begins with load loads, unless it is an expression about something of that
// name; relative directories are names.
func TestVerb(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"load strings": "load", "load x strings": "load", "load ./rules": "load", "load ../rules": "load", "load x ./rules": "load",
		"load := 1": "", "load = 2": "", "load (1)": "", "load .X": "", "load.X": "", "load": "", "help": "help", "?strings": "?",
	} {
		assert.Equal(t, want, verb(line), line)
	}
}
