package starlark_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file is one module by all its names, compiled once; a change is another.
func TestArtifact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{}, map[string]string{"m.star": "x = 1", "p/init.star": "load('./part.star', 'y')\nx = y + 1", "p/part.star": "y = 1"})
	compiled := func() (n int) {
		for {
			select {
			case e := <-w.events:
				if _, ok := e.(event.Compiled); ok {
					n++
				}
			default:
				return n
			}
		}
	}
	value := func(name string) int {
		t.Helper()
		x, err := load.Value[int](w.load(t, name), "x")
		assert.NoError(t, err)
		return x
	}
	require.Same(t, w.load(t, "m.star"), w.load(t, "m"), "the file is not one module")
	assert.Same(t, w.load(t, "m"), w.load(t, w.dir+"/m.star"), "the file is not one module")
	assert.Equal(t, 1, value("m"), "the file is not one module")
	assert.Equal(t, 1, compiled(), "the file is not one module")
	assert.Equal(t, 2, value("p"), "the folder and its part")
	assert.Equal(t, 2, compiled(), "the folder and its part")
	for text, compiles := range map[string]int{"x = 2": 1, "x = 1": 0} {
		w.write(t, "m.star", text)
		_, err := w.Unload(t.Context(), "m")
		assert.NoError(t, err)
		x := value("m")
		assert.Equal(t, text, fmt.Sprint("x = ", x))
		assert.LessOrEqual(t, compiled(), compiles)
	}
	spec := w.load(t, "p").Spec()
	assert.Equalf(t, w.dir+"/p", spec.Name, "%+v", spec)
	assert.Equalf(t, w.dir+"/p", spec.Source.Dir, "%+v", spec)
	assert.Equalf(t, "init.star", spec.Source.File, "%+v", spec)
	assert.Truef(t, strings.HasPrefix(spec.Source.Hash, "file:"), "%+v", spec)
}

func TestPrint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{}, map[string]string{"m.star": "print('a', 1)\ndef f(): print('b')"})
	m := w.load(t, "m")
	_, err := m.Call(t.Context(), "f")
	assert.NoError(t, err)
	var lines []string
	for range len(w.events) {
		if line, ok := (<-w.events).(event.Output); ok {
			lines = append(lines, line.Line)
		}
	}
	assert.Equal(t, "a 1; b", strings.Join(lines, "; "))
}
