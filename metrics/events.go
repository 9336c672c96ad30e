package metrics

import (
	"maps"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/seconds"
)

// Events counts events, and sums up the time of those that have one. The zero value is ready to
// use; it is safe for concurrent use.
type Events struct {
	mu    sync.Mutex
	kinds map[string]kind
}

// kind is what there was of one kind of event.
type kind struct {
	Count int64           `json:"count"`
	Took  seconds.Seconds `json:"took"` // all of them together
	timed bool            // events of the kind have a time
}

// Sink returns what to use as [load.Config].Events. It hands each event to the sinks also, too.
func (c *Events) Sink(also ...event.Sink) event.Sink {
	return func(e event.Event) {
		c.count(e)
		for _, sink := range also {
			sink.Emit(e)
		}
	}
}

func (c *Events) count(e event.Event) {
	v := reflect.ValueOf(e)
	name := strings.ToLower(v.Type().Name())
	took := v.FieldByName("Took")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kinds == nil {
		c.kinds = make(map[string]kind)
	}
	k := c.kinds[name]
	k.Count++
	if k.timed = took.IsValid(); k.timed {
		k.Took += seconds.Seconds(took.Interface().(time.Duration))
	}
	c.kinds[name] = k
}

// all returns what there was of each kind by now.
func (c *Events) all() map[string]kind {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.kinds)
}
