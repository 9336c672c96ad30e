package event

import (
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Trace returns a sink that writes each event as a line of JSON: "time", "event" with the event's
// type in lower case, and the event's fields by their names in lower case. Durations are in
// seconds, sizes in bytes, errors are their texts. Each line is one call of w.Write; errors of it
// are ignored.
func Trace(w io.Writer) Sink {
	var mu sync.Mutex
	return func(e Event) {
		line, err := json.Marshal(traced(e, time.Now()))
		if err != nil {
			return // no event holds what has no JSON form
		}
		mu.Lock()
		defer mu.Unlock()
		_, _ = w.Write(append(line, '\n'))
	}
}

func traced(e Event, now time.Time) map[string]any {
	v := reflect.ValueOf(e)
	fields := map[string]any{"time": now, "event": strings.ToLower(v.Type().Name())}
	for field, value := range v.Fields() {
		switch value := value.Interface().(type) {
		case error:
			fields[strings.ToLower(field.Name)] = value.Error()
		case time.Duration:
			fields[strings.ToLower(field.Name)] = value.Seconds()
		default:
			fields[strings.ToLower(field.Name)] = value
		}
	}
	return fields
}
