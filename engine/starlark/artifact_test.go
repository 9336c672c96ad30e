package starlark_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
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
		if err != nil {
			t.Error(err)
		}
		return x
	}
	if w.load(t, "m") != w.load(t, "m.star") || w.load(t, w.dir+"/m.star") != w.load(t, "m") || value("m") != 1 || compiled() != 1 {
		t.Error("the file is not one module")
	}
	if value("p") != 2 || compiled() != 2 {
		t.Error("the folder and its part")
	}
	for text, compiles := range map[string]int{"x = 2": 1, "x = 1": 0} {
		w.write(t, "m.star", text)
		if _, err := w.Unload(t.Context(), "m"); err != nil {
			t.Error(err)
		}
		if x := value("m"); fmt.Sprint("x = ", x) != text || compiled() > compiles {
			t.Errorf("%s: %d", text, x)
		}
	}
	spec := w.load(t, "p").Spec()
	if spec.Name != w.dir+"/p" || spec.Source.Dir != w.dir+"/p" || spec.Source.File != "init.star" || !strings.HasPrefix(spec.Source.Hash, "file:") {
		t.Errorf("%+v", spec)
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{}, map[string]string{"m.star": "print('a', 1)\ndef f(): print('b')"})
	m := w.load(t, "m")
	if _, err := m.Call(t.Context(), "f"); err != nil {
		t.Error(err)
	}
	var lines []string
	for range len(w.events) {
		if line, ok := (<-w.events).(event.Output); ok {
			lines = append(lines, line.Line)
		}
	}
	if got := strings.Join(lines, "; "); got != "a 1; b" {
		t.Error(got)
	}
}
