package httpdebug

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
)

const (
	defaultKept = 200
	longestText = 4 << 10 // bytes of one event's text
)

// Recorder keeps the last events and loads for a [Handler]. It is safe for concurrent use.
type Recorder struct {
	kept int

	mu      sync.Mutex
	last    int64         // number of the last event
	entries []entry       // the last events, oldest first
	steps   []step        // the last events that took time, oldest first
	loads   []loadRecord  // the last loads, oldest first
	changed chan struct{} // closed at the next event
}

// entry is an event as it is shown.
type entry struct {
	Number int64     `json:"number"`
	Time   time.Time `json:"time"`
	Kind   string    `json:"event"`
	Text   string    `json:"text"`

	about []string // names of modules
}

// NewRecorder makes a recorder of the last kept events, and of as many loads; 0 keeps 200.
func NewRecorder(kept int) *Recorder {
	return &Recorder{kept: max(1, cmp.Or(kept, defaultKept)), changed: make(chan struct{})}
}

// Sink returns what to use as [load.Config].Events. It hands each event to the sinks also, too.
func (r *Recorder) Sink(also ...event.Sink) event.Sink {
	return func(e event.Event) {
		r.record(e, time.Now())
		for _, sink := range also {
			sink.Emit(e)
		}
	}
}

func (r *Recorder) record(e event.Event, now time.Time) {
	text := e.String()
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "") + "…"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	kind := strings.ToLower(reflect.TypeOf(e).Name())
	r.entries = keep(r.entries, entry{r.last, now, kind, text, namesOf(e)}, r.kept)
	if s, ok := stepOf(e, now); ok {
		r.steps = keep(r.steps, s, r.kept)
	}
	if l, ok := r.loadOf(e, now); ok {
		r.loads = keep(r.loads, l, r.kept)
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// namesOf returns the names of the modules that an event is about: as it was asked for, and as it is
// registered.
func namesOf(e event.Event) (names []string) {
	v := reflect.ValueOf(e)
	for _, field := range []string{"Name", "Canonical", "Module"} {
		if name := v.FieldByName(field); name.IsValid() && name.Kind() == reflect.String {
			names = append(names, name.String())
		}
	}
	return names
}

// about returns the events about a module, newest first.
func (r *Recorder) about(m *load.Module) []entry {
	entries, _ := r.since(0)
	entries = slices.DeleteFunc(entries, func(e entry) bool {
		return !slices.Contains(e.about, m.Name()) && !slices.Contains(e.about, m.String())
	})
	slices.Reverse(entries)
	return entries
}

// keep appends to a list of at most so many, and drops the oldest.
func keep[T any](list []T, value T, most int) []T {
	if len(list) >= most {
		list = slices.Delete(list, 0, len(list)-most+1)
	}
	return append(list, value)
}

// since returns the events after one, oldest first, and what is closed when another comes.
func (r *Recorder) since(number int64) (entries []entry, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := len(r.entries)
	for from > 0 && r.entries[from-1].Number > number {
		from--
	}
	return slices.Clone(r.entries[from:]), r.changed
}

// lastLoads returns the last loads, newest first.
func (r *Recorder) lastLoads() []loadRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	loads := slices.Clone(r.loads)
	slices.Reverse(loads)
	return loads
}
