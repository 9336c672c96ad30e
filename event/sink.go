package event

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/loadgo/load/internal/visible"
)

// Sink receives events. It is called from many goroutines, must not block for long, and must not
// call the loader.
type Sink func(Event)

// Emit sends an event, if the sink is not nil.
func (s Sink) Emit(e Event) {
	if s != nil {
		s(e)
	}
}

// Print returns a sink that writes each event as a line, the verbose mode. Lines are never mixed,
// and control characters of what modules print and of names are escaped.
func Print(w io.Writer) Sink {
	var mu sync.Mutex
	return func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(w, "load: "+strings.ReplaceAll(visible.Text(e.String()), "\n", "\nload: "))
	}
}
