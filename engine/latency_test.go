package engine

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestClasses: every duration is in the class that ends at it or above, and classes are narrow.
func TestClasses(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 0, classOf(-1))
	assert.Equal(t, 0, classOf(64))
	assert.Equal(t, classes-1, classOf(math.MaxInt64))
	last := endOf(0)
	for class := 1; class < classes; class++ {
		end := endOf(class)
		require.Greater(t, end, last)
		assert.Equal(t, class, classOf(last+1), "%v", last+1)
		assert.Equal(t, class, classOf(end), "%v", end)
		if class < classes-1 {
			assert.LessOrEqual(t, float64(end), float64(last)*1.25)
		}
		last = end
	}
	assert.Equal(t, time.Duration(1)<<highest, endOf(classes-2))
}

// used is a usage whose calls took so long.
func used(took ...time.Duration) *Usage {
	u := new(Usage)
	u.took.Store(new(histogram))
	for _, d := range took {
		u.took.Load().add(d)
	}
	return u
}

func TestLatency(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := range 100 {
		all = append(all, time.Duration(i+1)*time.Millisecond)
	}
	l := used(all...).Latency()
	assert.Equal(t, int64(100), l.Calls)
	assert.Equal(t, 100*time.Millisecond, l.Max)
	assert.Equal(t, 50500*time.Microsecond, l.Mean())
	for part, want := range map[float64]time.Duration{0.01: time.Millisecond, 0.5: 50 * time.Millisecond, 0.9: 90 * time.Millisecond, 0.99: 99 * time.Millisecond, 1: 100 * time.Millisecond} {
		got := l.Quantile(part)
		assert.GreaterOrEqual(t, got, want, "%v", part)
		assert.LessOrEqual(t, float64(got), float64(want)*1.25, "%v", part)
	}
	assert.Equal(t, int64(33), l.Within(1<<25), "33.5 ms")

	both := l.Plus(used(time.Hour, 2*time.Millisecond).Latency())
	assert.Equal(t, int64(102), both.Calls)
	assert.Equal(t, time.Hour, both.Max)
	assert.Equal(t, time.Hour, both.Quantile(1))
	assert.Equal(t, int64(34), both.Within(1<<25))

	assert.Equal(t, Latency{}, new(Usage).Latency())
	assert.Zero(t, Latency{}.Quantile(0.5))
	assert.Zero(t, Latency{}.Mean())

	data, err := json.Marshal(both)
	require.NoError(t, err)
	var again Latency
	require.NoError(t, json.Unmarshal(data, &again))
	assert.Equal(t, both.Quantile(0.5), again.Quantile(0.5))
	assert.Equal(t, both.Quantile(1), again.Quantile(1))
	assert.Equal(t, both.Sum, again.Sum)
}

// TestEndSince: a call counts as every other, and besides by how long it took.
func TestEndSince(t *testing.T) {
	var u Usage
	began := Now()
	require.NoError(t, u.Begin())
	u.EndSince(began, nil)
	assert.Equal(t, int64(1), u.Calls())
	assert.Zero(t, u.Running())
	l := u.Latency()
	assert.Equal(t, int64(1), l.Calls)
	assert.LessOrEqual(t, l.Max, time.Duration(Now()-began))
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		began := Now()
		_ = u.Begin()
		u.EndSince(began, nil)
	}))
}

// BenchmarkTimed is what counting and timing a call costs.
func BenchmarkTimed(b *testing.B) {
	var u Usage
	for b.Loop() {
		began := Now()
		_ = u.Begin()
		u.EndSince(began, nil)
	}
}
