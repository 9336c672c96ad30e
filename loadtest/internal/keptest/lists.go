package keptest

import (
	"sort"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// sorting is a sort.Interface of the module.
type sorting struct {
	held *engine.Object
	size func(*engine.Object) int
	less func(o *engine.Object, i, j int) bool
	swap func(o *engine.Object, i, j int)
}

func (s sorting) Len() int           { return s.size(s.held) }
func (s sorting) Less(i, j int) bool { return s.less(s.held, i, j) }
func (s sorting) Swap(i, j int)      { s.swap(s.held, i, j) }

// testLastingLists checks that a list of which a function makes a sort.Interface that stays in the
// module is sorted by it.
func (s suite) testLastingLists(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	at := gosuite.Bound[func(*engine.Object, int) float64](t, m, "Sorter.At")
	for name, make := range map[string]func([]float64) *engine.Object{
		"value": gosuite.Bound[func([]float64) *engine.Object](t, m, "NewSorter"),
		"pointer": func(list []float64) *engine.Object {
			return gosuite.Bound[func([]float64, error) *engine.Object](t, m, "NewSorters")(list, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			list := []float64{3, 1, 2, 5, 4}
			o := make(list)
			defer o.Close()
			sort.Sort(sorting{
				o, gosuite.Bound[func(*engine.Object) int](t, m, "Sorter.Len"),
				gosuite.Bound[func(o *engine.Object, i, j int) bool](t, m, "Sorter.Less"), gosuite.Bound[func(o *engine.Object, i, j int)](t, m, "Sorter.Swap"),
			})
			assert.Equal(t, []float64{1, 2, 3, 4, 5}, list)
			list[1] = 7
			assert.Equal(t, 7.0, at(o, 1))
		})
	}
}
