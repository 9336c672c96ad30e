package otel

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/loadgo/load/event"
)

// maxPending is how many steps wait for the end of their loads. What ends no load, such as an
// installation alone, leaves its steps here until later ones take their place.
const maxPending = 4096

// step is a part of a load.
type step struct {
	what       string
	name       string // of the module, as the event has it; "" of a download
	start, end time.Time
	attributes []attribute.KeyValue
}

// spans makes spans of events.
type spans struct {
	tracer trace.Tracer

	mu        sync.Mutex
	pending   []step            // oldest first
	canonical map[string]string // of the names that were found, until their loads end
}

func (s *spans) take(e event.Event, now time.Time) {
	text := attribute.String
	switch e := e.(type) {
	case event.Found:
		s.found(e)
		s.keep(step{"find", e.Name, now.Add(-e.Took), now, []attribute.KeyValue{text("load.origin", e.Origin)}})
	case event.Resolved:
		s.keep(step{"resolve", e.Name, now.Add(-e.Took), now, []attribute.KeyValue{text("load.version", e.Version), text("load.why", e.Why)}})
	case event.Downloaded:
		s.keep(step{"download", "", now.Add(-e.Took), now, []attribute.KeyValue{
			text("load.module", e.Module), text("load.version", e.Version), text("load.file", e.File), attribute.Int64("load.bytes", e.Bytes),
		}})
	case event.Installed:
		s.keep(step{"install", e.Name, now.Add(-e.Took), now, []attribute.KeyValue{text("load.version", e.Version), attribute.Int("load.modules", e.Modules)}})
	case event.Compiled:
		s.keep(step{"compile", e.Name, now.Add(-e.Took), now, []attribute.KeyValue{text("load.engine", e.Engine), attribute.Int64("load.bytes", e.Bytes)}})
	case event.Verified:
		s.keep(step{"verify", e.Name, now.Add(-e.Took), now, []attribute.KeyValue{text("load.file", e.What), attribute.Int64("load.bytes", e.Bytes)}})
	case event.Waited:
		s.keep(step{"wait", "", now.Add(-e.Took), now, []attribute.KeyValue{text("load.lock", e.Lock)}})
	case event.Opened:
		s.keep(step{"open", e.Name, now.Add(-e.Took), now, []attribute.KeyValue{text("load.engine", e.Engine), text("load.isolation", e.Isolation)}})
	case event.Loaded:
		s.load(e.Name, now.Add(-e.Took), now, nil, text("load.module", e.Canonical), text("load.version", e.Version))
	case event.Failed:
		s.load(e.Name, now.Add(-e.Took), now, e.Err)
	case event.Reloaded:
		_, span := s.tracer.Start(context.Background(), "reload "+e.Name, trace.WithTimestamp(now.Add(-e.Took)),
			trace.WithAttributes(text("load.version", e.Version), attribute.Int("load.modules", e.Modules)))
		span.End(trace.WithTimestamp(now))
	}
}

func (s *spans) found(e event.Found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.canonical == nil || len(s.canonical) >= maxPending {
		s.canonical = make(map[string]string)
	}
	s.canonical[e.Name] = e.Canonical
}

func (s *spans) keep(one step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) >= maxPending {
		s.pending = append(s.pending[:0], s.pending[1:]...)
	}
	s.pending = append(s.pending, one)
}

// load makes the span of a load that has ended, and those of its steps.
func (s *spans) load(name string, start, end time.Time, err error, attributes ...attribute.KeyValue) {
	steps := s.stepsOf(name, start)
	for _, step := range steps {
		if step.start.Before(start) {
			start = step.start // times of events are those at which they were told
		}
	}
	ctx, span := s.tracer.Start(context.Background(), "load "+name, trace.WithTimestamp(start), trace.WithAttributes(attributes...))
	if err != nil {
		span.RecordError(err, trace.WithTimestamp(end))
		span.SetStatus(codes.Error, err.Error())
	}
	for _, step := range steps {
		_, part := s.tracer.Start(ctx, step.what, trace.WithTimestamp(step.start), trace.WithAttributes(step.attributes...))
		part.End(trace.WithTimestamp(step.end))
	}
	span.End(trace.WithTimestamp(end))
}

// stepsOf takes the steps of a load: those of its name, or of the name that it was found as, and
// the downloads that ended while it ran and that no earlier end took.
func (s *spans) stepsOf(name string, start time.Time) []step {
	s.mu.Lock()
	defer s.mu.Unlock()
	canonical := s.canonical[name]
	delete(s.canonical, name)
	var mine, rest []step
	for _, one := range s.pending {
		if one.name == name || one.name != "" && one.name == canonical || one.name == "" && !one.end.Before(start) {
			mine = append(mine, one)
		} else {
			rest = append(rest, one)
		}
	}
	s.pending = rest
	return mine
}
