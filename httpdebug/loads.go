package httpdebug

import (
	"fmt"
	"strings"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/seconds"
)

// step is a part of a load.
type step struct {
	What       string // "find", "resolve", "download", "install", "compile", "verify", "open", "wait"
	Of         string // file of a download, "" for the other steps
	Start, End time.Time

	name      string // of the module, as the event has it
	canonical string // what name was found as, for "find"
}

// loadRecord is a load that ended.
type loadRecord struct {
	Name       string    // as it was asked for
	Module     string    // what was loaded, with its version; "" where the load failed
	Err        string    // "" where it did not fail
	Start, End time.Time // End is when the event came
	Steps      []step
}

// stepOf returns the part of a load that an event tells of, if it is one that takes time.
func stepOf(e event.Event, now time.Time) (step, bool) {
	since := func(took time.Duration) time.Time { return now.Add(-took) }
	switch e := e.(type) {
	case event.Found:
		return step{What: "find", Start: since(e.Took), End: now, name: e.Name, canonical: e.Canonical}, true
	case event.Resolved:
		return step{What: "resolve", Start: since(e.Took), End: now, name: e.Name}, true
	case event.Downloaded:
		of := e.Module + phrase.Version(e.Version) + " " + e.File
		return step{What: "download", Of: of, Start: since(e.Took), End: now}, true
	case event.Installed:
		return step{What: "install", Start: since(e.Took), End: now, name: e.Name}, true
	case event.Compiled:
		return step{What: "compile", Start: since(e.Took), End: now, name: e.Name}, true
	case event.Verified:
		return step{What: "verify", Of: e.What, Start: since(e.Took), End: now, name: e.Name}, true
	case event.Waited:
		return step{What: "wait", Of: e.Lock, Start: since(e.Took), End: now}, true
	case event.Opened:
		return step{What: "open", Start: since(e.Took), End: now, name: e.Name}, true
	}
	return step{}, false
}

// loadOf returns the load that an event ends, with its steps: those of its name since the last load
// of that name. What has another name, or none as downloads have, counts where it came while the
// load ran, even where another load wanted it.
func (r *Recorder) loadOf(e event.Event, now time.Time) (loadRecord, bool) {
	var l loadRecord
	var canonical string
	switch e := e.(type) {
	case event.Loaded:
		canonical = e.Canonical
		l = loadRecord{Name: e.Name, Module: e.Canonical + phrase.Version(e.Version), Start: now.Add(-e.Took), End: now}
	case event.Failed:
		l = loadRecord{Name: e.Name, Err: e.Err.Error(), Start: now.Add(-e.Took), End: now}
	default:
		return l, false
	}
	var before time.Time // when the last load of the name ended
	for _, other := range r.loads {
		if other.Name == l.Name {
			before = other.End
		}
	}
	for _, s := range r.steps {
		since := l.Start
		if s.name == l.Name {
			since = before // events are told late, so a short step may seem to end before Start
		}
		if s.End.Before(since) {
			continue
		}
		if canonical == "" && s.name == l.Name {
			canonical = s.canonical // of a load that failed after its module was found
		}
		if s.name == "" || s.name == l.Name || s.name == canonical {
			l.Steps = append(l.Steps, s)
		}
	}
	return l, true
}

// loadJSON is how a load is written in JSON; "at" and "took" are seconds.
type loadJSON struct {
	Name   string          `json:"name"`
	Module string          `json:"module,omitempty"`
	Error  string          `json:"error,omitempty"`
	Start  time.Time       `json:"start"`
	Took   seconds.Seconds `json:"took"`
	Steps  []stepJSON      `json:"steps"`
}

type stepJSON struct {
	What string          `json:"what"`
	Of   string          `json:"of,omitempty"`
	At   seconds.Seconds `json:"at"` // after the load began
	Took seconds.Seconds `json:"took"`
}

func (l loadRecord) json() loadJSON {
	out := loadJSON{Name: l.Name, Module: l.Module, Error: l.Err, Start: l.Start, Took: seconds.Seconds(l.Took()), Steps: []stepJSON{}}
	for _, s := range l.Steps {
		out.Steps = append(out.Steps, stepJSON{s.What, s.Of, seconds.Seconds(l.at(s)), seconds.Seconds(s.Took())})
	}
	return out
}

// Took is how long the load took.
func (l loadRecord) Took() time.Duration { return l.End.Sub(l.Start) }

// Took is how long the step took.
func (s step) Took() time.Duration { return s.End.Sub(s.Start) }

// at is when a step began, after the load began.
func (l loadRecord) at(s step) time.Duration { return max(0, s.Start.Sub(l.Start)) }

// Bar is where a step lies in the load's bar: left end and width in percent.
func (l loadRecord) Bar(s step) [2]string {
	total := max(l.Took(), 1)
	percent := func(d time.Duration) float64 { return min(100, 100*float64(d)/float64(total)) }
	left := percent(l.at(s))
	width := max(0.5, min(percent(s.Took()), 100-left))
	return [2]string{fmt.Sprintf("%.2f%%", min(left, 99.5)), fmt.Sprintf("%.2f%%", width)}
}

// Label is what the step is called.
func (s step) Label() string { return strings.TrimSpace(s.What + " " + s.Of) }
