package goprocess_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/goprocess"
)

// barrier lets nobody go on before all have come.
func barrier(n int) (wait func()) {
	var group sync.WaitGroup
	group.Add(n)
	return func() { group.Done(); group.Wait() }
}

type point struct{ X, Y int }

// Functions of the host that run at the same time in one call see what the module has changed, and
// the module what each of them has.
func TestFunctionsBeside(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	const n = 8
	for range 20 {
		numbers := make([]int, n)
		all := barrier(n)
		seen := make([]int, n)
		missed, err := bound[func([]int, func(int)) (string, error)](t, m, "EachBeside")(numbers, func(i int) {
			all()
			seen[i] = numbers[i]
			numbers[i] += 5
		})
		require.NoError(t, err)
		assert.Empty(t, missed, "the module sees what each function has changed")
		assert.Equal(t, []int{0, 10, 20, 30, 40, 50, 60, 70}, seen, "each function sees what the module has changed")
		assert.Equal(t, []int{6, 16, 26, 36, 46, 56, 66, 76}, numbers)

		points := make([]*point, n)
		for i := range points {
			points[i] = new(point)
		}
		all = barrier(n)
		missed, err = bound[func([]*point, func(int)) (string, error)](t, m, "PointsBeside")(points, func(i int) {
			all()
			points[i].Y = points[i].X + 5
		})
		require.NoError(t, err)
		assert.Empty(t, missed)
		assert.Equal(t, []point{{1, 5}, {71, 75}}, []point{*points[0], *points[7]})

		counts := map[int]int{}
		all = barrier(n)
		var mu sync.Mutex
		entries, err := bound[func(map[int]int, int, func(int)) (int, error)](t, m, "CountBeside")(counts, n, func(i int) {
			all()
			mu.Lock()
			defer mu.Unlock()
			counts[i]++
		})
		require.NoError(t, err)
		assert.Equal(t, n, entries)
		assert.Len(t, counts, n)
	}
}

// What cannot be brought up to date while functions run at the same time is an error.
func TestFunctionsBesideInConflict(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	words := make([]string, 2)
	all, written := barrier(2), barrier(2)
	err := bound[func([]string, func(int) error) error](t, m, "WordsBeside")(words, func(i int) error {
		all()
		words[i] = "written"
		written()
		return nil
	})
	require.ErrorContains(t, err, "has changed while several functions of the host run in one call")

	words = make([]string, 8)
	all = barrier(8)
	err = bound[func([]string, func(int) error) error](t, m, "WordsBeside")(words, func(int) error { all(); return nil })
	require.NoError(t, err, "nothing has changed")

	changed, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	require.NoError(t, bound[func(func()) error](t, m, "KeepWait")(func() { <-changed }))
	p := new(point)
	err = bound[func(*point, func(), func() error) error](t, m, "Conflict")(p, func() {
		p.X = 5
		close(changed)
		<-release
	}, func() error { return nil })
	require.ErrorContains(t, err, "at the same time")
}

// What a function of the module leaves behind calls the host beside what the host does next: the
// call's own end does not wait for it.
func TestFunctionsLeftBehind(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": `package sample

func Leave(f func()) string { go f(); return "answered" }

func Both(f, g func()) string {
	done := make(chan bool)
	go func() { defer close(done); f() }()
	g()
	<-done
	return "answered"
}
`})
	release, released := make(chan struct{}), make(chan struct{})
	assert.Equal(t, "answered", bound[func(func()) string](t, m, "Leave")(func() { <-release; close(released) }))
	close(release)
	<-released

	all := barrier(2)
	assert.Equal(t, "answered", bound[func(f, g func()) string](t, m, "Both")(all, all), "each in a goroutine of its own")
}
