package otel

import (
	"context"
	"reflect"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
)

// Options say where spans and figures go.
type Options struct {
	Tracer trace.TracerProvider // nil is the global one
	Meter  metric.MeterProvider // nil is the global one

	// Durations, if not nil, tells how long the calls took of what [Telemetry.Observe] observes.
	Durations *Durations
}

// Telemetry makes spans and figures of one loader. It is safe for concurrent use.
type Telemetry struct {
	spans  spans
	meter  metric.Meter
	events metric.Int64Counter
	calls  *Durations
}

const scope = "github.com/loadgo/load"

// New returns telemetry of nothing yet.
func New(o Options) (*Telemetry, error) {
	if o.Tracer == nil {
		o.Tracer = otel.GetTracerProvider()
	}
	if o.Meter == nil {
		o.Meter = otel.GetMeterProvider()
	}
	t := &Telemetry{spans: spans{tracer: o.Tracer.Tracer(scope)}, meter: o.Meter.Meter(scope), calls: o.Durations}
	var err error
	t.events, err = t.meter.Int64Counter("load.events", metric.WithDescription("Events by their kind."))
	return t, err
}

// Sink returns what to use as [load.Config].Events. It hands each event to the sinks also, too.
func (t *Telemetry) Sink(also ...event.Sink) event.Sink {
	return func(e event.Event) {
		kind := strings.ToLower(reflect.TypeOf(e).Name())
		t.events.Add(context.Background(), 1, metric.WithAttributes(attribute.String("load.event", kind)))
		t.spans.take(e, time.Now())
		for _, sink := range also {
			sink.Emit(e)
		}
	}
}

// key is what the series of modules differ by.
type key struct{ name, version, engine string }

func (k key) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("load.module", k.name), attribute.String("load.version", k.version), attribute.String("load.engine", k.engine)}
}

// figures are those of the modules of one key.
type figures struct {
	calls, errors, running, objects, memory int64
	measured                                bool // the engine reports the memory
}

// Observe tells the figures of what the loader runs, whenever they are read, until stop is called.
// Calls and errors of a module begin at 0 again with each new instance, as counters may.
func (t *Telemetry) Observe(l *load.Loader) (stop func() error, err error) {
	var failed error
	gauge := func(name, unit, help string) metric.Int64ObservableUpDownCounter {
		made, err := t.meter.Int64ObservableUpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(help))
		if err != nil {
			failed = err
		}
		return made
	}
	counter := func(name, unit, help string) metric.Int64ObservableCounter {
		made, err := t.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(help))
		if err != nil {
			failed = err
		}
		return made
	}
	modules := gauge("load.modules", "{module}", "Modules that run.")
	calls := counter("load.module.calls", "{call}", "Calls of the module that ended.")
	errors := counter("load.module.errors", "{call}", "Calls that ended by a panic, a crash, a cancellation or a limit.")
	running := gauge("load.module.running", "{call}", "Calls that run now.")
	objects := gauge("load.module.objects", "{object}", "Objects of the module that the host holds.")
	memory := gauge("load.module.memory", "By", "Memory of the module, where its engine reports it.")
	if failed != nil {
		return nil, failed
	}
	registration, err := t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		info := l.Info()
		o.ObserveInt64(modules, int64(len(info.Modules)))
		sums := make(map[key]figures)
		for _, m := range info.Modules {
			k := key{m.Name, m.Version, m.Engine}
			sum := sums[k]
			sum.calls += m.Stats.Calls
			sum.errors += m.Stats.Errors
			sum.running += int64(m.Stats.Running)
			sum.objects += int64(m.Stats.Objects)
			sum.memory += m.Stats.Memory.Now
			sum.measured = sum.measured || m.Stats.Memory.From != ""
			sums[k] = sum
		}
		for k, sum := range sums {
			attributes := metric.WithAttributes(k.attributes()...)
			o.ObserveInt64(calls, sum.calls, attributes)
			o.ObserveInt64(errors, sum.errors, attributes)
			o.ObserveInt64(running, sum.running, attributes)
			o.ObserveInt64(objects, sum.objects, attributes)
			if sum.measured {
				o.ObserveInt64(memory, sum.memory, attributes)
			}
		}
		return nil
	}, modules, calls, errors, running, objects, memory)
	if err != nil {
		return nil, err
	}
	t.calls.observe(l, true)
	return func() error {
		t.calls.observe(l, false)
		return registration.Unregister()
	}, nil
}
