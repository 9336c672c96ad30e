package engine

import (
	"cmp"
	"encoding/json"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/internal/seconds"
)

// Began is when a call began, by a clock that never goes back.
type Began int64

// started is where [Began] counts from.
var started = time.Now()

// Now returns the time for [Usage.EndSince].
func Now() Began { return Began(time.Since(started)) }

// Durations fall into classes: four to each power of two nanoseconds, so that the end of a class is
// at most a quarter above its beginning. The last class has everything above nine minutes.
const (
	lowest  = 6                      // 64ns; shorter ones are in the first class
	highest = 39                     // nine minutes
	classes = (highest-lowest)*4 + 2 // with the first and the last
)

// classOf returns the class of a duration.
func classOf(d time.Duration) int {
	if d <= 1<<lowest {
		return 0
	}
	n := uint64(d - 1) // the end of a class belongs to it
	power := bits.Len64(n) - 1
	if power >= highest {
		return classes - 1
	}
	return (power-lowest)*4 + int(n>>(power-2)&3) + 1
}

// endOf returns the longest duration of a class.
func endOf(class int) time.Duration {
	switch class {
	case 0:
		return 1 << lowest
	case classes - 1:
		return math.MaxInt64
	}
	power, quarter := lowest+(class-1)/4, (class-1)%4
	return time.Duration(4+quarter+1) << (power - 2)
}

// histogram counts durations, in 1.1KiB.
type histogram struct {
	sum, max atomic.Int64
	counts   [classes]atomic.Int64
}

func (h *histogram) add(d time.Duration) {
	h.counts[classOf(d)].Add(1)
	h.sum.Add(int64(d))
	for {
		most := h.max.Load()
		if int64(d) <= most || h.max.CompareAndSwap(most, int64(d)) {
			return
		}
	}
}

// EndSince is End for a call whose duration counts: see [Usage.Latency].
func (u *Usage) EndSince(began Began, err error) {
	took := time.Duration(Now() - began)
	h := u.took.Load()
	if h == nil {
		if u.took.CompareAndSwap(nil, new(histogram)) {
			if first := u.first.Load(); first != nil {
				(*first)(took)
			}
		}
		h = u.took.Load()
	}
	h.add(took)
	u.End(err)
}

// OnFirst has f hear how long the first call took that ends by EndSince. It does nothing for no
// usage, and after that call.
func (u *Usage) OnFirst(f func(took time.Duration)) {
	if u != nil {
		u.first.Store(&f)
	}
}

// Latency returns how long the calls took that ended by EndSince.
func (u *Usage) Latency() Latency {
	var l Latency
	h := u.took.Load()
	if h == nil {
		return l
	}
	for class := range h.counts {
		if n := h.counts[class].Load(); n > 0 {
			l.Calls += n
			l.Classes = append(l.Classes, LatencyClass{endOf(class), n})
		}
	}
	l.Sum, l.Max = time.Duration(h.sum.Load()), time.Duration(h.max.Load())
	return l
}

// Latency is how long calls took, at one moment.
type Latency struct {
	Calls    int64
	Sum, Max time.Duration
	Classes  []LatencyClass // those with calls, shortest first
}

// LatencyClass are the calls that took at most so long, and longer than the class before allows.
type LatencyClass struct {
	AtMost time.Duration // of the last class, the longest that there is
	Calls  int64
}

// Quantile returns how long that part of the calls took at most, 0.99 for 99 of 100: up to a
// quarter more than it was. It is 0 if there were no calls.
func (l Latency) Quantile(part float64) time.Duration {
	left := int64(math.Ceil(part * float64(l.Calls)))
	for _, class := range l.Classes {
		if left -= class.Calls; left <= 0 {
			return min(class.AtMost, l.Max)
		}
	}
	return l.Max
}

// Mean returns how long a call took on average, 0 if there were none.
func (l Latency) Mean() time.Duration {
	if l.Calls == 0 {
		return 0
	}
	return l.Sum / time.Duration(l.Calls)
}

// Within returns how many calls took at most so long. It is exact for powers of two nanoseconds.
func (l Latency) Within(d time.Duration) int64 {
	var n int64
	for _, class := range l.Classes {
		if class.AtMost <= d {
			n += class.Calls
		}
	}
	return n
}

// Plus returns the latency of the calls of both.
func (l Latency) Plus(other Latency) Latency {
	sum := Latency{Calls: l.Calls + other.Calls, Sum: l.Sum + other.Sum, Max: max(l.Max, other.Max)}
	all := slices.SortedFunc(slices.Values(slices.Concat(l.Classes, other.Classes)), func(a, b LatencyClass) int { return cmp.Compare(a.AtMost, b.AtMost) })
	for _, class := range all {
		if last := len(sum.Classes) - 1; last >= 0 && sum.Classes[last].AtMost == class.AtMost {
			sum.Classes[last].Calls += class.Calls
		} else {
			sum.Classes = append(sum.Classes, class)
		}
	}
	return sum
}

// latencyJSON is how a [Latency] is written in JSON.
type latencyJSON struct {
	Calls   int64           `json:"calls"`
	Mean    seconds.Seconds `json:"mean"`
	P50     seconds.Seconds `json:"p50"`
	P90     seconds.Seconds `json:"p90"`
	P99     seconds.Seconds `json:"p99"`
	Max     seconds.Seconds `json:"max"`
	Sum     seconds.Seconds `json:"sum"`
	Classes []classJSON     `json:"classes,omitempty"`
}

type classJSON struct {
	AtMost seconds.Seconds `json:"at_most"`
	Calls  int64           `json:"calls"`
}

// MarshalJSON implements [json.Marshaler]: durations in seconds, with the mean and quantiles.
func (l Latency) MarshalJSON() ([]byte, error) {
	out := latencyJSON{
		Calls: l.Calls, Mean: seconds.Seconds(l.Mean()), P50: seconds.Seconds(l.Quantile(0.5)), P90: seconds.Seconds(l.Quantile(0.9)),
		P99: seconds.Seconds(l.Quantile(0.99)), Max: seconds.Seconds(l.Max), Sum: seconds.Seconds(l.Sum),
	}
	for _, class := range l.Classes {
		out.Classes = append(out.Classes, classJSON{seconds.Seconds(min(class.AtMost, l.Max)), class.Calls})
	}
	return json.Marshal(out)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (l *Latency) UnmarshalJSON(data []byte) error {
	var in latencyJSON
	err := json.Unmarshal(data, &in)
	*l = Latency{Calls: in.Calls, Sum: time.Duration(in.Sum), Max: time.Duration(in.Max)}
	for _, class := range in.Classes {
		l.Classes = append(l.Classes, LatencyClass{time.Duration(class.AtMost), class.Calls})
	}
	return err
}
