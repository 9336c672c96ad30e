package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/event"
)

// The attributes are the same for all events that know them, and durations are seconds.
func TestSlogAttributes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		event event.Event
		want  map[string]any
	}{
		{
			event.Compiled{Name: "m", Engine: "goprocess", Bytes: 7, Took: 1500 * time.Millisecond},
			map[string]any{"msg": "compiled", "level": "DEBUG", "module": "m", "engine": "goprocess", "stage": "compile", "duration": 1.5, "bytes": 7.0, "event": "compiled"},
		},
		{
			event.Loaded{Name: "asked", Canonical: "m", Version: "v1.0.0", Took: time.Second},
			map[string]any{"msg": "loaded", "level": "DEBUG", "name": "asked", "module": "m", "version": "v1.0.0", "stage": "load", "duration": 1.0, "event": "loaded"},
		},
		{
			event.Failed{Name: "m", Err: errors.New("it is broken"), Took: 2 * time.Second},
			map[string]any{"msg": "failed", "level": "ERROR", "module": "m", "stage": "load", "duration": 2.0, "error": "it is broken", "event": "failed"},
		},
		{
			event.Kept{Name: "m", Err: errors.New("it is broken")},
			map[string]any{"msg": "kept", "level": "ERROR", "module": "m", "stage": "reload", "error": "it is broken", "event": "kept"},
		},
		{
			event.Opened{Name: "m", Engine: "gowasm", Isolation: "full", Took: time.Millisecond},
			map[string]any{"msg": "opened", "level": "DEBUG", "module": "m", "engine": "gowasm", "stage": "open", "isolation": "full", "duration": 0.001, "event": "opened"},
		},
		{
			event.Overrun{Name: "m", Symbol: "F", Grace: time.Second},
			map[string]any{"msg": "overrun", "level": "WARN", "module": "m", "symbol": "F", "grace": 1.0, "killed": false, "stage": "run", "event": "overrun"},
		},
		{
			event.Unloaded{Name: "m@v1.0.0", Why: "why"},
			map[string]any{"msg": "unloaded", "level": "DEBUG", "module": "m", "version": "v1.0.0", "stage": "unload", "why": "why", "event": "unloaded"},
		},
	} {
		var b bytes.Buffer
		event.Slog(slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})))(test.event)
		var got map[string]any
		require.NoError(t, json.Unmarshal(b.Bytes(), &got))
		delete(got, "time")
		require.Equal(t, test.want, got)
	}
}
