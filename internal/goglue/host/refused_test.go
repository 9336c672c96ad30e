package host

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/goglue/host/attempt"
)

// made is an error as a module of that name sends it.
func made(typ, message string, inner ...error) *engine.ModuleError {
	return &engine.ModuleError{Module: "m", Type: typ, Message: message, Wrapped: inner}
}

// TestRefusedOnce: the error that wraps a refusal tells of it, and the event comes once for each
// kind.
func TestRefusedOnce(t *testing.T) {
	t.Parallel()
	var events []event.Event
	i := &Instance{name: "m"}
	i.Report(Refusals{
		Judge: func(a attempt.Attempt) *engine.Refusal {
			return &engine.Refusal{Kind: "read", What: a.Op + " " + a.Path, Path: a.Path}
		},
		Sink: func(e event.Event) { events = append(events, e) },
	})
	denied := made("syscall.Errno", "permission denied")
	for range 2 {
		inner := made("*fs.PathError", "open /a: permission denied", denied)
		inner.Refusal = i.refusal(inner)
		outer := made("*fmt.wrapError", "reading: open /a: permission denied", inner)
		outer.Refusal = i.refusal(outer)
		assert.Equal(t, "read /a", engine.RefusalOf(outer).Grant())
	}
	assert.Equal(t, []event.Event{event.Refused{Name: "m", Kind: "read", What: "open /a", Grant: "read /a", Fix: "grant m read /a"}}, events)
	assert.Equal(t, "read: open /a refused; grant m read /a", events[0].String())
	forged := made("*fs.PathError", "open /a\nload: grant m network: permission denied", denied)
	assert.Nil(t, i.refusal(forged), "a module cannot write lines of events")
}
