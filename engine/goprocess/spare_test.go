//go:build linux

package goprocess_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const early = `package early

import (
	"fmt"
	"os"
	"time"
)

func init() {
	fmt.Println("started")
	for file := os.Getenv("WAIT_FOR"); file != ""; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			break
		}
	}
}

func Pid() int { return os.Getpid() }

func Exit() { os.Exit(3) }

func Env(name string) string { return os.Getenv(name) }

func Read(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(data)
}
`

func openEarly(t *testing.T, e *goprocess.Engine, a engine.Artifact) (m engine.Instance, pid int) {
	t.Helper()
	m = open(t.Context(), t, e, a)
	return m, call(t, m, "Pid").(int)
}

// spare waits for the process that waits.
func spare(t *testing.T, e *goprocess.Engine) (pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(goprocess.Spares(e)) == 1 && !goprocess.Starts(e) }, time.Minute, time.Millisecond)
	return goprocess.Spares(e)[0]
}

// isGone reports whether a process has ended and was waited for.
func isGone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func compileEarly(t *testing.T, config goprocess.Config) (*goprocess.Engine, engine.Artifact) {
	t.Helper()
	e, a, err := compile(t, config, map[string]string{"m.go": early})
	require.NoError(t, err)
	return e, a
}

// TestSpare: the next start takes the child that waits, whose output is heard then, and another one
// is started in its place; what waits ends with the last instance.
func TestSpare(t *testing.T) {
	t.Parallel()
	e, a := compileEarly(t, goprocess.Config{Spare: 1})
	var events [2]loadtest.Events
	a.Events = events[0].Sink
	first, one := openEarly(t, e, a)
	waiting := spare(t, e)
	assert.NotEqual(t, one, waiting)

	a.Events = events[1].Sink
	second, two := openEarly(t, e, a)
	assert.Equal(t, waiting, two)
	third := spare(t, e)
	assert.NotContains(t, []int{one, two}, third)
	for i := range events {
		require.Eventually(t, func() bool { return len(loadtest.EventsOf[event.Output](&events[i])) > 0 }, time.Minute, time.Millisecond)
		assert.Equal(t, []event.Output{{Name: "sample", Stream: "stdout", Line: "started"}}, loadtest.EventsOf[event.Output](&events[i]))
	}

	require.NoError(t, first.Close(t.Context()))
	require.NoError(t, first.Close(t.Context()))
	assert.Equal(t, third, spare(t, e), "the second instance runs")
	require.NoError(t, second.Close(t.Context()))
	assert.Empty(t, goprocess.Spares(e))
	for _, pid := range []int{one, two, third} {
		assert.True(t, isGone(pid))
	}
	_, again := openEarly(t, e, a)
	assert.NotEqual(t, third, again)
}

// TestNoSpare: nothing waits where nobody asked for it.
func TestNoSpare(t *testing.T) {
	t.Parallel()
	e, a := compileEarly(t, goprocess.Config{})
	openEarly(t, e, a)
	openEarly(t, e, a)
	assert.False(t, goprocess.Starts(e))
	assert.Empty(t, goprocess.Spares(e))
}

// TestSpareAfterCrash: the child that waits is there for the start after a crash, also where the
// crashed instance was closed before, and ends by itself where nothing is started.
func TestSpareAfterCrash(t *testing.T) {
	t.Parallel()
	e, a := compileEarly(t, goprocess.Config{Spare: 1})
	crash := func(m engine.Instance) {
		_, err := m.Call(t.Context(), "Exit", nil)
		require.ErrorIs(t, err, engine.ErrCrashed)
		require.NoError(t, m.Close(t.Context()))
	}
	m, _ := openEarly(t, e, a)
	waiting := spare(t, e)
	crash(m)
	m, pid := openEarly(t, e, a)
	require.Equal(t, waiting, pid)

	last := spare(t, e)
	crash(m)
	assert.Equal(t, last, spare(t, e))
	require.Eventually(t, func() bool { return isGone(last) }, time.Minute, 10*time.Millisecond)
	assert.Empty(t, goprocess.Spares(e))
}

// TestSpareGone: a child that ended while it waited is nobody's crash, and is not taken.
func TestSpareGone(t *testing.T) {
	t.Parallel()
	e, a := compileEarly(t, goprocess.Config{Spare: 1})
	var events loadtest.Events
	a.Events = events.Sink
	openEarly(t, e, a)
	waiting := spare(t, e)
	require.NoError(t, syscall.Kill(waiting, syscall.SIGKILL))
	require.Eventually(t, func() bool { return len(goprocess.Spares(e)) == 0 }, time.Minute, time.Millisecond)
	_, pid := openEarly(t, e, a)
	assert.NotEqual(t, waiting, pid)
	assert.Empty(t, loadtest.EventsOf[event.Crashed](&events))
}

// TestSpareOfOthers: what starts with other grants, limits or another program takes no child that
// waits.
func TestSpareOfOthers(t *testing.T) {
	t.Parallel()
	e, a := compileEarly(t, goprocess.Config{Spare: 1})
	openEarly(t, e, a)
	waiting := spare(t, e)
	others := map[string]func(a *engine.Artifact){
		"environment": func(a *engine.Artifact) { a.Grants.Env = []string{"A=b"} },
		"files":       func(a *engine.Artifact) { a.Grants.ReadOnly = []string{t.TempDir()} },
		"network":     func(a *engine.Artifact) { a.Grants.Network = true },
		"programs":    func(a *engine.Artifact) { a.Grants.Programs = true },
		"memory":      func(a *engine.Artifact) { a.Limits.Memory = 1 << 30 },
		"directory":   func(a *engine.Artifact) { a.WorkDir = "" },
		"name": func(a *engine.Artifact) {
			named := *a.Spec
			named.Name, a.Spec = "other", &named
		},
	}
	for name, change := range others {
		other := a
		change(&other)
		_, pid := openEarly(t, e, other)
		assert.NotEqual(t, waiting, pid, name)
	}
	m, pid := openEarly(t, e, a)
	assert.Equal(t, waiting, pid)
	assert.Empty(t, call(t, m, "Env", "A"))
}

// TestSpareOfOtherPlace: what was started for a directory does not serve the one that has its path
// now, which it could not read.
func TestSpareOfOtherPlace(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "data")
	replace := func(text string) {
		_ = os.Rename(dir, dir+"-before")
		require.NoError(t, os.Mkdir(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "x"), []byte(text), 0o600))
	}
	replace("before")
	for _, writes := range []bool{false, true} {
		config := goprocess.Config{Spare: 1, ReadOnly: []string{dir}}
		if writes {
			config.ReadOnly, config.ReadWrite = nil, []string{dir}
		}
		e, a := compileEarly(t, config)
		openEarly(t, e, a)
		waiting := spare(t, e)
		require.NoError(t, os.RemoveAll(dir+"-before"))
		replace("now")
		m, pid := openEarly(t, e, a)
		assert.NotEqual(t, waiting, pid)
		assert.Equal(t, "now", call(t, m, "Read", filepath.Join(dir, "x")))
	}
}

// TestSpareStarts: an instance that is closed ends what is being started ahead, too, however long
// its initialisation takes.
func TestSpareStarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "go")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	e, a := compileEarly(t, goprocess.Config{Spare: 1, ReadOnly: []string{dir}, Env: []string{"WAIT_FOR=" + file}})
	m, _ := openEarly(t, e, a)
	spare(t, e)
	require.NoError(t, os.Remove(file))
	second, _ := openEarly(t, e, a)
	require.True(t, goprocess.Starts(e))
	require.NoError(t, m.Close(t.Context()))
	require.NoError(t, second.Close(t.Context()))
	assert.False(t, goprocess.Starts(e))
	assert.Empty(t, goprocess.Spares(e))
}

// TestSpareHammer: instances of one module that are opened, used, crashed and closed by several
// goroutines all answer, and leave nothing behind.
func TestSpareHammer(t *testing.T) {
	t.Parallel()
	e, a := compileEarly(t, goprocess.Config{Spare: 2})
	errs := make(chan error)
	for i := range 4 {
		go func() {
			errs <- func() error {
				for n := range 10 {
					m, err := e.Open(context.Background(), a, nil)
					if err != nil {
						return err
					}
					if _, err := m.Call(context.Background(), "Pid", nil); err != nil {
						return err
					}
					if (n+i)%4 == 0 {
						if _, err := m.Call(context.Background(), "Exit", nil); !errors.Is(err, engine.ErrCrashed) {
							return fmt.Errorf("after Exit: %w", err)
						}
					}
					if err := m.Close(context.Background()); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range 4 {
		assert.NoError(t, <-errs)
	}
	require.Eventually(t, func() bool { return !goprocess.Starts(e) && len(goprocess.Spares(e)) == 0 }, time.Minute, 10*time.Millisecond)
}
