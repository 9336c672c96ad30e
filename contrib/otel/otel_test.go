package otel_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/loadgo/load"
	"github.com/loadgo/load/contrib/otel"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
)

// world is a loader with telemetry that stays here.
func world(t *testing.T) (*load.Loader, *otel.Telemetry, *tracetest.InMemoryExporter, *metric.ManualReader) {
	t.Helper()
	exporter, reader := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	telemetry, err := otel.New(otel.Options{
		Tracer: trace.NewTracerProvider(trace.WithSyncer(exporter)),
		Meter:  metric.NewMeterProvider(metric.WithReader(reader)),
	})
	require.NoError(t, err)
	l, err := load.New(load.Config{Path: find.Path{builtin.New()}, Engines: []engine.Engine{native.New()}, Events: telemetry.Sink()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	return l, telemetry, exporter, reader
}

// TestLoad: a load is a span with its steps below it, and one that fails has the error.
func TestLoad(t *testing.T) {
	t.Parallel()
	l, _, exporter, _ := world(t)
	require.NoError(t, l.Register("greet", map[string]any{"Hello": func() string { return "hello" }}))
	_, err := l.Load(t.Context(), "greet")
	require.NoError(t, err)
	spans := make(map[string]tracetest.SpanStub)
	for _, span := range exporter.GetSpans() {
		spans[span.Name] = span
	}
	root := spans["load greet"]
	require.True(t, root.SpanContext.IsValid(), "%v", spans)
	for _, name := range []string{"find", "open"} {
		part := spans[name]
		require.True(t, part.SpanContext.IsValid(), name)
		assert.Equal(t, root.SpanContext.SpanID(), part.Parent.SpanID(), name)
		assert.False(t, part.StartTime.Before(root.StartTime), name)
		assert.False(t, part.EndTime.After(root.EndTime), name)
	}
	exporter.Reset()
	_, err = l.Load(t.Context(), "gone")
	require.Error(t, err)
	failed := exporter.GetSpans()
	require.Len(t, failed, 1)
	assert.Equal(t, "load gone", failed[0].Name)
	assert.Equal(t, codes.Error, failed[0].Status.Code)
	require.Len(t, failed[0].Events, 1)
}

// TestDownloads: a download belongs to the load that it came in, and to one only.
func TestDownloads(t *testing.T) {
	t.Parallel()
	_, telemetry, exporter, _ := world(t)
	sink := telemetry.Sink()
	sink.Emit(event.Downloaded{Module: "example.com/a", Version: "v1.0.0", File: "zip", Bytes: 3, Took: time.Millisecond})
	sink.Emit(event.Loaded{Name: "a", Canonical: "example.com/a", Took: time.Minute})
	sink.Emit(event.Loaded{Name: "b", Canonical: "example.com/b", Took: time.Minute})
	var names []string
	for _, span := range exporter.GetSpans() {
		names = append(names, span.Name)
	}
	assert.Equal(t, []string{"download", "load a", "load b"}, names)
}

// TestFigures: the modules' figures are read when they are wanted, until nobody wants them.
func TestFigures(t *testing.T) {
	t.Parallel()
	l, telemetry, _, reader := world(t)
	stop, err := telemetry.Observe(l)
	require.NoError(t, err)
	require.NoError(t, l.Register("greet", map[string]any{"Hello": func() string { return "hello" }}))
	m, err := l.Load(t.Context(), "greet")
	require.NoError(t, err)
	_, err = m.Call(t.Context(), "Hello")
	require.NoError(t, err)
	read := func() map[string]int64 {
		var all metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &all))
		figures := make(map[string]int64)
		for _, scope := range all.ScopeMetrics {
			for _, one := range scope.Metrics {
				sum, ok := one.Data.(metricdata.Sum[int64])
				require.True(t, ok, one.Name)
				for _, point := range sum.DataPoints {
					figures[one.Name] += point.Value
				}
			}
		}
		return figures
	}
	figures := read()
	assert.EqualValues(t, 1, figures["load.modules"])
	assert.EqualValues(t, 1, figures["load.module.calls"])
	assert.Contains(t, figures, "load.module.running")
	assert.NotContains(t, figures, "load.module.memory", "native modules share the host's memory")
	assert.Positive(t, figures["load.events"])
	require.NoError(t, stop())
	assert.NotContains(t, read(), "load.modules")
}

// TestDurations: how long calls took is a histogram of the reader that has the Durations, while the
// loader is observed.
func TestDurations(t *testing.T) {
	t.Parallel()
	durations := new(otel.Durations)
	reader := metric.NewManualReader(metric.WithProducer(durations))
	telemetry, err := otel.New(otel.Options{
		Tracer: trace.NewTracerProvider(), Meter: metric.NewMeterProvider(metric.WithReader(reader)), Durations: durations,
	})
	require.NoError(t, err)
	l, err := load.New(load.Config{Path: find.Path{builtin.New()}, Engines: []engine.Engine{native.New()}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	require.NoError(t, l.Register("greet", map[string]any{"Hello": func() string { return "hello" }}))
	m, err := l.Load(t.Context(), "greet")
	require.NoError(t, err)
	read := func() []metricdata.HistogramDataPoint[float64] {
		var all metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &all))
		for _, scope := range all.ScopeMetrics {
			for _, one := range scope.Metrics {
				if one.Name == "load.module.call.duration" {
					assert.Equal(t, "s", one.Unit)
					return one.Data.(metricdata.Histogram[float64]).DataPoints
				}
			}
		}
		return nil
	}
	stop, err := telemetry.Observe(l)
	require.NoError(t, err)
	assert.Empty(t, read(), "nothing was called")
	for range 3 {
		_, err = m.Call(t.Context(), "Hello")
		require.NoError(t, err)
	}
	points := read()
	require.Len(t, points, 1)
	p, want := points[0], m.Stats().Latency
	name, _ := p.Attributes.Value("load.module")
	assert.Equal(t, "greet", name.AsString())
	assert.EqualValues(t, 3, p.Count)
	assert.Equal(t, want.Sum.Seconds(), p.Sum)
	assert.Equal(t, m.Stats().Loaded, p.StartTime)
	require.Len(t, p.BucketCounts, len(p.Bounds)+1)
	within := int64(0)
	for i, bound := range p.Bounds {
		within += int64(p.BucketCounts[i])
		assert.Equal(t, want.Within(time.Duration(bound*1e9)), within, "%v", bound)
	}
	assert.EqualValues(t, 3, within+int64(p.BucketCounts[len(p.Bounds)]))
	require.NoError(t, stop())
	assert.Empty(t, read())
}
