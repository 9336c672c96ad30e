package load_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
)

// The attributes are the same for all events that know them, and durations are seconds.
func TestSlogAttributes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		event load.Event
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
			event.Failed{Name: "m", Err: errBroken, Took: 2 * time.Second},
			map[string]any{"msg": "failed", "level": "ERROR", "module": "m", "stage": "load", "duration": 2.0, "error": "it is broken", "event": "failed"},
		},
		{
			event.Kept{Name: "m", Err: errBroken},
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

// A duration is a number of seconds in each JSON of the package.
func TestDurationsInJSON(t *testing.T) {
	t.Parallel()
	const d = 1500 * time.Millisecond
	stages := load.Stages{Find: d, Install: 2 * d, Compile: 3 * d, Open: 4 * d, Total: 10 * d}
	data, err := json.Marshal(load.Stats{Stages: stages})
	require.NoError(t, err)
	require.Contains(t, string(data), `"stages":{"find":1.5,"install":3,"compile":4.5,"open":6,"total":15}`)
	var stats load.Stats
	require.NoError(t, json.Unmarshal(data, &stats))
	require.Equal(t, stages, stats.Stages)

	report := load.UnloadReport{Name: "m", Memory: 3, Waited: d, Objects: []engine.HeldObjects{{Type: "T", Count: 1}}}
	for _, v := range []any{report, &report} {
		data, err = json.Marshal(v)
		require.NoError(t, err)
		require.JSONEq(t, `{"name":"m","memory":3,"artifact":0,"waited":1.5,"interrupted":0,"objects":[{"type":"T","count":1,"since":"0001-01-01T00:00:00Z"}]}`, string(data))
	}
	var back load.UnloadReport
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, report, back)

	data, err = json.Marshal(engine.Grants{Network: true, CallTime: d})
	require.NoError(t, err)
	require.JSONEq(t, `{"network":true,"call_time":1.5}`, string(data))
	var grants engine.Grants
	require.NoError(t, json.Unmarshal(data, &grants))
	require.Equal(t, engine.Grants{Network: true, CallTime: d}, grants)
}
