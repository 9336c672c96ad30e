// Package inflight bounds the memory of the host that the messages of a module take.
package inflight

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/budget"
	"github.com/loadgo/load/internal/wire"
)

// DefaultInFlight is how much memory of the host the messages of a module may take, where nobody
// says otherwise.
const DefaultInFlight = 256 << 20

// Memory is the memory of the host that messages of the module may take until they are dealt
// with.
type Memory struct {
	results, calls *budget.Budget
	outgoing       *budget.Budget
	setting        string // what allows more
	MaxMessage     int    // bytes of the arguments or of the results of a call
}

// Limits bound what crosses.
type Limits struct {
	Message  int    // bytes of the arguments or of the results of a call; 0 is [wire.MaxMessage]
	InFlight int    // bytes of the host's memory for each kind of messages; 0 is DefaultInFlight
	Setting  string // what sets InFlight: "goprocess.Config.MaxInFlight"
}

// NewMemory returns the memory within the limits.
func NewMemory(l Limits) *Memory {
	max := cmp.Or(l.InFlight, DefaultInFlight)
	return &Memory{
		results: budget.New(max), calls: budget.New(max), outgoing: budget.New(max), setting: l.Setting,
		MaxMessage: cmp.Or(l.Message, wire.MaxMessage),
	}
}

// Results is the memory that answers of the module take until they are decoded.
func (m *Memory) Results() *budget.Budget { return m.results }

// HostCalls is the memory that the arguments of the module's calls of the host take until the
// host's function has returned.
func (m *Memory) HostCalls() *budget.Budget { return m.calls }

// Outgoing is the memory that messages to the module take until they are written.
func (m *Memory) Outgoing() *budget.Budget { return m.outgoing }

// Explained is the text of an error with what to do about it.
func Explained(err error) string {
	var limit *engine.LimitError
	if errors.As(err, &limit) {
		return err.Error() + "; " + limit.Fix
	}
	return err.Error()
}

// TooMuch explains the error of a decoder that may not use so much memory; other errors stay as
// they are.
func (m *Memory) TooMuch(err error) error {
	if !errors.Is(err, wire.ErrMemory) {
		return err
	}
	return m.limit("its values take more of the host's memory than %d times their message and what is left of %s", wire.RoomFactor, wire.Size(m.calls.Max()))
}

// limit is the error of a bound that was met.
func (m *Memory) limit(format string, args ...any) error {
	return &engine.LimitError{Reason: fmt.Sprintf(format, args...), Fix: "set " + m.setting + " to allow more"}
}

// Refusal is the text for a call of the host that finds no room for its arguments.
func (m *Memory) Refusal() string {
	return Explained(m.limit("the calls of the host in flight take %s of its memory, and none of them ends", wire.Size(m.calls.Max())))
}
