package askedtest

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testOdd: entries of a map whose keys are not found cross once, and are no change by themselves.
func (s suite) testOdd(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	count := gosuite.Bound[func(map[float64]int) (all, odd int)](t, m, "CountOdd")
	same := gosuite.Bound[func(any) any](t, m, "SameAny")
	for _, add := range []func(map[float64]int, int){
		gosuite.Bound[func(map[float64]int, int)](t, m, "AddOdd"),
		func(odd map[float64]int, n int) { gosuite.Bound[func(any, int)](t, m, "AddOddIn")(odd, n) },
	} {
		odd := map[float64]int{1: 1, math.NaN(): 2, math.Copysign(0, -1): 3}
		for range 3 {
			n, unfound := count(odd)
			assert.Equal(t, []int{3, 1}, []int{n, unfound})
			assert.Len(t, same(odd), 3)
			assert.Len(t, odd, 3)
		}
		add(odd, 7)
		assert.Equal(t, []int{1, 2, 3, 7}, slices.Sorted(maps.Values(odd)))
		add(odd, 7)
		assert.Equal(t, []int{1, 2, 3, 7, 7}, slices.Sorted(maps.Values(odd)))
	}
}
