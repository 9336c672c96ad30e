package event

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Sink receives events. It is called from many goroutines, must not block for long, and must not call
// the loader.
type Sink func(Event)

// Print returns a sink that writes each event as a line, the verbose mode. Lines are never mixed.
func Print(w io.Writer) Sink {
	var mu sync.Mutex
	return func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(w, "load: "+strings.ReplaceAll(e.String(), "\n", "\nload: "))
	}
}

type sinkKey struct{}

// WithSink returns a context whose events go to sink; a nil sink drops them. The loader hands finders,
// installers and engines a context that leads to [load.Config].Events.
func WithSink(ctx context.Context, sink Sink) context.Context {
	return context.WithValue(ctx, sinkKey{}, sink)
}

// Emit sends an event to the context's sink. Finders, installers and engines call it.
func Emit(ctx context.Context, e Event) {
	if sink := SinkOf(ctx); sink != nil {
		sink(e)
	}
}

// SinkOf returns the context's sink, or nil. An engine keeps it for events that come after Open.
func SinkOf(ctx context.Context) Sink {
	sink, _ := ctx.Value(sinkKey{}).(Sink)
	return sink
}
