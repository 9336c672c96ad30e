package otel

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
)

// Durations tells how long calls took, as the histogram load.module.call.duration in seconds, with
// buckets from a microsecond to 17 seconds. Give it to [Options], and to the reader of metrics,
// since OpenTelemetry's instruments cannot hand on a histogram that somebody else counted:
//
//	durations := new(otel.Durations)
//	reader := metric.NewPeriodicReader(exporter, metric.WithProducer(durations))
//
// The zero value has no calls until [Telemetry.Observe]. It is safe for concurrent use. A series
// begins with the oldest of its modules that run; views of the meter provider do not reach it.
type Durations struct {
	mu      sync.Mutex
	loaders map[*load.Loader]bool
}

var _ sdk.Producer = (*Durations)(nil)

// observe adds or removes a loader.
func (d *Durations) observe(l *load.Loader, wanted bool) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loaders == nil {
		d.loaders = make(map[*load.Loader]bool)
	}
	if delete(d.loaders, l); wanted {
		d.loaders[l] = true
	}
}

// latency is how long the calls of the modules of one key took.
type latency struct {
	engine.Latency
	since time.Time
}

// Produce implements [sdk.Producer].
func (d *Durations) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	sums := make(map[key]latency)
	d.mu.Lock()
	for l := range d.loaders {
		for _, m := range l.Info().Modules {
			k := key{m.Name, m.Version, m.Engine}
			sum := sums[k]
			sum.Latency = sum.Plus(m.Stats.Latency)
			if sum.since.IsZero() || m.Stats.Loaded.Before(sum.since) {
				sum.since = m.Stats.Loaded
			}
			sums[k] = sum
		}
	}
	d.mu.Unlock()
	now := time.Now()
	var points []metricdata.HistogramDataPoint[float64]
	for k, sum := range sums {
		if sum.Calls > 0 {
			points = append(points, sum.point(k, now))
		}
	}
	if points == nil {
		return nil, nil
	}
	return []metricdata.ScopeMetrics{{Scope: instrumentation.Scope{Name: scope}, Metrics: []metricdata.Metrics{{
		Name: "load.module.call.duration", Unit: "s", Description: "How long calls of the module took, where its engine measures it.",
		Data: metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality, DataPoints: points},
	}}}}, nil
}

// point is a latency as OpenTelemetry has it: each bucket reaches four times as far as the one
// before, by powers of two nanoseconds, within which the classes of a latency are exact.
func (l latency) point(k key, now time.Time) metricdata.HistogramDataPoint[float64] {
	p := metricdata.HistogramDataPoint[float64]{
		Attributes: attribute.NewSet(k.attributes()...), StartTime: l.since, Time: now,
		Count: uint64(l.Calls), Sum: l.Sum.Seconds(), Max: metricdata.NewExtrema(l.Max.Seconds()),
	}
	below := int64(0)
	for power := 10; power <= 34; power += 2 {
		most := time.Duration(1) << power
		within := l.Within(most)
		p.Bounds, p.BucketCounts = append(p.Bounds, most.Seconds()), append(p.BucketCounts, uint64(within-below))
		below = within
	}
	p.BucketCounts = append(p.BucketCounts, uint64(l.Calls-below))
	return p
}
