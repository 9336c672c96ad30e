package event_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/stretchr/testify/assert"
)

var events = []event.Event{
	event.Found{Name: "slug", Canonical: "github.com/gosimple/slug", Version: "v1.15.0", Origin: "store"},
	event.Compiled{Name: "github.com/gosimple/slug", Engine: "goprocess", Bytes: 2 << 20, Took: 1234 * time.Millisecond},
	event.Evicted{Name: "github.com/gosimple/slug", Reason: "artifact abc is damaged: it is missing"},
	event.Output{Name: "github.com/gosimple/slug", Stream: "stderr", Line: "hello"},
	event.Failed{Name: "x", Err: &load.LoadError{Chain: []string{"x"}, Err: &load.NotFoundError{Fix: "look elsewhere"}}, Took: 3 * time.Microsecond},
}

func TestPrint(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	sink := event.Print(&b)
	for _, e := range events {
		sink(e)
	}
	want := `load: found slug as github.com/gosimple/slug@v1.15.0 in store
load: compiled github.com/gosimple/slug by goprocess, 2MiB (1.23s)
load: evicted the artifact of github.com/gosimple/slug: artifact abc is damaged: it is missing
load: github.com/gosimple/slug stderr: hello
load: failed after 3µs: load x: not found
load: 	look elsewhere
`
	assert.Equal(t, want, b.String())
}

func TestSlog(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	sink := event.Slog(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for _, e := range events {
		sink(e)
	}
	var got []string
	for line := range strings.Lines(b.String()) {
		_, line, _ = strings.Cut(line, "level=")
		level, _, _ := strings.Cut(line, " ")
		_, event, _ := strings.Cut(line, "event=")
		got = append(got, level+" "+strings.TrimSpace(event))
	}
	want := "DEBUG found, DEBUG compiled, WARN evicted, INFO output, ERROR failed"
	assert.Equal(t, want, strings.Join(got, ", "))
}
