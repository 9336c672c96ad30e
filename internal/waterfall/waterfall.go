// Package waterfall shows where the time of loads went, from the events that a trace holds.
package waterfall

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/seconds"
)

// Span is a step of a load that took time.
type Span struct {
	what, subject string
	start         time.Time
	took          time.Duration
	fields        map[string]any
	lane          int // of those that it does not share with a span of the same time
}

// MarshalJSON writes what the step was, with its start and the seconds that it took.
func (s Span) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Event   string          `json:"event"`
		Subject string          `json:"subject"`
		Start   time.Time       `json:"start"`
		Took    seconds.Seconds `json:"took"`
	}{s.what, s.subject, s.start, seconds.Seconds(s.took)})
}

func (s Span) end() time.Time { return s.start.Add(s.took) }

// Read reads the steps of a trace, lines of JSON as event.Trace writes them, in the order in which
// they began.
func Read(r io.Reader) ([]Span, error) {
	spans := []Span{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		var event struct {
			Event, Name, Module, Version, Canonical, File, What, Lock string
			Time                                                      time.Time
			Took                                                      float64
		}
		fields := map[string]any{}
		err := json.Unmarshal(lines.Bytes(), &event)
		if err == nil {
			err = json.Unmarshal(lines.Bytes(), &fields)
		}
		if err != nil || event.Event == "" || event.Time.IsZero() {
			return nil, fmt.Errorf("line %d is no event of a load: LOAD_TRACE=FILE writes such a file", n)
		}
		if event.Took <= 0 {
			continue
		}
		took := time.Duration(event.Took * float64(time.Second))
		s := Span{what: event.Event, subject: cmp.Or(event.Canonical, event.Name, event.Module, event.Lock), start: event.Time.Add(-took), took: took, fields: fields}
		switch event.Event {
		case "downloaded":
			s.subject = strings.TrimSpace(event.Module + phrase.Version(event.Version) + " " + event.File)
		case "verified":
			s.subject += " " + event.What
		}
		spans = append(spans, s)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(spans, func(a, b Span) int {
		return cmp.Or(a.start.Compare(b.start), cmp.Compare(b.took, a.took))
	})
	setLanes(spans)
	return spans, nil
}

// setLanes gives each span the first lane in which no other one runs.
func setLanes(spans []Span) {
	var ends []time.Time
	for i, s := range spans {
		lane := slices.IndexFunc(ends, func(end time.Time) bool { return !end.After(s.start) })
		if lane < 0 {
			lane = len(ends)
			ends = append(ends, time.Time{})
		}
		ends[lane], spans[i].lane = s.end(), lane
	}
}

// The columns of a waterfall, of 80.
const (
	whatWidth    = 10
	subjectWidth = 34
	barWidth     = 24
)

// Write writes a line of 80 columns for each span.
func Write(w io.Writer, spans []Span) error {
	if len(spans) == 0 {
		_, err := fmt.Fprintln(w, "nothing in it took time")
		return err
	}
	first, last := spans[0].start, spans[0].end()
	for _, s := range spans {
		if s.end().After(last) {
			last = s.end()
		}
	}
	whole := max(last.Sub(first), 1)
	column := func(t time.Time) int { return int(int64(barWidth) * int64(t.Sub(first)) / int64(whole)) }
	for _, s := range spans {
		from := min(column(s.start), barWidth-1)
		bar := strings.Repeat(" ", from) + strings.Repeat("█", max(column(s.end())-from, 1))
		_, err := fmt.Fprintf(w, "%-*s %s %s %9s\n", whatWidth, s.what, fitted(s.subject, subjectWidth), fitted(bar, barWidth), quantity.Took(s.took))
		if err != nil {
			return err
		}
	}
	return nil
}

// fitted is a text of exactly so many characters; the end of a longer one tells the most.
func fitted(text string, width int) string {
	if n := utf8.RuneCountInString(text); n <= width {
		return text + strings.Repeat(" ", width-n)
	}
	runes := []rune(text)
	return "…" + string(runes[len(runes)-width+1:])
}

// WriteChrome writes complete events of the Trace Event Format, in microseconds, as
// chrome://tracing and Perfetto read them.
func WriteChrome(w io.Writer, spans []Span) error {
	type event struct {
		Name     string         `json:"name"`
		Category string         `json:"cat"`
		Phase    string         `json:"ph"`
		Start    int64          `json:"ts"`
		Took     int64          `json:"dur"`
		Process  int            `json:"pid"`
		Thread   int            `json:"tid"`
		Args     map[string]any `json:"args"`
	}
	events := []event{}
	for _, s := range spans {
		events = append(events, event{
			Name: s.what + " " + s.subject, Category: "load", Phase: "X", Start: s.start.UnixMicro(), Took: s.took.Microseconds(), Process: 1, Thread: s.lane, Args: s.fields,
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "\t")
	return encoder.Encode(map[string]any{"traceEvents": events, "displayTimeUnit": "ms"})
}
