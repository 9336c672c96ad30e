package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest"
)

// TestPlugins: a new script runs, a changed one runs anew, one that is broken keeps no other back.
func TestPlugins(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("hello.star", "def greet(who): return 'hello, ' + who\n")
	p, err := open(context.Background(), dir)
	require.NoError(t, err)
	defer p.loader.Close(context.Background())
	says := func() string {
		var out strings.Builder
		p.greet(context.Background(), &out, "you")
		return out.String()
	}
	assert.Equal(t, "hello.star: [hello, you] <nil>\n", says())
	write("bad.star", "def greet(who: nothing\n")
	write("more.star", "def greet(who): return 'more'\n")
	got := says()
	assert.Contains(t, got, "bad.star: load ")
	assert.Contains(t, got, "hello.star: [hello, you] <nil>\nmore.star: [more] <nil>\n")
	write("hello.star", "def greet(who): return 'good day, ' + who\n")
	require.Eventually(t, func() bool { return strings.Contains(says(), "hello.star: [good day, you]") }, time.Minute, 20*time.Millisecond)
}
