package loadtest

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load/event"
)

// Events keeps what a loader or an engine tells. The zero value is ready; it is safe for concurrent
// use.
type Events struct {
	mu   sync.Mutex
	list []event.Event
}

// Sink keeps an event.
func (e *Events) Sink(told event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, told)
}

// All returns the events so far, in order. The caller owns the list.
func (e *Events) All() []event.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]event.Event(nil), e.list...)
}

// Kinds returns the names of the events' types, in order.
func (e *Events) Kinds() []string {
	var kinds []string
	for _, told := range e.All() {
		kinds = append(kinds, reflect.TypeOf(told).Name())
	}
	return kinds
}

// Wait waits up to a minute for an event that satisfies the condition, and ends the test if none
// comes; what names the event in the message.
func (e *Events) Wait(t testing.TB, what string, condition func(event.Event) bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for _, told := range e.All() {
			if condition(told) {
				return
			}
		}
	}
	t.Fatalf("no event %s in %v", what, e.All())
}

// EventsOf returns the events of one type, in order.
func EventsOf[E event.Event](e *Events) []E {
	var all []E
	for _, told := range e.All() {
		if one, ok := told.(E); ok {
			all = append(all, one)
		}
	}
	return all
}
